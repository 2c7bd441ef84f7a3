import { describe, expect, it } from "vitest";
import { floodOf } from "./flood";
import { may, roleName, takenTogether } from "./may";
import { nest, unhidden } from "./nest";
import type { Alarm, Care } from "./protocol";
import { anAlarm } from "./testing";
import { Ward } from "./ward.svelte";

const T = Date.parse("2026-11-20T01:10:00Z");

describe("a flood", () => {
  const many = (n: number, over: Partial<Alarm> = {}) =>
    Array.from({ length: n }, (_, i) =>
      anAlarm({
        id: `${over.patient ?? "p"}${i}`,
        priority: i % 2 ? "low" : "medium",
        raised: new Date(T - 1000 * i).toISOString(),
        ...over,
      }),
    );

  it("is more than ten new alarms within ten minutes, open or over", () => {
    expect(floodOf(many(10), T)).toBeNull();
    expect(floodOf([...many(10), ...many(1, { patient: "q", state: "closed" })], T)?.raised).toBe(11);
    const old = many(11, { raised: new Date(T - 600_001).toISOString() });
    expect(floodOf(old, T)).toBeNull();
  });

  it("has no part in HIGH, in information, in what another alarm explains or continues", () => {
    for (const over of [
      { priority: "high" },
      { priority: "info" },
      { suppressed_by: "x" },
      { previous: "x" },
    ] as const) {
      expect(floodOf([...many(10), ...many(5, { patient: "q", ...over })], T)).toBeNull();
    }
  });

  it("is grouped by patient, those with the most first", () => {
    const flood = floodOf(
      [...many(4, { patient: "b", priority: "low" }), ...many(7, { patient: "a", state: "closed" })],
      T,
    );
    expect(flood?.shares).toEqual([
      { patient: "a", raised: 7, open: 0, priority: "medium" },
      { patient: "b", raised: 4, open: 4, priority: "low" },
    ]);
  });
});

describe("what explains what", () => {
  const ids = (all: Alarm[]) => nest(unhidden(all)).map((n) => [n.alarm.id, ...n.explained.map((a) => a.id)]);
  const site = anAlarm({ id: "site" });
  const hub = anAlarm({ id: "hub", suppressed_by: "site" });
  const patch = anAlarm({ id: "patch", suppressed_by: "hub" });
  const vf = anAlarm({ id: "vf" });

  it("puts all below the last that explains them", () => {
    expect(ids([vf, site, hub, patch])).toEqual([["vf"], ["site", "hub", "patch"]]);
  });

  it("lets everything stand by itself whose explanation is gone, or has ended", () => {
    expect(ids([vf, hub, patch])).toEqual([["vf"], ["hub", "patch"]]);
    expect(ids([{ ...site, state: "latched_unack" }, hub, patch])).toEqual([["site"], ["hub", "patch"]]);
  });

  it("hides nothing in a circle", () => {
    expect(ids([anAlarm({ id: "a", suppressed_by: "b" }), anAlarm({ id: "b", suppressed_by: "a" })])).toEqual(
      [["a"], ["b"]],
    );
    const lasso = [
      anAlarm({ id: "c", suppressed_by: "a" }),
      anAlarm({ id: "a", suppressed_by: "b" }),
      anAlarm({ id: "b", suppressed_by: "a" }),
    ];
    expect(ids(lasso).flat().sort()).toEqual(["a", "b", "c"]);
  });
});

