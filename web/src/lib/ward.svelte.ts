import { SvelteMap } from "svelte/reactivity";
import { AlarmBook, byUrgency, calls } from "./alarms";
import type { Patient, Staff, Unit } from "./api";
import { byBed, ZoneFormat } from "./format";
import type { LinkStatus } from "./socket";
import type { Alarm, Channel, Numeric, Priority } from "./protocol";
import type { Shown } from "./numerics";

/** The newest values of one patient, by kind and device. */
export class Vitals {
  values = $state.raw<Record<string, Shown>>({});

  take(n: Numeric, monotonic: number): void {
    this.values = { ...this.values, [`${n.kind}|${n.device}`]: { ...n, at: monotonic - n.age_ms } };
  }
}

/** The time that the screen could not vouch for itself, server ms. */
export interface Outage {
  from: number;
  to: number;
}

/** Everything that the dashboard shows of one unit. Only the monitor writes it. */
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

  readonly vitals = new SvelteMap<string, Vitals>();
  readonly book = new AlarmBook();
  readonly format: ZoneFormat;

  /** In the order of the beds: a tile never moves because of an alarm. */
  readonly ordered = $derived(
    this.patients.toSorted((a, b) => byBed(a.bed, b.bed) || (a.id < b.id ? -1 : 1)),
  );
  readonly byId = $derived(new Map(this.patients.map((p) => [p.id, p])));
  readonly urgent = $derived(this.alarms.toSorted(byUrgency));
  /** The most urgent open alarm of each patient. */
  readonly top = $derived.by(() => {
    const top = new Map<string, Alarm>();
    for (const a of this.urgent) if (!top.has(a.patient)) top.set(a.patient, a);
    return top;
  });
  readonly counts = $derived.by(() => {
    const counts: Record<Priority, number> = { high: 0, medium: 0, low: 0, info: 0 };
    for (const a of this.alarms) counts[a.priority]++;
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
    this.alarms = this.book.open();
  }

  bedOf(a: Alarm): string {
    return this.byId.get(a.patient)?.bed ?? (a.type === "system" ? "System" : "?");
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

/** Whether the interface offers the acknowledgement; the server decides. */
export function mayAcknowledge(role: string, a: Alarm): boolean {
  if (role === "viewer") return false;
  return role !== "technician" || a.type !== "physiological";
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
