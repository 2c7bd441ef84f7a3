import { describe, expect, it } from "vitest";
import { AlarmBook, byUrgency, detailOf, digest, fnv1a64, mark, shortLabel } from "./alarms";
import { anAlarm } from "./testing";
import { TONES, burstLength, wantedSound } from "./tones";

describe("digest", () => {
  it("equals the published vectors of FNV-1a 64", () => {
    // http://www.isthe.com/chongo/tech/comp/fnv/ (test_fnv.c)
    expect(fnv1a64("")).toBe("cbf29ce484222325");
    expect(fnv1a64("a")).toBe("af63dc4c8601ec8c");
    expect(fnv1a64("foobar")).toBe("85944171f73967e8");
  });

  it("hashes bytes, not UTF-16 units", () => {
    expect(fnv1a64("é")).toBe(fnv1a64(String.fromCodePoint(0xe9)));
    expect(fnv1a64("é")).not.toBe(fnv1a64("e"));
  });

  it("does not depend on the order in which the alarms came", () => {
    const a = anAlarm({ id: "01A", version: 2, state: "active_ack" });
    const b = anAlarm({ id: "01B" });
    expect(digest([b, a])).toBe(digest([a, b]));
    expect(digest([a, b])).toBe(fnv1a64("01A|2|active_ack\n01B|1|active_unack\n"));
  });

  it("differs when one alarm has another version or state", () => {
    const one = digest([anAlarm({})]);
    expect(digest([anAlarm({ version: 2 })])).not.toBe(one);
    expect(digest([anAlarm({ state: "latched_unack" })])).not.toBe(one);
  });
});

describe("order", () => {
  const at = (minute: number) => `2026-11-20T01:${String(minute).padStart(2, "0")}:00Z`;
  const order = (...alarms: Parameters<typeof anAlarm>[0][]) =>
    alarms
      .map(anAlarm)
      .sort(byUrgency)
      .map((a) => a.id);

  it("puts what happens now before what has ended, and the newest onset first", () => {
    expect(
      order(
        { id: "ended", state: "latched_unack", truth: "false", onset: at(1) },
        { id: "ended-later", state: "latched_unack", truth: "false", onset: at(9) },
        { id: "taken", state: "active_ack", onset: at(8) },
        { id: "ending", truth: "false", onset: at(7) },
        { id: "no-input", truth: "unknown", onset: at(3) },
        { id: "first", onset: at(2) },
        { id: "newest", onset: at(5) },
      ),
    ).toEqual(["newest", "no-input", "first", "ended-later", "ending", "ended", "taken"]);
  });

  it("puts priority before that, and what nobody has taken before everything: it is sounding", () => {
    expect(
      order(
        { id: "low", priority: "low", onset: at(9) },
        { id: "high-taken", state: "active_ack", onset: at(9) },
        { id: "medium", priority: "medium", onset: at(9) },
        { id: "high-ended", state: "latched_unack", truth: "false", onset: at(1) },
      ),
    ).toEqual(["high-ended", "medium", "low", "high-taken"]);
  });

  it("puts what another alarm explains behind what calls", () => {
    expect(
      order({ id: "hr", priority: "high", suppressed_by: "vf" }, { id: "low", priority: "low" }),
    ).toEqual(["low", "hr"]);
  });

  it("is the same whatever order the alarms came in", () => {
    expect(order({ id: "b" }, { id: "a" })).toEqual(order({ id: "a" }, { id: "b" }));
  });
});

describe("words", () => {
  it("tell the lethal rhythms apart in the few letters that a tile has", () => {
    const short = (label: string) => shortLabel(anAlarm({ label }));
    expect(short("VENTRICULAR FIBRILLATION")).toBe("V-FIB");
    expect(short("VENTRICULAR TACHYCARDIA")).toBe("V-TACH");
    expect(short("EXTREME BRADYCARDIA")).toBe("EXT BRADY");
    expect(short("ASYSTOLE")).toBe("ASYSTOLE");
    expect(short("SOMETHING NEW")).toBe("SOMETHING NEW");
  });

  it("do not say the label twice", () => {
    const detail = (label: string, detail: string) => detailOf(anAlarm({ label, detail }));
    expect(detail("VENTRICULAR FIBRILLATION", "ventricular fibrillation")).toBe("");
    expect(detail("ASYSTOLE", "no beat for 4 s")).toBe("no beat for 4 s");
  });
});

describe("AlarmBook", () => {
  it("takes a change once, and never an older one after a newer one", () => {
    const book = new AlarmBook();
    expect(book.apply(anAlarm({ version: 2, state: "active_ack" }))).toBe(true);
    expect(book.apply(anAlarm({ version: 2, state: "active_ack" }))).toBe(false);
    expect(book.apply(anAlarm({ version: 1 }))).toBe(false);
    expect(book.open().map((a) => a.state)).toEqual(["active_ack"]);
  });

  it("never opens a closed alarm again", () => {
    const book = new AlarmBook();
    book.apply(anAlarm({ version: 3, state: "closed" }));
    expect(book.apply(anAlarm({ version: 4 }))).toBe(false);
    expect(book.open()).toEqual([]);
    expect(book.closed()).toHaveLength(1);
  });

  it("forgets with a snapshot what ended while nobody told us", () => {
    const book = new AlarmBook();
    book.apply(anAlarm({ id: "gone" }));
    book.replace([anAlarm({ id: "here" }), anAlarm({ id: "not-yet", state: "pending" })]);
    expect(book.open().map((a) => a.id)).toEqual(["here"]);
  });
});

describe("mark", () => {
  it("has asterisks for the patient and exclamation marks for technology", () => {
    expect(mark({ type: "physiological", priority: "high" })).toBe("***");
    expect(mark({ type: "physiological", priority: "low" })).toBe("*");
    expect(mark({ type: "technical", priority: "medium" })).toBe("!!");
    expect(mark({ type: "system", priority: "high" })).toBe("!!!");
    expect(mark({ type: "technical", priority: "info" })).toBe("i");
  });
});

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
