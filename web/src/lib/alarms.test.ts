import { describe, expect, it } from "vitest";
import { AlarmBook, alike, byUrgency, detailOf, digest, fnv1a64, mark, shortLabel } from "./alarms";
import { anAlarm } from "./testing";

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

describe("alarms that say the same of one patient", () => {
  it("are told apart by their site, and by nothing where there is only one", () => {
    const silent = { condition: "NO_DATA", type: "technical" } as const;
    const found = alike([
      anAlarm({ id: "patch", site: "patch-1", ...silent }),
      anAlarm({ id: "asystole" }),
      anAlarm({ id: "oximeter", site: "oximeter-1", ...silent }),
      anAlarm({ id: "cuff", site: "cuff-1", ...silent }),
      anAlarm({ id: "another's", patient: "p2", site: "patch-2", ...silent }),
    ]);
    expect([...found]).toEqual(["patch", "oximeter", "cuff"]);
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

  it("puts a fibrillation before the outage of a site around it", () => {
    expect(order({ id: "site", type: "system", onset: at(9) }, { id: "vf", onset: at(1) })).toEqual([
      "vf",
      "site",
    ]);
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
    expect(book.apply(anAlarm({ version: 2, state: "active_ack", unrecorded: true }))).toBe(true);
    expect(book.apply(anAlarm({ version: 2, state: "active_ack", unrecorded: true }))).toBe(false);
    expect(book.apply(anAlarm({ version: 1, state: "active_unack" }))).toBe(false);
    expect(book.apply(anAlarm({ version: 2, state: "active_ack" }))).toBe(true);
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
