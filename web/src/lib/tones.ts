import { RANK, isUnacked } from "./alarms";
import type { Alarm, Priority } from "./protocol";

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

/** What the station should be sounding. */
export interface Wanted {
  priority: SoundingPriority;
  pause: number;
  /** The alarms that ask for it; one that is new among them sounds at once. */
  ids: string[];
}

export function burstLength(p: SoundingPriority): number {
  const tone = TONES[p];
  return (tone.starts.at(-1) ?? 0) + tone.pulse;
}

/** One that another alarm explains is silent, as long as that one is open here, too. */
function sounds(a: Alarm, ids: Set<string>): boolean {
  if (a.priority === "info" || !isUnacked(a) || a.snooze_until || ids.has(a.suppressed_by)) return false;
  return a.state === "active_unack" || a.priority === "high";
}

/** Only the highest priority that nobody has acknowledged sounds. */
export function wantedSound(open: Iterable<Alarm>): Wanted | null {
  let wanted: Wanted | null = null;
  const all = [...open];
  const ids = new Set(all.map((a) => a.id));
  for (const a of all) {
    if (!sounds(a, ids)) continue;
    const priority = a.priority as SoundingPriority;
    const pause = a.state === "latched_unack" ? LATCHED_PAUSE : TONES[priority].pause;
    if (!wanted || RANK[priority] > RANK[wanted.priority]) {
      wanted = { priority, pause, ids: [a.id] };
    } else if (priority === wanted.priority) {
      wanted.ids.push(a.id);
      wanted.pause = Math.min(wanted.pause, pause);
    }
  }
  return wanted;
}
