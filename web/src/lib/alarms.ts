import type { Ask } from "./pauses";
import type { Alarm, AlarmType, Priority } from "./protocol";

export const RANK: Record<Priority, number> = { high: 3, medium: 2, low: 1, info: 0 };

/** An open alarm is one that a nurse must see. */
export function isOpen(a: Alarm): boolean {
  return a.state === "active_unack" || a.state === "active_ack" || a.state === "latched_unack";
}

export function isUnacked(a: Alarm): boolean {
  return a.state === "active_unack" || a.state === "latched_unack";
}

/** Whether it wants somebody to come: not one that another alarm explains, or that somebody put off. */
export function calls(a: Alarm): boolean {
  return isUnacked(a) && !a.suppressed_by && !a.snooze_until;
}

/** Whether a change of an alarm asks for somebody anew: then no pause from before silences it. */
function asksAnew(before: Alarm | undefined, now: Alarm): boolean {
  if (!calls(now)) return false;
  return (
    !before ||
    !calls(before) ||
    RANK[now.priority] > RANK[before.priority] ||
    now.count > before.count ||
    now.acked_at !== before.acked_at
  );
}

/** The text mark that carries the priority where colour cannot: asterisks for the patient, exclamation marks for technology. */
export function mark(a: { type: AlarmType; priority: Priority }): string {
  if (a.priority === "info") return "i";
  return (a.type === "physiological" ? "*" : "!").repeat(RANK[a.priority]);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Whether the condition lasts, as far as anybody knows: lost input ends nothing. */
function goesOn(a: Alarm): boolean {
  return a.state === "active_unack" && a.truth !== "false";
}

/**
 * The one order of banner, tiles and list. What nobody has taken yet comes before what somebody has,
 * whatever its priority: the first alarm is the one that is sounding. Within a priority, what happens
 * now comes before what has ended, what is about a patient before what is about technology, and the newest onset
 * first: it asks for the next step. The id decides between equals so that rows never swap places.
 */
export function byUrgency(a: Alarm, b: Alarm): number {
  return (
    Number(calls(b)) - Number(calls(a)) ||
    Number(isUnacked(b)) - Number(isUnacked(a)) ||
    RANK[b.priority] - RANK[a.priority] ||
    Number(goesOn(b)) - Number(goesOn(a)) ||
    Number(b.type === "physiological") - Number(a.type === "physiological") ||
    Date.parse(b.onset) - Date.parse(a.onset) ||
    compareText(a.id, b.id)
  );
}

const SHORT: Record<string, string> = {
  "VENTRICULAR FIBRILLATION": "V-FIB",
  "VENTRICULAR TACHYCARDIA": "V-TACH",
  "EXTREME TACHYCARDIA": "EXT TACHY",
  "EXTREME BRADYCARDIA": "EXT BRADY",
  "SpO₂ RAPID DESAT": "DESAT",
};

/** The label for a tile, where the full one would be cut to something that two alarms share. */
export function shortLabel(a: Alarm): string {
  return SHORT[a.label] ?? a.label;
}

/** What the alarm says beyond its label; empty where that is the same in other letters. */
export function detailOf(a: Alarm): string {
  return a.detail.toLowerCase() === a.label.toLowerCase() ? "" : a.detail;
}

/** The alarms that say of a patient what another one says, too: only the site, as which device, tells them apart. */
export function alike(alarms: Alarm[]): Set<string> {
  const first = new Map<string, string>();
  const found = new Set<string>();
  for (const a of alarms) {
    const what = `${a.patient}|${a.condition}`;
    const other = first.get(what);
    if (other === undefined) first.set(what, a.id);
    else found.add(other).add(a.id);
  }
  return found;
}

const FNV_OFFSET = 0xcbf29ce484222325n;
const FNV_PRIME = 0x100000001b3n;
const MASK = 0xffffffffffffffffn;

/** FNV-1a, 64 bit, as 16 hexadecimal digits. */
export function fnv1a64(text: string): string {
  let hash = FNV_OFFSET;
  for (const byte of new TextEncoder().encode(text)) {
    hash = ((hash ^ BigInt(byte)) * FNV_PRIME) & MASK;
  }
  return hash.toString(16).padStart(16, "0");
}

/** The digest that the server's heartbeat carries: proof that both sides hold the same open alarms. */
export function digest(open: Iterable<Alarm>): string {
  const lines = [...open]
    .sort((a, b) => compareText(a.id, b.id))
    .map((a) => `${a.id}|${a.version}|${a.state}\n`);
  return fnv1a64(lines.join(""));
}

/**
 * The open alarms, and those that closed while we watched. A change is taken only when its version
 * is higher, or it says of the same one whether it is recorded; and a closed alarm never opens again.
 */
export class AlarmBook {
  #open = new Map<string, Alarm>();
  #closed = new Map<string, Alarm>();
  #asks = new Map<string, Ask>();

  /** Replaces everything open by what the server says is open; at is monotonic, ms. */
  replace(alarms: Alarm[], at = 0): void {
    const open = alarms.filter(isOpen);
    for (const a of open) this.#note(this.#open.get(a.id), a, at);
    this.#open = new Map(open.map((a) => [a.id, a]));
    for (const id of this.#asks.keys()) if (!this.#open.has(id)) this.#asks.delete(id);
    for (const a of alarms) this.#closed.delete(a.id);
  }

  /** Takes one change; false where it was already known. */
  apply(a: Alarm, at = 0): boolean {
    const known = this.#open.get(a.id) ?? this.#closed.get(a.id);
    if (
      known &&
      (known.version > a.version || (known.version === a.version && !known.unrecorded === !a.unrecorded))
    )
      return false;
    if (this.#closed.has(a.id) && isOpen(a)) return false;
    if (isOpen(a)) {
      this.#note(this.#open.get(a.id), a, at);
      this.#open.set(a.id, a);
      return true;
    }
    this.#open.delete(a.id);
    this.#asks.delete(a.id);
    if (a.state === "closed") this.#closed.set(a.id, a);
    return true;
  }

  /** Of what this page did not see from the beginning, the last change is the latest that it can have asked. */
  #note(before: Alarm | undefined, now: Alarm, at: number): void {
    if (!asksAnew(before, now)) return;
    this.#asks.set(now.id, { at: Date.parse(now.version === 1 ? now.raised : now.changed), seen: at });
  }

  get(id: string): Alarm | undefined {
    return this.#open.get(id);
  }

  /** One that closed while we watched. */
  over(id: string): Alarm | undefined {
    return this.#closed.get(id);
  }

  /** Since when it asks for somebody. */
  asked(id: string): Ask | undefined {
    return this.#asks.get(id);
  }

  open(): Alarm[] {
    return [...this.#open.values()];
  }

  closed(): Alarm[] {
    return [...this.#closed.values()];
  }

  digest(): string {
    return digest(this.#open.values());
  }
}
