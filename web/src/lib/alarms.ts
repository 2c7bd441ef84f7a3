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
 * now comes before what has ended, and the newest onset first: it asks for the next step. The id
 * decides between equals so that rows never swap places.
 */
export function byUrgency(a: Alarm, b: Alarm): number {
  return (
    Number(calls(b)) - Number(calls(a)) ||
    Number(isUnacked(b)) - Number(isUnacked(a)) ||
    RANK[b.priority] - RANK[a.priority] ||
    Number(goesOn(b)) - Number(goesOn(a)) ||
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
 * is higher, and a closed alarm never opens again.
 */
export class AlarmBook {
  #open = new Map<string, Alarm>();
  #closed = new Map<string, Alarm>();

  /** Replaces everything open by what the server says is open. */
  replace(alarms: Alarm[]): void {
    this.#open = new Map(alarms.filter(isOpen).map((a) => [a.id, a]));
    for (const a of alarms) this.#closed.delete(a.id);
  }

  /** Takes one change; false where it was already known. */
  apply(a: Alarm): boolean {
    const known = this.#open.get(a.id) ?? this.#closed.get(a.id);
    if (known && known.version >= a.version) return false;
    if (this.#closed.has(a.id) && isOpen(a)) return false;
    if (isOpen(a)) {
      this.#open.set(a.id, a);
      return true;
    }
    this.#open.delete(a.id);
    if (a.state === "closed") this.#closed.set(a.id, a);
    return true;
  }

  get(id: string): Alarm | undefined {
    return this.#open.get(id);
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
