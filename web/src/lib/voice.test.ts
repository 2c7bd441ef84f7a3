import { describe, expect, it } from "vitest";
import { AlarmBook } from "./alarms";
import { pauseOf, remaining, type Ask, type Pause } from "./pauses";
import type { Alarm } from "./protocol";
import { anAlarm } from "./testing";
import { TONES, burstLength } from "./tones";
import { answered, chatterKey, wantedSound as wantedOf, type Hearing } from "./voice";

const T = Date.parse("2026-11-20T01:10:00Z");

/** Nothing is paused, and nothing sounded before, but for what a test wants different. */
const hearing = (over: Partial<Hearing> = {}): Hearing => ({
  now: T,
  monotonic: 600_000,
  asked: () => ({ at: T - 60_000, seen: 540_000 }),
  station: null,
  patients: new Map(),
  sounded: new Map(),
  ...over,
});

const wantedSound = (open: Alarm[], over: Partial<Hearing> = {}) => wantedOf(open, hearing(over));

describe("tones", () => {
  it("start when the specification says", () => {
    expect(TONES.high.starts).toEqual([0, 0.25, 0.5, 1.0, 1.25, 1.9, 2.15, 2.4, 2.9, 3.15]);
    expect(burstLength("high")).toBeCloseTo(3.3);
    expect(TONES.medium.starts).toHaveLength(3);
    expect(TONES.low.starts).toHaveLength(2);
  });

  it("sound for the highest priority that nobody has acknowledged", () => {
    expect(
      wantedSound([
        anAlarm({ id: "m", priority: "medium" }),
        anAlarm({ id: "h", priority: "high", state: "active_ack" }),
      ]),
    ).toEqual({ priority: "medium", pause: 15, ids: ["m"] });
  });

  it("not for one that another alarm explains, unless that one is not known here", () => {
    const explained = anAlarm({ id: "hr", priority: "medium", suppressed_by: "vf" });
    const vf = anAlarm({ id: "vf", state: "active_ack" });
    expect(wantedSound([explained, vf])).toBeNull();
    expect(wantedSound([explained])).toMatchObject({ priority: "medium", ids: ["hr"] });
  });

  it("not for one that somebody put off", () => {
    expect(wantedSound([anAlarm({ priority: "medium", snooze_until: "2026-11-20T02:00:00Z" })])).toBeNull();
  });

  it("go on slower for a latched HIGH, and not at all for a latched MEDIUM", () => {
    expect(wantedSound([anAlarm({ state: "latched_unack" })])).toMatchObject({ priority: "high", pause: 10 });
    expect(wantedSound([anAlarm({ state: "latched_unack", priority: "medium" })])).toBeNull();
  });

  it("keep the pace of an active HIGH beside a latched one", () => {
    const wanted = wantedSound([anAlarm({ id: "l", state: "latched_unack" }), anAlarm({ id: "a" })]);
    expect(wanted).toEqual({ priority: "high", pause: 5, ids: ["l", "a"] });
  });

  it("are silent when everything is acknowledged, closed or only information", () => {
    expect(
      wantedSound([
        anAlarm({ state: "active_ack" }),
        anAlarm({ state: "closed" }),
        anAlarm({ priority: "info" }),
      ]),
    ).toBeNull();
  });
});

/** Asked ten seconds before the pause, or that much after it. */
const before: Ask = { at: T - 10_000, seen: 590_000 };
const after: Ask = { at: T + 1, seen: 600_001 };
const pause: Pause = { since: T, until: T + 120_000, by: "K. Lee", seen: 600_000, ends: 720_000 };
/** A second into the pause. */
const later = { now: T + 1000, monotonic: 601_000 };
const asks = (of: Record<string, Ask>) => (id: string) => of[id];
const heard = (open: Alarm[], over: Partial<Hearing>) => wantedSound(open, { ...later, ...over })?.ids ?? [];

