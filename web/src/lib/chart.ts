// What the panel of a patient says was last measured: a tile has no room for a weight or a glucose.
import { bloodPressure, heartRate, isSpot, newest, staleness, type Shown } from "./numerics";

/** How people call what is measured, in the order in which they look for it. */
const NAMES: readonly (readonly [kind: string, name: string])[] = [
  ["heart_rate", "HR"],
  ["pulse_rate", "PR"],
  ["spo2", "SpO₂"],
  ["respiration_rate", "RR"],
  ["pressure", "NIBP"],
  ["mean_pressure", "MAP"],
  ["cuff_pulse_rate", "PR of the cuff"],
  ["temperature", "Temperature"],
  ["glucose", "Glucose"],
  ["glucose_blood", "Glucose, blood"],
  ["glucose_plasma", "Glucose, plasma"],
  ["glucose_interstitial", "Glucose, sensor"],
  ["consciousness", "Consciousness"],
  ["inhaled_oxygen", "Oxygen"],
  ["weight", "Weight"],
  ["height", "Height"],
  ["body_mass_index", "BMI"],
  ["body_fat", "Body fat"],
  ["perfusion_index", "Perfusion"],
  ["af_burden", "Time in AF"],
  ["sdnn", "SDNN"],
  ["rmssd", "RMSSD"],
];

const UNITS: Record<string, string> = { "beats/minute": "/min", "breaths/minute": "/min" };

/** The ACVPU scale of NEWS2, as the server counts it. */
const ACVPU = ["Alert", "New confusion", "To voice", "To pain", "Unresponsive"];

/** One line of what was last measured. */
export interface Charted {
  kind: string;
  name: string;
  value: string;
  unit: string;
  time: string;
  /** Measured once; or streamed, and of now or no more. */
  state: "spot" | "now" | "past";
  questionable: boolean;
}

/**
 * Everything that was last measured, each kind once; ecg is the device whose ECG is shown, so that the heart rate here is
 * the one on the tile.
 */
export function chart(values: Record<string, Shown>, ecg: string | undefined, now: number): Charted[] {
  const rate = heartRate(values, ecg, now);
  return NAMES.flatMap(([kind, name]) => {
    if (kind === "pressure") return pressure(values, name);
    const v = kind === rate?.kind ? rate : newest(values, kind);
    return v ? [line(v, name, now)] : [];
  });
}

function pressure(values: Record<string, Shown>, name: string): Charted[] {
  const p = bloodPressure(values);
  if (!p) return [];
  return [
    { kind: "pressure", name, value: p.text, unit: "mmHg", time: p.time, state: "spot", questionable: false },
  ];
}

function line(v: Shown, name: string, now: number): Charted {
  const worded = v.kind === "consciousness" ? ACVPU[Number(v.value)] : undefined;
  return {
    kind: v.kind,
    name,
    value: worded ?? v.value.replace(/(\.\d)0+$/, "$1"),
    unit: worded ? "" : (UNITS[v.unit] ?? v.unit),
    time: v.time,
    state: isSpot(v.kind) ? "spot" : staleness(v, now) === "fresh" ? "now" : "past",
    questionable: v.quality === "questionable",
  };
}