describe("who is offered what", () => {
  const mine = anAlarm({ owner: "s1", state: "active_ack" });
  const technical = anAlarm({ type: "technical" });
  const offers = (role: string) =>
    [
      may({ id: "s1", role }, "ack", mine) && "ack",
      may({ id: "s1", role }, "ack", technical) && "ack technical",
      may({ id: "s1", role }, "unack", mine) && "give back",
      may({ id: "s2", role }, "unack", mine) && "give another's back",
      may({ id: "s1", role }, "snooze") && "snooze",
      may({ id: "s1", role }, "pause_station") && "pause",
      may({ id: "s1", role }, "standby") && "standby",
      may({ id: "s1", role }, "alarm_off") && "off",
    ].filter(Boolean);

  it("is what the server lets each role do", () => {
    const nurse = ["ack", "ack technical", "give back", "snooze", "pause", "standby"];
    const charge = [
      "ack",
      "ack technical",
      "give back",
      "give another's back",
      "snooze",
      "pause",
      "standby",
      "off",
    ];
    expect(["viewer", "admin", "technician", "nurse"].map(offers)).toEqual([
      [],
      [],
      ["ack technical"],
      nurse,
    ]);
    expect([offers("charge"), offers("physician")]).toEqual([charge, charge]);
  });

  it("takes together what is LOW, of one patient, and calls", () => {
    const low = (id: string, over: Partial<Alarm> = {}) => anAlarm({ id, priority: "low", ...over });
    const all = [
      low("a"),
      low("technical", { type: "technical" }),
      low("other", { patient: "p2" }),
      low("taken", { state: "active_ack" }),
      low("explained", { suppressed_by: "x" }),
      low("later", { snooze_until: "2026-11-20T02:00:00Z" }),
      anAlarm({ id: "medium", priority: "medium" }),
      anAlarm({ id: "high" }),
    ];
    const ids = (role: string) => takenTogether({ id: "s1", role }, "p1", all).map((a) => a.id);
    expect([ids("nurse"), ids("technician"), ids("viewer")]).toEqual([["a", "technical"], ["technical"], []]);
  });
});

describe("what is decided about a patient", () => {
  const at = (seconds: number) => new Date(T + 1000 * seconds).toISOString();
  const decided = (from: number, until: number) => ({ since: at(from), until: at(until), by: "K. Lee" });
  const care = (version: number, over: Partial<Care> = {}): Care => {
    return { patient: "p1", version, away: null, paused: null, off: [], ...over };
  };
  const ward = () => {
    const staff = { id: "s1", name: "K. Lee", role: "nurse" as const, login: "lee" };
    const w = new Ward(staff as Ward["staff"], { id: "demo", name: "Demo", zone: "UTC" }, "desk-1");
    w.serverNow = T;
    return w;
  };

  it("is never taken back by an older event", () => {
    const w = ward();
    w.takeCare(care(5, { away: decided(-60, 3600) }), 100);
    w.takeCare(care(4), 101);
    expect(w.holding("p1")).toMatchObject({ version: 5, away: { by: "K. Lee" } });
  });

  it("is what a snapshot says, also where the server has lost what it said before", () => {
    const w = ward();
    w.takeCare(care(5, { away: decided(-60, 3600), paused: decided(-10, 110) }), 100);
    w.takeCare({ ...care(2, { away: decided(-60, 3600) }), patient: "p2" }, 100);
    w.replaceCares([care(4)], 101);
    expect(w.holding("p1")).toMatchObject({ version: 4, away: null, pausedMs: 0 });
    expect(w.holding("p2")).toMatchObject({ version: 0, away: null });
  });

  it("keeps through a snapshot when a pause was learned of: what came since sounds", () => {
    const w = ward();
    w.takeCare(care(5, { paused: decided(-10, 110) }), 100);
    w.replaceCares([care(5, { paused: decided(-10, 110) })], 5000);
    expect(w.pauses.get("p1")).toMatchObject({ seen: 100, ends: 120_100 });
    w.replaceCares([care(6, { paused: decided(-5, 115) })], 5000);
    expect(w.pauses.get("p1")).toMatchObject({ seen: Infinity, ends: 125_000 });
  });

  it("is no pause any more, nor shown as one, when the server's clock is set back behind it", () => {
    const w = ward();
    w.replaceCares([care(5, { paused: decided(-10, 110) })], 100);
    expect(w.holding("p1").pausedMs).toBe(110_000);
    w.serverNow = T - 3_600_000;
    expect(w.holding("p1").pausedMs).toBe(0);
  });
});

describe("who sits at the screen", () => {
  it("is named as people say it", () => {
    expect(["nurse", "charge", "physician", "admin"].map(roleName)).toEqual([
      "nurse",
      "charge nurse",
      "physician",
      "administrator",
    ]);
  });
});
