import { SvelteMap } from "svelte/reactivity";
import { detailOf, isUnacked } from "./alarms";
import { elapsed } from "./format";
import type { AckReason, Alarm, Care, ClientFrame, Op, Priority, Result, ResultCode, Wish } from "./protocol";

export interface Toast {
  id: number;
  tone: "neutral" | "error";
  text: string;
}

/** A command without an answer by then is shown as not carried out, ms. */
const ANSWER_WITHIN = 5000;
const TOAST_FOR = 8000;

interface Waiting {
  command: string;
  op: Op;
  /** Of the alarm, or of what is decided about the patient. */
  version: number;
  sent: number;
  /** The server has carried it out; only its event changes the screen. */
  done: boolean;
  /** That event came, or one of somebody who was faster: the answer will tell. */
  seen: boolean;
}

/** What a command that failed did not do. */
const UNDONE: Record<Op, string> = {
  ack: "NOT ACKNOWLEDGED",
  ack_low: "NOT ACKNOWLEDGED",
  unack: "NOT GIVEN BACK",
  snooze: "NOT PUT OFF",
  explain: "NOT NOTED",
  pause: "SOUND NOT CHANGED",
  pause_station: "SOUND NOT CHANGED",
  standby: "NO STANDBY",
  resume: "STANDBY NOT ENDED",
  alarm_off: "ALARM NOT SWITCHED OFF",
  alarm_on: "ALARM NOT SWITCHED ON",
};

export const STATION = "station";

/** What waits for an answer about a patient as a whole. */
export const careKey = (patient: string) => `care ${patient}`;

/**
 * The commands on their way. Nothing changes on the screen before the server's event: an alarm that looks taken,
 * or a sound that looks paused, while it is not would be the worst fault of all.
 */
export class Commands {
  readonly waiting = new SvelteMap<string, Waiting>();
  toasts = $state.raw<Toast[]>([]);
  #expiry = new Map<number, number>();
  #next = 1;

  constructor(
    readonly send: (frame: ClientFrame) => boolean,
    /** Monotonic time, and the server's, ms. */
    readonly now: () => number,
    readonly serverNow: () => number,
    readonly focusRow: (alarm: string) => void,
  ) {}

  /** Sends "I have seen this and take it" for what the person saw. */
  acknowledge(a: Alarm, seenPriority: Priority): void {
    this.#alarm(a, { op: "ack", alarm: a.id, seen_version: a.version, seen_priority: seenPriority });
  }

  /** "I cannot go": it calls again. */
  giveBack(a: Alarm): void {
    this.#alarm(a, { op: "unack", alarm: a.id, seen_version: a.version, seen_priority: a.priority });
  }

  /** Puts off an alarm of a single reading; 0 s: until the next one. */
  putOff(a: Alarm, seconds: number): void {
    const seen = { alarm: a.id, seen_version: a.version, seen_priority: a.priority };
    this.#alarm(a, { op: "snooze", seconds, ...seen });
  }

  /** Says what an alarm was that somebody has, or had. */
  explain(a: Alarm, reason: AckReason): void {
    const seen = { alarm: a.id, seen_version: a.version, seen_priority: a.priority };
    this.#alarm(a, { op: "explain", ack_reason: reason, ...seen });
  }

