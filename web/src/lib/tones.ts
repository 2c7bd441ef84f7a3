import type { Priority } from "./protocol";

/**
 * The alarm signals, in seconds. Pulse lengths, gaps and groups: product specification of alarms
 * 3.1; bands in IEC 60601-1-8 as reported by secondary sources, not read in the standard.
 */
export interface Tone {
  pulse: number;
  /** When each pulse starts, from the start of the burst. */
  starts: readonly number[];
  /** Silence from the end of a burst to the start of the next. */
  pause: number;
}

export type SoundingPriority = Exclude<Priority, "info">;

export const TONES: Record<SoundingPriority, Tone> = {
  high: { pulse: 0.15, starts: [0, 0.25, 0.5, 1.0, 1.25, 1.9, 2.15, 2.4, 2.9, 3.15], pause: 5 },
  medium: { pulse: 0.2, starts: [0, 0.4, 0.8], pause: 15 },
  low: { pulse: 0.2, starts: [0, 0.4], pause: 30 },
};

/** C5, with harmonics 2 to 6 between −3 and −12 dB so that it is heard through a wall and located. */
export const FUNDAMENTAL_HZ = 523;
export const HARMONICS_DB = [0, -3, -5, -7, -9.5, -12] as const;
export const RISE = 0.02;
export const FALL = 0.03;

/** A latched HIGH whose condition has ended goes on sounding at a slower pace. */
export const LATCHED_PAUSE = 10;

export function burstLength(p: SoundingPriority): number {
  const tone = TONES[p];
  return (tone.starts.at(-1) ?? 0) + tone.pulse;
}
