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

describe("a command about more than one alarm, or about none", () => {
  const scene = () => {
    let now = 1000;
    const sent: Extract<ClientFrame, { t: "cmd" }>[] = [];
    const commands = new Commands(
      (frame) => frame.t === "cmd" && sent.push(frame) > 0,
      () => now,
      () => PRESSED + now - 1000,
      () => undefined,
    );
    const told = () => commands.toasts.map((t) => t.text);
    return { commands, sent, told, pass: (ms: number) => ((now += ms), commands.tick()) };
  };

  it("names each alarm as it was seen, and says which the server did not take", () => {
    const { commands, sent, told, pass } = scene();
    const [a, b] = [anAlarm({ id: "a", version: 3 }), anAlarm({ id: "b", version: 5, label: "TEMP" })];
    commands.acknowledgeLow("p1", [a, b]);
    expect(sent[0]).toMatchObject({
      op: "ack_low",
      patient: "p1",
      seen: [
        { alarm: "a", version: 3 },
        { alarm: "b", version: 5 },
      ],
    });
    const each = [{ alarm: "a" }, { alarm: "b", code: "worse" as const, now: { ...b, detail: "40.1" } }];
    commands.result({ t: "res", cmd_id: sent[0]?.cmd_id ?? "", ok: true, each });
    expect(told()).toEqual(["NOT ACKNOWLEDGED: the alarm got worse: TEMP 40.1."]);
    expect([...commands.waiting.keys()]).toEqual(["a"]); // until its event comes
    pass(6000);
    expect(told()).toHaveLength(1); // it was carried out: nothing failed
  });

  it("says it once where the answer does not come, or the line is lost", () => {
    const lost = scene();
    lost.commands.acknowledgeLow("p1", [anAlarm({ id: "a" }), anAlarm({ id: "b" })]);
    lost.commands.interrupted();
    expect(lost.told()).toHaveLength(1);
    const silent = scene();
    silent.commands.care({ op: "standby", patient: "p1", seconds: 900, where: "X-ray" }, 0);
    silent.pass(5001);
    expect(silent.told()).toEqual(["NO STANDBY: the server did not answer. Press again."]);
  });

  it("waits for the server's event, and is not sent twice meanwhile", () => {
    const { commands, sent } = scene();
    const care = { patient: "p1", away: null, paused: null, off: [] };
    commands.care({ op: "pause", patient: "p1", seconds: 120 }, 4);
    commands.care({ op: "pause", patient: "p1", seconds: 120 }, 4);
    expect(sent).toHaveLength(1);
    commands.settleCare({ ...care, version: 4 });
    expect(commands.waiting.size).toBe(1);
    commands.settleCare({ ...care, version: 5 }); // which may be somebody else's
    expect(commands.waiting.size).toBe(1);
    commands.result({ t: "res", cmd_id: sent[0]?.cmd_id ?? "", ok: true });
    expect(commands.waiting.size).toBe(0);
    expect(commands.pauseStation(120)).toBe(true);
    expect(commands.pauseStation(120)).toBe(false);
    commands.result({ t: "res", cmd_id: sent[1]?.cmd_id ?? "", ok: true });
    commands.settleStation();
    expect(commands.pauseStation(0)).toBe(true);
  });

  it("is told why it was refused though the event of what was faster came before the answer", () => {
    const { commands, sent, told } = scene();
    const a = anAlarm({ id: "a", label: "HR HIGH", detail: "" });
    commands.acknowledge(a, "medium");
    commands.settle({ ...a, version: 2, priority: "high" });
    commands.result({ t: "res", cmd_id: sent[0]?.cmd_id ?? "", ok: false, code: "worse", alarm: a });
    expect(told()).toEqual(["NOT ACKNOWLEDGED: the alarm got worse: HR HIGH."]);
    commands.acknowledge(a, "high");
    const theirs = { ...a, version: 3, state: "active_ack" as const, acked_by: "M. Ortiz" };
    commands.settle(theirs);
    commands.result({
      t: "res",
      cmd_id: sent[1]?.cmd_id ?? "",
      ok: false,
      code: "already_acked",
      alarm: theirs,
    });
    expect(told()[1]).toBe("Acknowledged by M. Ortiz.");
    expect(commands.waiting.size).toBe(0);
  });
});
