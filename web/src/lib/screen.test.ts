import { describe, expect, it } from "vitest";
import { ServerClock } from "./clock";
import { flashPhase } from "./flash";
import { ZoneFormat, byBed, elapsed, initials, years } from "./format";
import { Dwell, step } from "./keys";
import { arrange, gridFor, keptShape, placesOf, rowHeight, shapeFor } from "./layout";
import { bloodPressure, heartRate, newest, staleness, type Shown } from "./numerics";

const shown = (over: Partial<Shown>): Shown => ({
  patient: "p1",
  device: "d1",
  kind: "heart_rate",
  value: "72",
  unit: "beats/minute",
  time: "",
  age_ms: 0,
  quality: "good",
  at: 0,
  ...over,
});

describe("staleness", () => {
  it("of a streamed value shows from 5 s and takes it down from 15 s", () => {
    expect([5000, 5001, 15_000, 15_001].map((now) => staleness(shown({}), now))).toEqual([
      "fresh",
      "aging",
      "aging",
      "stale",
    ]);
  });

  it("does not touch a spot value, which carries its time", () => {
    expect(staleness(shown({ kind: "systolic" }), 3_600_000)).toBe("fresh");
  });

  it("is none where nothing ever came", () => {
    expect(staleness(undefined, 0)).toBe("none");
  });

  it("shows the device that was heard last", () => {
    const values = {
      a: shown({ device: "a", at: 10, value: "70" }),
      b: shown({ device: "b", at: 20, value: "71" }),
    };
    expect(newest(values, "heart_rate")?.value).toBe("71");
    expect(newest(values, "spo2")).toBeUndefined();
  });
});

describe("the heart rate", () => {
  const ecg = { "heart_rate|patch": shown({ device: "patch", at: 40_000, value: "72" }) };
  const strap = { "heart_rate|strap": shown({ device: "strap", at: 40_900, value: "75" }) };
  const oximeter = {
    "pulse_rate|finger": shown({ device: "finger", kind: "pulse_rate", at: 40_500, value: "74" }),
  };

  it("is that of the ECG on the screen, and does not jump to whichever device was heard last", () => {
    expect(heartRate({ ...ecg, ...strap, ...oximeter }, "patch", 41_000)?.value).toBe("72");
    expect(heartRate({ ...strap, ...oximeter }, undefined, 41_000)?.value).toBe("75");
  });

  it("comes from another device where one has stopped", () => {
    const off = { "heart_rate|patch": shown({ device: "patch", at: 20_000, value: "72" }) };
    expect(heartRate({ ...off, ...strap }, "patch", 41_000)?.value).toBe("75");
    expect(heartRate({ ...off, ...oximeter }, "patch", 41_000)?.value).toBe("74");
    expect(heartRate({ ...off, ...oximeter }, undefined, 41_000)?.value).toBe("74");
  });

  it("is the last that was known where none comes any more", () => {
    expect(heartRate(ecg, "patch", 90_000)?.value).toBe("72");
    expect(heartRate({}, "patch", 90_000)).toBeUndefined();
  });
});

describe("blood pressure", () => {
  const cuff = (device: string, kind: string, value: string, time: string): Record<string, Shown> => ({
    [`${kind}|${device}`]: shown({ device, kind, value, time: `2026-11-20T${time}:00Z` }),
  });

  it("is one measurement of one device", () => {
    const values = { ...cuff("a", "systolic", "120", "02:00"), ...cuff("a", "diastolic", "80", "02:00") };
    expect(bloodPressure(values)).toEqual({ text: "120/80", time: "2026-11-20T02:00:00Z" });
    expect(bloodPressure({})).toBeUndefined();
  });

  it("never pairs two measurements, nor two devices", () => {
    const old = cuff("a", "diastolic", "81", "01:00");
    expect(bloodPressure({ ...old, ...cuff("a", "systolic", "203", "02:00") })?.text).toBe("203/--");
    expect(bloodPressure({ ...old, ...cuff("b", "systolic", "203", "01:00") })?.text).not.toBe("203/81");
    expect(bloodPressure(old)?.text).toBe("--/81");
  });

  it("is the newest of several devices", () => {
    const values = {
      ...cuff("a", "systolic", "120", "02:00"),
      ...cuff("a", "diastolic", "80", "02:00"),
      ...cuff("b", "systolic", "140", "01:00"),
      ...cuff("b", "diastolic", "90", "01:00"),
    };
    expect(bloodPressure(values)?.text).toBe("120/80");
  });
});

describe("flash", () => {
  it("has 20 HIGH and 6 MEDIUM cycles in 10 s, half of the time bright", () => {
    const rises = { high: 0, medium: 0 };
    const bright = { high: 0, medium: 0 };
    let before = { high: false, medium: false };
    for (let t = 0; t < 10_000; t += 5) {
      const on = flashPhase(t + 1234, ["high", "medium"]).split(" ");
      const now = { high: on.includes("high"), medium: on.includes("medium") };
      for (const p of ["high", "medium"] as const) {
        if (now[p] && !before[p]) rises[p]++;
        if (now[p]) bright[p]++;
      }
      before = now;
    }
    expect(Math.abs(rises.high - 20)).toBeLessThanOrEqual(1);
    expect(Math.abs(rises.medium - 6)).toBeLessThanOrEqual(1);
    expect(bright.high / 2000).toBeCloseTo(0.5, 1);
  });

  it("is still without alarms", () => {
    expect(flashPhase(1, [])).toBe("");
  });
});

