import type { Alarm } from "./protocol";

/** An asystole that nobody has acknowledged, with what a test wants different. For tests only. */
export function anAlarm(over: Partial<Alarm>): Alarm {
  return {
    id: "01ASYSTOLE",
    patient: "p1",
    condition: "ASYSTOLE",
    label: "ASYSTOLE",
    type: "physiological",
    priority: "high",
    state: "active_unack",
    truth: "true",
    version: 1,
    onset: "2026-11-20T01:00:00Z",
    raised: "2026-11-20T01:00:04Z",
    ended: null,
    changed: "2026-11-20T01:00:04Z",
    count: 1,
    detail: "no beat for 4 s",
    site: "",
    acked_by: null,
    owner: "",
    acked_at: null,
    reason: null,
    worst: "",
    suppressed_by: "",
    previous: "",
    chattering: false,
    snooze_until: null,
    ...over,
  };
}