describe("a pause of the station", () => {
  const station = pause;
  const high = anAlarm({ id: "old" });

  it("silences what was on the screen when its user pressed, for as long as it lasts and no longer", () => {
    const asked = asks({ old: before });
    expect(heard([high], { station, asked })).toEqual([]);
    expect(heard([high], { station, asked, now: T + 119_999 })).toEqual([]);
    expect(heard([high], { station, asked, now: T + 120_000 })).toEqual(["old"]);
  });

  it("never a new HIGH, of whomever, nor one that asks again", () => {
    const asked = asks({ old: before, new: after });
    expect(heard([high, anAlarm({ id: "new" })], { station, asked })).toEqual(["new"]);
    expect(heard([high], { station, asked: asks({ old: after }) })).toEqual(["old"]);
    expect(
      heard([anAlarm({ id: "old", priority: "low" }), anAlarm({ id: "new" })], { station, asked }),
    ).toEqual(["new"]);
  });

  it("nor one that began within the second before the press: nobody can have meant it", () => {
    const asked = asks({ old: { at: T - 900, seen: 599_100 } });
    expect(heard([high], { station, asked })).toEqual(["old"]);
  });

  it("nor one of which this page does not know since when it asks", () => {
    expect(heard([high], { station, asked: () => undefined })).toEqual(["old"]);
  });

  it("does not go by the clocks of servers: what came behind it sounds, whenever it says that it was raised", () => {
    expect(heard([high], { station, asked: asks({ old: { at: T - 5000, seen: 600_001 } }) })).toEqual([
      "old",
    ]);
  });

  it("lets a new one sound that is no less urgent, and one that is less urgent wait", () => {
    const asked = asks({ old: before, new: after });
    const beside = (priority: Alarm["priority"]) =>
      heard([anAlarm({ id: "old", priority: "medium" }), anAlarm({ id: "new", priority })], {
        station,
        asked,
      });
    expect([beside("high"), beside("medium"), beside("low")]).toEqual([["new"], ["new"], []]);
  });

  it("holds nothing back for one that somebody has acknowledged meanwhile", () => {
    const asked = asks({ old: before, new: after });
    const taken = anAlarm({ id: "old", state: "active_ack" });
    expect(heard([taken, anAlarm({ id: "new", priority: "low" })], { station, asked })).toEqual(["new"]);
  });

  it("is told again as it was: a press that the server refused does not silence what came since the first", () => {
    const decided = { since: new Date(T).toISOString(), until: new Date(T + 120_000).toISOString(), by: "?" };
    const first = pauseOf(decided, 600_000, 600_100);
    const refused = 630_000; // monotonic; then a snapshot tells the pause that holds
    const station = pauseOf(decided, refused, 630_100, first);
    const asked = asks({ old: before, new: { at: T + 10_000, seen: 610_000 } });
    const wanted = heard([high, anAlarm({ id: "new" })], { station, asked, now: T + 31_000 });
    expect(wanted).toEqual(["new"]);
    const anew = pauseOf({ ...decided, since: new Date(T + 30_000).toISOString() }, refused, 630_100, first);
    expect(anew?.seen).toBe(refused);
  });

  it("shows no more than the whole where the times on the screen are of half a second before it was told", () => {
    expect(remaining(pause, T - 500, 599_500)).toBe(120_000);
  });

  it("lasts two minutes at most, whatever anybody says", () => {
    const since = new Date(T).toISOString();
    const endless = pauseOf({ since, until: "2099-01-01T00:00:00Z", by: "?" }, 600_000, 600_100);
    expect(heard([high], { station: endless, asked: asks({ old: before }), now: T + 121_000 })).toEqual([
      "old",
    ]);
    expect(pauseOf(null, 0, 0)).toBeNull();
  });
});

