import { ApiError, closedAlarms, conditions, patients } from "./api";
import { Newest } from "./newest";
import type { Alarm } from "./protocol";
import type { Ward } from "./ward.svelte";

/** After a failure, ms. */
const RETRY = 5000;
const CLOSED_EVERY = 300_000;
const DAY = 86_400_000;

/** What the ward asks the server beside its link: who is there, what is over, and what alarms can be about. */
export class Lookups {
  #newest = new Newest();
  #censusDue = Infinity;
  #closedDue = 0;
  #conditionsDue = 0;

  constructor(
    readonly ward: Ward,
    /** Monotonic time, and the server's, ms. */
    readonly now: () => number,
    readonly serverNow: () => number,
    /** The session has ended. */
    readonly ended: () => void,
  ) {}

  /** Asks for what is due. */
  tick(): void {
    const now = this.now();
    if (now >= this.#conditionsDue) void this.#conditions();
    if (now >= this.#censusDue) void this.census();
    if (now >= this.#closedDue && this.ward.link.state === "live") void this.#closed();
  }

  /** What closed while the link was away is asked for with the next tick. */
  resume(): void {
    void this.census();
    this.#closedDue = 0;
  }

  async census(): Promise<void> {
    this.#censusDue = Infinity;
    const isNews = this.#newest.ask();
    try {
      const found = await patients(this.ward.unit.id);
      if (!isNews()) return;
      this.ward.patients = found;
      this.ward.censusFault = "";
    } catch (err) {
      if (err instanceof ApiError && err.status === 401) this.ended();
      this.ward.censusFault = err instanceof Error ? err.message : String(err);
      this.#censusDue = this.now() + RETRY;
    }
  }

  async #conditions(): Promise<void> {
    this.#conditionsDue = Infinity;
    try {
      this.ward.conditions = await conditions();
    } catch (err) {
      this.#conditionsDue = this.now() + RETRY;
      console.warn("conditions", err);
    }
  }

  async #closed(): Promise<void> {
    this.#closedDue = this.now() + CLOSED_EVERY;
    try {
      this.merge(await closedAlarms(this.ward.unit.id));
    } catch (err) {
      this.#closedDue = this.now() + RETRY;
      console.warn("closed alarms", err);
    }
  }

  /**
   * The closed alarms of the last 24 h, newest first: those that we saw close, and from REST. What comes later says
   * what they were.
   */
  merge(fetched: Alarm[]): void {
    const { ward } = this;
    const all = new Map<string, Alarm>();
    for (const a of [...ward.book.closed(), ...ward.closed, ...fetched]) all.set(a.id, a);
    const horizon = this.serverNow() - DAY;
    ward.closed = [...all.values()]
      .filter((a) => !ward.book.get(a.id) && Date.parse(a.changed) >= horizon)
      .sort((a, b) => Date.parse(b.changed) - Date.parse(a.changed));
  }
}