  #alarm(a: Alarm, wish: Wish): void {
    this.#ask(wish, [[a.id, a.version]]);
  }

  /** Takes several alarms of LOW priority of one patient, each as it was seen. */
  acknowledgeLow(patient: string, seen: Alarm[]): void {
    const each = seen.map((a) => ({ alarm: a.id, version: a.version }));
    if (each.length === 0) return;
    const keys = seen.map((a): [string, number] => [a.id, a.version]);
    this.#ask({ op: "ack_low", patient, seen: each }, keys);
  }

  /** What people decide about a patient; version: of what was decided before. */
  care(wish: Extract<Wish, { patient: string }>, version: number): void {
    this.#ask(wish, [[careKey(wish.patient), version]]);
  }

  pauseStation(seconds: number): boolean {
    return this.#ask({ op: "pause_station", seconds }, [[STATION, 0]]);
  }

  #ask(wish: Wish, keys: [key: string, version: number][]): boolean {
    if (keys.some(([key]) => this.waiting.has(key))) return false;
    const command = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
    if (!this.send({ t: "cmd", cmd_id: command, ...wish })) {
      this.toast("error", `${UNDONE[wish.op]}: no connection to the server.`);
      return false;
    }
    const sent = this.now();
    for (const [key, version] of keys)
      this.waiting.set(key, { command, op: wish.op, version, sent, done: false, seen: false });
    return true;
  }

  result(r: Result): void {
    const mine = [...this.waiting].filter(([, w]) => w.command === r.cmd_id);
    if (r.ok) {
      const refused = (r.each ?? []).filter((e) => e.code);
      for (const e of refused) this.#refused(e.alarm, e.code, e.now);
      for (const [key, w] of mine) {
        // Its event follows, but for what is over: that never changes.
        if (w.seen || (w.op === "explain" && r.alarm?.state === "closed")) this.waiting.delete(key);
        else if (this.waiting.has(key)) this.waiting.set(key, { ...w, done: true });
      }
      return;
    }
    const [key] = mine[0] ?? [];
    if (key === undefined) return;
    for (const [other] of mine.slice(1)) this.waiting.delete(other);
    this.#refused(key, r.code, r.alarm, r.message);
  }

  #refused(key: string, code: ResultCode | undefined, alarm?: Alarm, message = ""): void {
    const w = this.waiting.get(key);
    if (!w) return;
    this.waiting.delete(key);
    const pressed = this.serverNow() - (this.now() - w.sent);
    this.toast(...explain(w.op, { code, alarm, message }, pressed));
    if (code === "worse") this.focusRow(key);
  }

  /** The server's event for the alarm came. */
  settle(a: Alarm): void {
    const w = this.waiting.get(a.id);
    if (w && a.version > w.version && shows(w.op, a)) this.#show(a.id, w);
  }

  /** The server's event about a patient came. */
  settleCare(c: Care): void {
    const w = this.waiting.get(careKey(c.patient));
    if (w && c.version > w.version) this.#show(careKey(c.patient), w);
  }

  /** The server's event about this station came. */
  settleStation(): void {
    const w = this.waiting.get(STATION);
    if (w) this.#show(STATION, w);
  }

  /** Both the event and the answer are needed: the event may be of somebody who was faster. */
  #show(key: string, w: Waiting): void {
    if (w.done) this.waiting.delete(key);
    else this.waiting.set(key, { ...w, seen: true });
  }

  /** The link was lost: whether the commands arrived, the next snapshot will tell. */
  interrupted(): void {
    const undone = new Set([...this.waiting.values()].map((w) => UNDONE[w.op]));
    this.waiting.clear();
    for (const what of undone) {
      this.toast("error", `${what}: the connection was lost. Look again and press again.`);
    }
  }

  tick(): void {
    const undone = new Set<string>();
    for (const [key, w] of this.waiting) {
      if (this.now() - w.sent < ANSWER_WITHIN) continue;
      this.waiting.delete(key);
      if (!w.done && !w.seen) undone.add(UNDONE[w.op]);
    }
    for (const what of undone) this.toast("error", `${what}: the server did not answer. Press again.`);
    if (this.toasts.some((t) => this.now() > (this.#expiry.get(t.id) ?? 0))) {
      this.toasts = this.toasts.filter((t) => this.now() <= (this.#expiry.get(t.id) ?? 0));
    }
  }

  toast(tone: Toast["tone"], text: string, lasts = TOAST_FOR): void {
    const id = this.#next++;
    this.#expiry.set(id, this.now() + lasts);
    this.toasts = [...this.toasts.slice(-2), { id, tone, text }];
  }

  dismiss(id: number): void {
    this.toasts = this.toasts.filter((t) => t.id !== id);
  }
}

/** Whether the alarm is as the command would have it. */
function shows(op: Op, a: Alarm): boolean {
  switch (op) {
    case "unack":
      return a.state !== "active_ack";
    case "snooze":
      return !!a.snooze_until || !isUnacked(a);
    case "explain":
      return !!a.ack_reason || isUnacked(a);
    default:
      return !isUnacked(a);
  }
}

interface Refusal {
  code: ResultCode | undefined;
  alarm: Alarm | undefined;
  message: string;
}

/** Who was faster, and by how much; pressed is the server's time of the press, ms. */
function takenBy(a: Alarm | undefined, pressed: number): [Toast["tone"], string] {
  const earlier = a?.acked_at ? pressed - Date.parse(a.acked_at) : 0;
  const ago = earlier < 60_000 ? `${(earlier / 1000).toFixed(1)} s` : elapsed(earlier);
  return [
    "neutral",
    `Acknowledged by ${a?.acked_by ?? "somebody else"}${earlier >= 50 ? ` ${ago} earlier` : ""}.`,
  ];
}

function explain(op: Op, { code, alarm, message }: Refusal, pressed: number): [Toast["tone"], string] {
  const undone = UNDONE[op];
  switch (code) {
    case "already_acked":
      return takenBy(alarm, pressed);
    case "not_acked":
      return ["neutral", "Nobody has this alarm any more."];
    case "closed":
      // An ended alarm is closed by its acknowledgement.
      if (alarm?.reason === "ack") return takenBy(alarm, pressed);
      return ["neutral", "This alarm had already ended."];
    case "worse":
      return [
        "error",
        `${undone}: the alarm got worse${alarm ? `: ${alarm.label} ${detailOf(alarm)}`.trimEnd() : ""}.`,
      ];
    case "forbidden":
      return ["error", `${undone}: your role may not do this.`];
    case "unknown":
      return ["error", `${undone}: the server does not know it.`];
    default:
      return ["error", `${undone}: ${message || "the server could not take it. Press again."}`];
  }
}
