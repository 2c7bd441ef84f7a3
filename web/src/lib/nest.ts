import type { Alarm } from "./protocol";

/** An alarm with those that it explains. */
export interface Nest {
  alarm: Alarm;
  explained: Alarm[];
}

/**
 * Lets an alarm stand by itself where the one that explains it is not open here, or has ended: lost input must not
 * hide anything.
 */
export function unhidden(open: Alarm[]): Alarm[] {
  const explaining = new Set(open.filter((a) => a.state !== "latched_unack").map((a) => a.id));
  return open.map((a) =>
    a.suppressed_by && !explaining.has(a.suppressed_by) ? { ...a, suppressed_by: "" } : a,
  );
}

/** Puts each alarm below the one that explains it in the end, in the order that they have. */
export function nest(ordered: Alarm[]): Nest[] {
  const byId = new Map(ordered.map((a) => [a.id, a]));
  const nests = new Map<string, Nest>();
  for (const a of ordered) if (rootOf(a, byId) === a) nests.set(a.id, { alarm: a, explained: [] });
  for (const a of ordered) {
    const root = rootOf(a, byId);
    if (root !== a) nests.get(root.id)?.explained.push(a);
  }
  return [...nests.values()];
}

/** The last that explains it. Two that explain one another stand by themselves. */
function rootOf(a: Alarm, byId: Map<string, Alarm>): Alarm {
  const seen = new Set<string>();
  let at = a;
  for (;;) {
    const by = byId.get(at.suppressed_by);
    if (!by) return at;
    if (seen.has(by.id) || by === a) return a;
    seen.add(by.id);
    at = by;
  }
}
