import { RANK, calls } from "./alarms";
import { unhidden } from "./nest";
import { patientCovers, stationCovers, type Ask, type Pause } from "./pauses";
import type { Alarm } from "./protocol";
import { LATCHED_PAUSE, TONES, type SoundingPriority } from "./tones";

/** What the station should be sounding. */
export interface Wanted {
  priority: SoundingPriority;
  pause: number;
  /** The alarms that ask for it; one that is new among them sounds at once. */
  ids: string[];
}

/** What decides about the sound beside the alarms themselves. */
export interface Hearing {
  /** Server and monotonic time, ms. */
  now: number;
  monotonic: number;
  /** Since when an alarm asks; nobody knows: since now. */
  asked: (id: string) => Ask | undefined;
  station: Pause | null;
  patients: ReadonlyMap<string, Pause>;
  /** When what comes and goes sounded last, monotonic ms, by chatterKey. */
  sounded: ReadonlyMap<string, number>;
}

/** What comes and goes sounds no more often, ms. */
export const CHATTER_PAUSE = 120_000;

/** What is sounded sparingly together: a condition of a patient, while it is no more urgent. */
export function chatterKey(a: Alarm): string {
  return [a.patient, a.condition, a.site, a.priority].join("|");
}

/** Whether it would sound if nothing were paused. */
function sounds(a: Alarm): boolean {
  return a.priority !== "info" && calls(a) && (a.state === "active_unack" || a.priority === "high");
}

/** How urgent the alarms are that the pauses silence: what is less urgent and new is not heard beside them. */
class Silenced {
  station = -1;
  readonly patients = new Map<string, number>();
  readonly ids = new Set<string>();

  constructor(all: Alarm[], h: Hearing) {
    for (const a of all) {
      const ask = h.asked(a.id) ?? { at: Infinity, seen: Infinity };
      const rank = RANK[a.priority];
      if (stationCovers(h.station, ask, h)) {
        this.station = Math.max(this.station, rank);
        this.ids.add(a.id);
      }
      if (patientCovers(h.patients.get(a.patient), ask, h)) {
        this.patients.set(a.patient, Math.max(this.patients.get(a.patient) ?? -1, rank));
        this.ids.add(a.id);
      }
    }
  }

  has(a: Alarm): boolean {
    const rank = RANK[a.priority];
    return this.ids.has(a.id) || rank < this.station || rank < (this.patients.get(a.patient) ?? -1);
  }
}

/** HIGH is never sounded sparingly. */
function rests(a: Alarm, h: Hearing): boolean {
  if (!a.chattering || a.priority === "high") return false;
  return h.monotonic - (h.sounded.get(chatterKey(a)) ?? -Infinity) < CHATTER_PAUSE;
}

/** Only the highest priority that nobody has acknowledged sounds, and that nobody paused. */
export function wantedSound(open: Iterable<Alarm>, h: Hearing): Wanted | null {
  const sounding = unhidden([...open]).filter(sounds);
  const silenced = new Silenced(sounding, h);
  let wanted: Wanted | null = null;
  for (const a of sounding) {
    if (silenced.has(a) || rests(a, h)) continue;
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

/** Whether a burst has nobody left to call for: people have taken, put off or paused all that it was for. */
export function answered(
  ids: readonly string[],
  book: (id: string) => Alarm | undefined,
  h: Hearing,
): boolean {
  const known = ids.map(book);
  const all = known.filter((a) => a !== undefined);
  const silenced = new Silenced(all, h);
  const byPeople = (a: Alarm) =>
    a.state === "active_ack" ||
    a.reason === "ack" ||
    a.reason === "off" ||
    !!a.snooze_until ||
    silenced.ids.has(a.id);
  return ids.length > 0 && known.every((a) => a !== undefined && byPeople(a));
}