describe("when the server's clock is set back", () => {
  const old = anAlarm({ id: "old" });
  const asked = () => before;
  const whose: [string, Partial<Hearing>][] = [
    ["station", { station: pause, asked }],
    ["patient", { patients: new Map([["p1", pause]]), asked }],
  ];

  it.each(whose)("by an hour, the pause of a %s is over: it was silent for that hour", (_, over) => {
    expect(heard([old], { ...over, now: T - 3_600_000 })).toEqual(["old"]);
  });

  it.each(whose)("by a minute in its middle, the pause of a %s is over", (_, over) => {
    const middle = { now: T - 30_000, monotonic: 630_000 };
    expect(heard([old], { ...over, ...middle })).toEqual(["old"]);
  });

  it.each(whose)(
    "by less than clocks may differ, the pause of a %s lasts no longer than it would",
    (_, over) => {
      expect(heard([old], { ...over, now: T - 5000, monotonic: 605_000 })).toEqual([]);
      expect(heard([old], { ...over, now: T + 109_999, monotonic: 719_999 })).toEqual([]);
      expect(heard([old], { ...over, now: T + 110_000, monotonic: 720_000 })).toEqual(["old"]);
    },
  );

  it("a snapshot that tells the pause again makes it no longer", () => {
    const decided = { since: new Date(T).toISOString(), until: new Date(T + 120_000).toISOString(), by: "?" };
    const first = pauseOf(decided, 600_000, 600_100);
    const again = pauseOf(decided, 600_000, 700_000, first);
    expect(remaining(again, T + 60_000, 700_000)).toBe(20_100);
  });
});

describe("a pause of a patient", () => {
  const patients = new Map([["p1", pause]]);
  const asked = asks({ old: before, new: after });
  const old = anAlarm({ id: "old" });

  it("silences that patient only", () => {
    expect(heard([old], { patients, asked })).toEqual([]);
    expect(heard([old, anAlarm({ id: "new", patient: "p2", priority: "low" })], { patients, asked })).toEqual(
      ["new"],
    );
    expect(heard([old, anAlarm({ id: "other", patient: "p2" })], { patients, asked: () => before })).toEqual([
      "other",
    ]);
  });

  it("never a new HIGH of the same patient", () => {
    expect(heard([old, anAlarm({ id: "new", condition: "VF" })], { patients, asked })).toEqual(["new"]);
  });

  it("goes by the server's clock where the page began within it, and by what came behind where it did not", () => {
    const begun = new Map([["p1", { ...pause, seen: Infinity }]]);
    expect(
      heard([old], { patients: begun, asked: asks({ old: { at: T - 10_000, seen: 601_000 } }) }),
    ).toEqual([]);
    expect(heard([old], { patients: begun, asked: asks({ old: { at: T - 500, seen: 601_000 } }) })).toEqual([
      "old",
    ]);
    expect(heard([old], { patients, asked: asks({ old: { at: T - 10_000, seen: 600_001 } }) })).toEqual([
      "old",
    ]);
  });
});

describe("since when an alarm asks", () => {
  const at = (s: number) => new Date(T + 1000 * s).toISOString();
  const first = anAlarm({ version: 1, priority: "medium", raised: at(-60), changed: at(-60) });
  const asked = (...changes: Partial<Alarm>[]) => {
    const book = new AlarmBook();
    book.apply(first, 100);
    changes.forEach((c, i) =>
      book.apply(
        {
          ...first,
          ...changes.slice(0, i).reduce((a, b) => ({ ...a, ...b }), {}),
          ...c,
          version: i + 2,
          changed: at(i),
        },
        200 + i,
      ),
    );
    return book.asked(first.id)?.seen;
  };

  it("is when it was raised, whatever else is said of it", () => {
    expect(asked({ truth: "unknown" }, { detail: "HR 150" })).toBe(100);
  });

  it("is the last time that it called for somebody", () => {
    expect(asked({ priority: "high" })).toBe(200);
    expect(asked({ state: "active_ack", acked_at: at(0) }, { state: "active_unack", count: 2 })).toBe(201);
    expect(asked({ state: "latched_unack" }, { state: "active_unack", count: 2 })).toBe(201);
    expect(asked({ suppressed_by: "vf" }, { suppressed_by: "" })).toBe(201);
    expect(asked({ snooze_until: at(900) }, { snooze_until: null })).toBe(201);
  });

  it("is kept through a snapshot that says nothing new, and else is when that came", () => {
    const book = new AlarmBook();
    book.replace([{ ...first, version: 3, changed: at(-5) }], 50);
    expect(book.asked(first.id)).toEqual({ at: T - 5000, seen: 50 });
    book.replace([{ ...first, version: 4, changed: at(-1), truth: "unknown" }], 70);
    expect(book.asked(first.id)?.seen).toBe(50);
    book.replace([{ ...first, version: 6, changed: at(0), acked_at: at(-1) }], 90); // taken and given back meanwhile
    expect(book.asked(first.id)?.seen).toBe(90);
    book.replace([], 95);
    expect(book.asked(first.id)).toBeUndefined();
  });
});

