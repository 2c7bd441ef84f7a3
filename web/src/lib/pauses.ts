import type { Decided } from "./protocol";

/** When an alarm last began to ask for somebody. */
export interface Ask {
  /** By the server's clock, ms. */
  at: number;
  /** When this page learned of it, monotonic ms. */
  seen: number;
}

/** A moment of silence that somebody asked for. */
export interface Pause {
  /** Server ms. */
  since: number;
  until: number;
  by: string;
  /** When the person pressed, or this page learned of it, monotonic ms; Infinity: before this page knew anything. */
  seen: number;
  /** When it is over at the latest, whatever the server's clock shows by then, monotonic ms. */
  ends: number;
}

/** No pause lasts longer, whatever anybody says, ms. */
const MOST = 120_000;
/** Who pressed sooner after an alarm began cannot have meant it, ms: it sounds on. */
const UNSEEN = 1000;
/** A pause that begins later than this from now was decided before the server's clock was set back, ms; as the server has it. */
const SET_BACK = 10_000;

/** One that was known before is told again: what came since then is not silenced by it, nor does it last any longer. */
export function pauseOf(
  d: Decided | null | undefined,
  seen: number,
  monotonic: number,
  before?: Pause | null,
): Pause | null {
  if (!d) return null;
  const since = Date.parse(d.since);
  const lasts = Math.min(Date.parse(d.until) - since, MOST);
  const known = before?.since === since ? before : { seen, ends: monotonic + lasts };
  return { since, until: since + lasts, by: d.by, seen: known.seen, ends: known.ends };
}

/**
 * What is left of a pause, ms; 0: none; never more than the whole, as where the times are of a moment before it was told.
 * A server's clock that is set back ends it, or it lasted as much longer.
 */
export function remaining(p: Pause | null | undefined, serverNow: number, monotonic: number): number {
  if (!p || serverNow < p.since - SET_BACK) return 0;
  return Math.max(0, Math.min(p.until - p.since, p.until - serverNow, p.ends - monotonic));
}

/** The server's time and the page's own, ms. */
interface Moment {
  now: number;
  monotonic: number;
}

/**
 * Whether the pause of a patient silences what has asked since then. What this page learned of behind the pause
 * sounds, whatever the clocks of two servers say.
 */
export function patientCovers(p: Pause | undefined, ask: Ask, { now, monotonic }: Moment): boolean {
  return !!p && remaining(p, now, monotonic) > 0 && ask.seen < p.seen && ask.at < p.since - UNSEEN;
}

/** Whether the pause of this station does: by what was on this screen when its user pressed. */
export function stationCovers(p: Pause | null, ask: Ask, { now, monotonic }: Moment): boolean {
  return !!p && remaining(p, now, monotonic) > 0 && ask.seen < p.seen - UNSEEN;
}
