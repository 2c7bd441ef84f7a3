import type { Monitor } from "./monitor";
import { leadOf } from "./ward.svelte";

/**
 * window.__vigil: what the screen believes, for acceptance checks and for support. Each access
 * gives a new frozen copy, so nothing can be changed through it.
 */
export function installProbe(current: () => Monitor | null): void {
  Object.defineProperty(globalThis, "__vigil", {
    configurable: false,
    enumerable: false,
    get: () => Object.freeze(snapshot(current())),
    set: undefined,
  });
}

function snapshot(m: Monitor | null): Record<string, unknown> {
  if (!m)
    return {
      linkState: "offline",
      seq: 0,
      alarmRev: 0,
      digest: "",
      serverSkewMs: 0,
      audio: null,
      tiles: {},
      drops: 0,
    };
  const burst = m.sound.lastBurst;
  return {
    seq: m.link.seq,
    alarmRev: m.ward.alarmRev,
    digest: m.ward.book.digest(),
    linkState: m.ward.link.state,
    serverSkewMs: m.ward.skewMs,
    serverMs: m.clock.now(),
    audio: Object.freeze({ state: m.ward.audio, lastBurst: burst, schedule: burst?.schedule ?? [] }),
    tiles: Object.freeze(tiles(m)),
    drops: m.sweep.drops,
    frames: m.sweep.frames,
  };
}

function tiles(m: Monitor): Record<string, unknown> {
  const now = m.clock.now();
  const of = (patient: string) => {
    const lead = leadOf(m.ward.channelsOf.get(patient) ?? []);
    const trace = lead && m.sweep.trace(lead.idx);
    if (!trace) return { ageMs: null, gap: 0, lastSampleTs: 0 };
    return {
      ageMs: Math.round(now - trace.receivedAt),
      gap: trace.gaps,
      lastSampleTs: Math.round(trace.newest),
    };
  };
  return Object.fromEntries(m.ward.patients.map((p) => [p.id, of(p.id)]));
}
