import { SvelteMap } from "svelte/reactivity";
import { detailOf } from "./alarms";
import { elapsed } from "./format";
import type { Alarm, ClientFrame, Priority, Result } from "./protocol";

export interface Toast {
  id: number;
  tone: "neutral" | "error";
  text: string;
}

/** An acknowledgement without an answer by then is shown as not given, ms. */
const ANSWER_WITHIN = 5000;
const TOAST_FOR = 8000;

interface Waiting {
  command: string;
  version: number;
  sent: number;
}

/**
 * The acknowledgements on their way. Nothing changes on the screen before the server's event: an
 * alarm that looks taken while it is not would be the worst fault of all.
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
    if (this.waiting.has(a.id)) return;
    const command = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
    const sent = this.send({
      t: "cmd",
      cmd_id: command,
      op: "ack",
      alarm: a.id,
      seen_version: a.version,
      seen_priority: seenPriority,
    });
    if (sent) this.waiting.set(a.id, { command, version: a.version, sent: this.now() });
    else this.toast("error", "NOT ACKNOWLEDGED: no connection to the server.");
  }

  result(r: Result): void {
    const [alarm, waiting] = [...this.waiting].find(([, w]) => w.command === r.cmd_id) ?? [];
    if (!alarm || !waiting || r.ok) return; // the event that changes the screen follows
    this.waiting.delete(alarm);
    const pressed = this.serverNow() - (this.now() - waiting.sent);
    this.toast(...explain(r, pressed));
    if (r.code === "worse") this.focusRow(alarm);
  }

  /** The server's event for the alarm came: that is the answer. */
  settle(a: Alarm): void {
    const w = this.waiting.get(a.id);
    if (w && a.version > w.version) this.waiting.delete(a.id);
  }

  /** The link was lost: whether the commands arrived, the next snapshot will tell. */
  interrupted(): void {
    if (this.waiting.size === 0) return;
    this.waiting.clear();
    this.toast("error", "NOT ACKNOWLEDGED: the connection was lost. Check the alarm and press again.");
  }

  tick(): void {
    for (const [alarm, w] of this.waiting) {
      if (this.now() - w.sent < ANSWER_WITHIN) continue;
      this.waiting.delete(alarm);
      this.toast("error", "NOT ACKNOWLEDGED: the server did not answer. Press again.");
    }
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

/** Who was faster, and by how much; pressed is the server's time of the press, ms. */
function takenBy(a: Alarm | undefined, pressed: number): [Toast["tone"], string] {
  const earlier = a?.acked_at ? pressed - Date.parse(a.acked_at) : 0;
  const ago = earlier < 60_000 ? `${(earlier / 1000).toFixed(1)} s` : elapsed(earlier);
  return [
    "neutral",
    `Acknowledged by ${a?.acked_by ?? "somebody else"}${earlier >= 50 ? ` ${ago} earlier` : ""}.`,
  ];
}

function explain(r: Result, pressed: number): [Toast["tone"], string] {
  switch (r.code) {
    case "already_acked":
      return takenBy(r.alarm, pressed);
    case "closed":
      // An ended alarm is closed by its acknowledgement.
      if (r.alarm?.reason === "ack") return takenBy(r.alarm, pressed);
      return ["neutral", "This alarm had already ended."];
    case "worse":
      return [
        "error",
        `NOT ACKNOWLEDGED: the alarm got worse${r.alarm ? `: ${r.alarm.label} ${detailOf(r.alarm)}`.trimEnd() : ""}.`,
      ];
    case "forbidden":
      return ["error", "NOT ACKNOWLEDGED: your role may not acknowledge this alarm."];
    case "unknown":
      return ["error", "NOT ACKNOWLEDGED: the server does not know this alarm."];
    default:
      return ["error", `NOT ACKNOWLEDGED: ${r.message || "the server could not take it. Press again."}`];
  }
}
