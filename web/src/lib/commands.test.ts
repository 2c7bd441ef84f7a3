import { describe, expect, it } from "vitest";
import { Commands } from "./commands.svelte";
import type { ClientFrame, Result } from "./protocol";
import { anAlarm } from "./testing";

const PRESSED = Date.parse("2026-11-20T01:05:00Z");

/** What the person is told when the press is answered so, half a second later. */
function told(answer: Partial<Result>): string[] {
  let now = 1000;
  const sent: ClientFrame[] = [];
  const commands = new Commands(
    (frame) => sent.push(frame) > 0,
    () => now,
    () => PRESSED + now - 1000,
    () => undefined,
  );
  commands.acknowledge(anAlarm({}), "high");
  const [frame] = sent;
  now += 500;
  commands.result({ t: "res", cmd_id: frame?.t === "cmd" ? frame.cmd_id : "", ok: false, ...answer });
  expect(commands.waiting.size).toBe(0);
  return commands.toasts.map((t) => `${t.tone}: ${t.text}`);
}

describe("a refused acknowledgement", () => {
  const acked = { acked_by: "M. Ortiz", acked_at: "2026-11-20T01:04:58.800Z" };

  it("names who was faster, and by how much", () => {
    const alarm = anAlarm({ state: "active_ack", ...acked });
    expect(told({ code: "already_acked", alarm })).toEqual([
      "neutral: Acknowledged by M. Ortiz 1.2 s earlier.",
    ]);
  });

  it("names them also where their acknowledgement closed the ended alarm", () => {
    const alarm = anAlarm({ state: "closed", reason: "ack", ...acked });
    expect(told({ code: "closed", alarm })).toEqual(["neutral: Acknowledged by M. Ortiz 1.2 s earlier."]);
    const longAgo = { ...alarm, acked_at: "2026-11-20T01:00:00Z" };
    expect(told({ code: "closed", alarm: longAgo })).toEqual([
      "neutral: Acknowledged by M. Ortiz 5:00 earlier.",
    ]);
  });

  it("says that it had ended where it ended by itself", () => {
    const alarm = anAlarm({ state: "closed", reason: "self" });
    expect(told({ code: "closed", alarm })).toEqual(["neutral: This alarm had already ended."]);
  });

  it("says how it got worse, once", () => {
    const alarm = anAlarm({ label: "V-FIB", detail: "v-fib" });
    expect(told({ code: "worse", alarm })).toEqual(["error: NOT ACKNOWLEDGED: the alarm got worse: V-FIB."]);
  });
});
