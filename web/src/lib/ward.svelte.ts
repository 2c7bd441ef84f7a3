import { SvelteMap } from "svelte/reactivity";
import { AlarmBook, alike, byUrgency, calls, detailOf } from "./alarms";
import { floodOf } from "./flood";
import { nest, unhidden } from "./nest";
import { pauseOf, remaining, type Pause } from "./pauses";
import type { Condition, Patient, Staff, Unit } from "./api";
import { byBed, ZoneFormat } from "./format";
import type { LinkStatus } from "./socket";
import type { Alarm, Care, Channel, Numeric, Off, Priority } from "./protocol";
import type { Shown } from "./numerics";

/** The newest values of one patient, by kind and device. */
export class Vitals {
  values = $state.raw<Record<string, Shown>>({});

  take(n: Numeric, monotonic: number): void {
    this.values = { ...this.values, [`${n.kind}|${n.device}`]: { ...n, at: monotonic - n.age_ms } };
  }
}

/** What is decided about a patient and still holds. */
export interface Holding {
  version: number;
  away: Care["away"];
  off: Off[];
  /** What is left of the patient's audio pause, ms. */
  pausedMs: number;
  pausedBy: string;
}

/** The time that the screen could not vouch for itself, server ms. */
export interface Outage {
  from: number;
  to: number;
}

/** Everything that the dashboard shows of one unit. Only the monitor and its lookups write it. */
export class Ward {
  patients = $state.raw<Patient[]>([]);
  channels = $state.raw<Channel[]>([]);
  alarms = $state.raw<Alarm[]>([]);
  closed = $state.raw<Alarm[]>([]);
  alarmRev = $state(0);
  link = $state.raw<LinkStatus>({ state: "degraded", phase: "connecting", lastProof: 0, retryAt: null });
  outage = $state.raw<Outage | null>(null);
  audio = $state<"on" | "blocked">("blocked");
  wakeLock = $state<"held" | "released" | "unsupported">("released");
  /** Monotonic and server time, moved on twice per second: ages and countdowns rest on them. */
  now = $state(0);
  serverNow = $state(0);
  skewMs = $state(0);
  censusFault = $state("");
  /** What alarms can be about, and what may be decided about it. */
  conditions = $state.raw<Condition[]>([]);
  /** The pause of this station's sound. */
  pause = $state.raw<Pause | null>(null);

  readonly vitals = new SvelteMap<string, Vitals>();
  readonly cares = new SvelteMap<string, Care>();
  /** The audio pauses of patients. */
  readonly pauses = new SvelteMap<string, Pause>();
  readonly book = new AlarmBook();
  readonly format: ZoneFormat;

  /** In the order of the beds: a tile never moves because of an alarm. */
  readonly ordered = $derived(
    this.patients.toSorted((a, b) => byBed(a.bed, b.bed) || (a.id < b.id ? -1 : 1)),
  );
  readonly byId = $derived(new Map(this.patients.map((p) => [p.id, p])));
  /** Without what is only information. */
  readonly urgent = $derived(this.alarms.filter((a) => a.priority !== "info").toSorted(byUrgency));
  readonly nests = $derived(nest(this.urgent));
  readonly #alike = $derived(alike(this.alarms));
  /** What is only information: it neither sounds nor calls nor comes before anything. */
  readonly hints = $derived(this.alarms.filter((a) => a.priority === "info").toSorted(byUrgency));
  readonly hintsOf = $derived.by(() => {
    const of = new Map<string, Alarm[]>();
    for (const a of this.hints) of.set(a.patient, [...(of.get(a.patient) ?? []), a]);
    return of;
  });
  readonly flood = $derived(floodOf([...this.alarms, ...this.closed], this.serverNow));
  /** The most urgent open alarm of each patient. */
  readonly top = $derived.by(() => {
    const top = new Map<string, Alarm>();
    for (const a of this.urgent) if (!top.has(a.patient)) top.set(a.patient, a);
    return top;
  });
  readonly counts = $derived.by(() => {
    const counts: Record<Priority, number> = { high: 0, medium: 0, low: 0, info: 0 };
    for (const { alarm } of this.nests) counts[alarm.priority]++;
    return counts;
  });
  readonly flashing = $derived(
    (["high", "medium"] as const).filter((p) => this.alarms.some((a) => a.priority === p && calls(a))),
  );
  readonly channelsOf = $derived.by(() => {
    const of = new Map<string, Channel[]>();
    for (const c of this.channels) of.set(c.patient, [...(of.get(c.patient) ?? []), c]);
    return of;
  });