describe("what comes and goes", () => {
  const medium = anAlarm({ id: "m", priority: "medium", condition: "HR_HIGH", chattering: true });
  const sounded = new Map([[chatterKey(medium), 500_000]]);

  it("sounds once in two minutes, as which episode ever", () => {
    expect(heard([medium], {})).toEqual(["m"]);
    expect(heard([{ ...medium, id: "m7" }], { sounded, monotonic: 619_999 })).toEqual([]);
    expect(heard([{ ...medium, id: "m7" }], { sounded, monotonic: 620_000 })).toEqual(["m7"]);
  });

  it("but at once as HIGH, or as more urgent than it was, of another patient, or as another condition", () => {
    const all = new Map([...sounded, [chatterKey({ ...medium, priority: "high" }), 600_999]]);
    const over = { sounded: all, monotonic: 601_000 };
    expect(heard([{ ...medium, priority: "high" }], over)).toEqual(["m"]);
    expect(heard([{ ...medium, patient: "p2" }], over)).toEqual(["m"]);
    expect(heard([{ ...medium, condition: "RR_HIGH" }], over)).toEqual(["m"]);
    const low = { ...medium, priority: "low" as const };
    expect(heard([medium], { ...over, sounded: new Map([[chatterKey(low), 600_999]]) })).toEqual(["m"]);
  });

  it("keeps nothing else silent, and does not sound along", () => {
    const other = anAlarm({ id: "low", priority: "low" });
    expect(heard([medium, other], { sounded })).toEqual(["low"]);
    expect(heard([medium, anAlarm({ id: "m2", priority: "medium" })], { sounded })).toEqual(["m2"]);
    expect(heard([medium, anAlarm({ id: "high" })], { sounded })).toEqual(["high"]);
  });
});

describe("what an outage of the site explains", () => {
  const outage = anAlarm({ id: "site", type: "system", condition: "SITE_OUTAGE", patient: "" });
  const lost = anAlarm({ id: "lost", type: "technical", priority: "medium", suppressed_by: "site" });
  const vf = anAlarm({ id: "vf", condition: "VF", patient: "p9" });

  it("is silent beside it, and a fibrillation is not", () => {
    expect(heard([outage, lost, vf], {})).toEqual(["site", "vf"]);
    expect(heard([{ ...outage, state: "active_ack" }, lost, vf], {})).toEqual(["vf"]);
    expect(heard([{ ...outage, state: "active_ack" }, lost], {})).toEqual([]);
  });

  it("sounds where the outage is not known here, or has ended", () => {
    expect(heard([lost], {})).toEqual(["lost"]);
    const ended = { ...outage, state: "latched_unack" as const, priority: "medium" as const };
    expect(heard([ended, lost], {})).toEqual(["lost"]);
  });
});

describe("a burst", () => {
  const h = hearing({ ...later, station: pause, asked: asks({ paused: before, fresh: after }) });
  const book =
    (...all: Alarm[]) =>
    (id: string) =>
      all.find((a) => a.id === id);
  const of = (over: Partial<Alarm>) => answered([over.id ?? ""], book(anAlarm(over)), h);

  it("stops when people have answered it", () => {
    expect(of({ id: "x", state: "active_ack" })).toBe(true);
    expect(of({ id: "x", state: "closed", reason: "ack" })).toBe(true);
    expect(of({ id: "x", state: "closed", reason: "off" })).toBe(true);
    expect(of({ id: "x", priority: "medium", snooze_until: "2026-11-20T02:00:00Z" })).toBe(true);
    expect(of({ id: "paused" })).toBe(true);
  });

  it("goes on to its end for what nobody has answered, ended by itself, or is not known", () => {
    expect(of({ id: "fresh" })).toBe(false);
    expect(of({ id: "x", state: "closed", reason: "self" })).toBe(false);
    expect(answered(["offline"], book(), h)).toBe(false);
    expect(answered([], book(), h)).toBe(false);
    const one = anAlarm({ id: "x", state: "active_ack" });
    expect(answered(["x", "fresh"], book(one, anAlarm({ id: "fresh" })), h)).toBe(false);
  });
});
