import type { Numeric } from "./protocol";

/** A value as the screen holds it; at is the monotonic time of its receipt by the server. */
export interface Shown extends Numeric {
  at: number;
}

export type Staleness = "fresh" | "aging" | "stale" | "none";

/** A streamed value shows its age from here, and is taken down from there, ms. */
export const AGING_AFTER = 5000;
export const STALE_AFTER = 15_000;

const SPOT = new Set([
  "cuff_pulse_rate",
  "temperature",
  "systolic",
  "diastolic",
  "mean_pressure",
  "glucose",
  "glucose_blood",
  "glucose_plasma",
  "glucose_interstitial",
  "weight",
  "height",
  "body_mass_index",
  "body_fat",
  "sdnn",
  "rmssd",
  "af_burden",
  "inhaled_oxygen",
  "consciousness",
]);

/** A spot value is measured once and always shown with its time; the others stream and go stale. */
export function isSpot(kind: string): boolean {
  return SPOT.has(kind);
}

export function staleness(value: Shown | undefined, now: number): Staleness {
  if (!value) return "none";
  const age = now - value.at;
  if (isSpot(value.kind) || age <= AGING_AFTER) return "fresh";
  return age <= STALE_AFTER ? "aging" : "stale";
}

/** One measurement of the cuff, as the tile writes it: "203/--" where half of it is not known. */
export interface Pressure {
  text: string;
  time: string;
}

/**
 * The newest blood pressure. Systolic and diastolic belong together only when one device measured
 * them at one time: a pair of two measurements is one that nobody has measured.
 */
export function bloodPressure(values: Record<string, Shown>): Pressure | undefined {
  let last: Shown | undefined;
  for (const v of Object.values(values)) {
    if (v.kind !== "systolic" && v.kind !== "diastolic") continue;
    if (!last || Date.parse(v.time) > Date.parse(last.time)) last = v;
  }
  if (!last) return undefined;
  const half = (kind: string) => {
    const v = values[`${kind}|${last.device}`];
    return v?.time === last.time ? v.value : "--";
  };
  return { text: `${half("systolic")}/${half("diastolic")}`, time: last.time };
}

/** The value to show of those that several devices may have sent: the one received last. */
export function newest(values: Record<string, Shown>, kind: string): Shown | undefined {
  let best: Shown | undefined;
  for (const v of Object.values(values)) {
    if (v.kind === kind && (!best || v.at > best.at)) best = v;
  }
  return best;
}

/**
 * The heart rate that alarms go by: of the ECG that is shown, else as a strap, else as an oximeter counts it. One that
 * has stopped coming gives way to another that still comes: who takes the strap off has a pulse all the same.
 */
export function heartRate(
  values: Record<string, Shown>,
  ecg: string | undefined,
  now: number,
): Shown | undefined {
  const ways = [values[`heart_rate|${ecg}`], newest(values, "heart_rate"), newest(values, "pulse_rate")];
  const known = ways.filter((v) => v !== undefined);
  const first = (state: Staleness) => known.find((v) => staleness(v, now) === state);
  return first("fresh") ?? first("aging") ?? known[0];
}