  constructor(
    readonly staff: Staff,
    readonly unit: Unit,
    readonly station: string,
  ) {
    this.format = new ZoneFormat(unit.zone);
  }

  readonly #today = $derived.by(() => this.format.date(this.serverNow));

  /** When a spot value was measured: yesterday's must not pass for one of tonight. */
  measured(at: string): string {
    return this.format.moment(at, this.#today);
  }

  vitalsOf(patient: string): Vitals {
    let v = this.vitals.get(patient);
    if (!v) {
      v = new Vitals();
      this.vitals.set(patient, v);
    }
    return v;
  }

  /** Takes the open alarms out of the book onto the screen. */
  showAlarms(): void {
    this.alarms = unhidden(this.book.open());
  }

  /** Takes what is decided about a patient now, monotonic; seen: as of a pause, Infinity where it came with all else. */
  takeCare(c: Care, now: number, seen = now): void {
    const before = this.cares.get(c.patient);
    if (before && before.version > c.version) return;
    this.cares.set(c.patient, c);
    const pause = pauseOf(c.paused, seen, now, this.pauses.get(c.patient));
    if (pause) this.pauses.set(c.patient, pause);
    else this.pauses.delete(c.patient);
  }

  /** Takes what is decided about everybody in place of what was known, of which a server may have lost something. */
  replaceCares(cares: Care[], now: number): void {
    this.cares.clear();
    for (const c of cares) this.takeCare(c, now, Infinity);
    for (const patient of [...this.pauses.keys()]) if (!this.cares.has(patient)) this.pauses.delete(patient);
  }

  /** What of the decisions about a patient still holds. */
  holding(patient: string): Holding {
    const care = this.cares.get(patient);
    const pause = this.pauses.get(patient);
    const lasts = (d: { until: string } | null | undefined) => !!d && Date.parse(d.until) > this.serverNow;
    return {
      version: care?.version ?? 0,
      away: lasts(care?.away) ? (care?.away ?? null) : null,
      off: (care?.off ?? []).filter(lasts),
      pausedMs: remaining(pause, this.serverNow, this.now),
      pausedBy: pause?.by ?? "",
    };
  }

  bedOf(a: Alarm): string {
    return this.byId.get(a.patient)?.bed ?? (a.type === "system" ? "System" : "?");
  }

  /** What the alarm says beyond its label and bed. */
  detailOf(a: Alarm): string {
    return [detailOf(a), this.#alike.has(a.id) ? a.site : ""].filter(Boolean).join(" · ");
  }

  /** Whether the alarm came or went while this screen was not live. */
  missed(a: Alarm): boolean {
    const gap = this.outage;
    if (!gap) return false;
    const within = (at: string | null) =>
      at !== null && Date.parse(at) >= gap.from && Date.parse(at) <= gap.to;
    return within(a.raised) || (a.state === "closed" && within(a.changed));
  }
}

/** The lead that a tile shows: the one with the tallest beats first. */
const LEADS = ["ecg_ii", "ecg", "ecg_i", "ecg_iii"];

export function leadOf(channels: Channel[]): Channel | undefined {
  for (const kind of LEADS) {
    const found = channels.find((c) => c.kind === kind);
    if (found) return found;
  }
  return undefined;
}

export function plethOf(channels: Channel[]): Channel | undefined {
  return channels.find((c) => c.kind === "pleth");
}