describe("ServerClock", () => {
  it("is not moved by one heartbeat that was late", () => {
    let mono = 0;
    const clock = new ServerClock(() => mono);
    for (let i = 0; i < 9; i++) {
      mono += 2000;
      clock.observe(1_000_000 + mono - (i === 5 ? 900 : 20));
    }
    expect(clock.now()).toBe(1_000_000 + mono - 20);
  });
});

describe("formats", () => {
  it("tell the two hours of a night in which summer time ends apart by their offset", () => {
    const zone = new ZoneFormat("America/New_York");
    const first = "2026-11-01T05:30:00Z";
    const second = "2026-11-01T06:30:00Z";
    expect([zone.short(first), zone.offset(first)]).toEqual(["01:30", "UTC-04:00"]);
    expect([zone.short(second), zone.offset(second)]).toEqual(["01:30", "UTC-05:00"]);
  });

  it("fall back to UTC, and say so, for a zone that the browser does not know", () => {
    expect(new ZoneFormat("Mars/Olympus").offset("2026-11-01T05:30:00Z")).toMatch(/^UTC(\+00:00)?$/);
  });

  it("say the day of a measurement that is not of today", () => {
    const zone = new ZoneFormat("America/New_York");
    const today = zone.date("2026-11-20T12:00:00Z");
    expect(zone.moment("2026-11-20T05:30:00Z", today)).toBe("00:30");
    expect(zone.moment("2026-11-20T04:30:00Z", today)).toBe("19 Nov 23:30");
  });

  it("count elapsed time and age", () => {
    expect([0, 23_900, 3_671_000, -5].map(elapsed)).toEqual(["0:00", "0:23", "1:01:11", "0:00"]);
    const at = Date.parse("2026-11-20T00:00:00Z");
    expect([years("1936-11-20", at), years("1936-11-21", at), years(undefined, at)]).toEqual([90, 89, null]);
  });

  it("order beds as people count, and shorten names", () => {
    expect(["10", "2", "1A", "1"].sort(byBed)).toEqual(["1", "1A", "2", "10"]);
    expect([initials("Adaeze", "Okafor"), initials("", "Moreau"), initials("😀", "é")]).toEqual([
      "A.O.",
      "M.",
      "😀.É.",
    ]);
  });
});

describe("keys", () => {
  it("acknowledge only what has had the focus for 300 ms", () => {
    const dwell = new Dwell();
    dwell.observe("a|high", 0);
    expect(dwell.ready("a|high", 299)).toBe(false);
    expect(dwell.ready("a|high", 300)).toBe(true);
  });

  it("begin to wait anew when another alarm takes the place, or the same one gets worse", () => {
    const dwell = new Dwell();
    dwell.observe("a|medium", 0);
    expect(dwell.ready("b|medium", 400)).toBe(false);
    expect(dwell.ready("b|high", 900)).toBe(false);
    expect(dwell.ready("b|high", 1200)).toBe(true);
    expect(dwell.ready("", 9000)).toBe(false);
  });

  it("move within the grid and not out of it", () => {
    expect(step("ArrowDown", 3, 4, 16)).toBe(7);
    expect(step("ArrowUp", 3, 4, 16)).toBeNull();
    expect(step("ArrowRight", 15, 4, 16)).toBeNull();
    expect(step("x", 3, 4, 16)).toBeNull();
  });
});

describe("grid", () => {
  it("has a place for every patient", () => {
    expect([16, 32, 64].map(gridFor)).toEqual([
      { columns: 4, rows: 4 },
      { columns: 8, rows: 4 },
      { columns: 8, rows: 8 },
    ]);
    for (let n = 0; n <= 200; n++) {
      const { columns, rows } = gridFor(n);
      expect(columns * rows).toBeGreaterThanOrEqual(n);
    }
  });

  it("keeps the shape of the station until the patients no longer fit", () => {
    const kept = { columns: 4, rows: 4 };
    expect([3, 12, 16].map((n) => shapeFor(n, kept))).toEqual([kept, kept, kept]);
    expect(shapeFor(17, kept)).toEqual({ columns: 8, rows: 4 });
    expect(placesOf(shapeFor(3, null))).toBe(4);
  });

  it("never squeezes a tile: the list covers whole columns where it has no room beside them", () => {
    const eight = { columns: 8, rows: 4 };
    expect(arrange(eight, 1920, null)).toMatchObject({ columns: 8, listOpen: true, covers: 0 });
    expect(arrange(eight, 1366, null)).toMatchObject({ columns: 8, listOpen: false, covers: 0 });
    expect(arrange(eight, 1366, true)).toMatchObject({ columns: 8, listOpen: true, covers: 2 });
    expect(arrange({ columns: 4, rows: 4 }, 1366, null)).toMatchObject({ listOpen: true, covers: 0 });
    expect(arrange(eight, 1100, null)).toMatchObject({ columns: 7, rows: 5 });
  });

  it("shows whole rows, and what does not fit on the next page", () => {
    expect(rowHeight(4, 644)).toBe(158);
    expect(rowHeight(8, 644)).toBe(104); // six of eight
    expect(rowHeight(8, 0)).toBe(0);
  });

  it("forgets a shape that it cannot read", () => {
    expect(keptShape("8x4")).toEqual({ columns: 8, rows: 4 });
    for (const text of [null, "", "0x4", "x", "4x4x4", "99999x1"]) expect(keptShape(text)).toBeNull();
  });
});
