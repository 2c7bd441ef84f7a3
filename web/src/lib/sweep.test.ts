import { describe, expect, it } from "vitest";
import { Pen, type Sink } from "./pen";
import { MISSING } from "./protocol";
import { columns, cursorAt, windowFor } from "./sweep";
import { Trace } from "./trace";

const T0 = 1_795_000_000_000;

function chunk(t0: number, samples: number[], over: { gap?: boolean; leadOff?: boolean } = {}) {
  return { t0, samples: Int16Array.from(samples), gap: false, leadOff: false, ...over };
}

const fifty = (value: number) => Array.from({ length: 50 }, () => value);

function feed(trace: Trace, from: number, until: number, lag = 0): void {
  for (let t = from; t < until; t += 200) trace.push(chunk(t, fifty(1)), t + 200 + lag);
}

describe("cursor", () => {
  it("stands where server time mod window says, so that all tiles agree", () => {
    expect(cursorAt(6000 * 7 + 1500, 6000)).toBe(0.25);
    expect(cursorAt(6000 * 8, 6000)).toBe(0);
  });

  it("sweeps narrow strips faster", () => {
    expect([196, 288, 478].map(windowFor)).toEqual([6000, 8000, 12_000]);
  });
});

describe("columns", () => {
  it("are one span within a sweep", () => {
    expect(columns(600, 1200, 6000, 100)).toEqual([{ from: 10, to: 20 }]);
  });

  it("are two where the bar wraps around the edge", () => {
    expect(columns(5400, 6600, 6000, 100)).toEqual([
      { from: 90, to: 100 },
      { from: 0, to: 10 },
    ]);
  });

  it("are everything after a stall of a whole window, and nothing when time stood still", () => {
    expect(columns(0, 7000, 6000, 100)).toEqual([{ from: 0, to: 100 }]);
    expect(columns(500, 500, 6000, 100)).toEqual([]);
  });
});

describe("Trace", () => {
  it("gives back each sample in the slot of its time", () => {
    const trace = new Trace(250, 10_000);
    trace.push(chunk(T0, [5, 6, 7]), T0 + 100);
    const slot = trace.slotAt(T0);
    expect([-1, 0, 1, 2, 3].map((i) => trace.at(slot + i))).toEqual([MISSING, 5, 6, 7, MISSING]);
  });

  it("joins chunks whose times were rounded to milliseconds", () => {
    const trace = new Trace(130, 10_000); // 7.69 ms per sample
    for (let k = 0; k < 20; k++) {
      trace.push(
        chunk(
          Math.round(T0 + (k * 26 * 1000) / 130),
          Array.from({ length: 26 }, () => k),
        ),
        T0,
      );
    }
    const first = trace.first;
    const read = Array.from({ length: 520 }, (_, i) => trace.at(first + i));
    expect(read).toEqual(Array.from({ length: 520 }, (_, i) => Math.floor(i / 26)));
  });

  it("keeps a lost chunk as a gap of its length", () => {
    const trace = new Trace(250, 10_000);
    trace.push(chunk(T0, fifty(1)), T0 + 200);
    trace.push(chunk(T0 + 400, fifty(3)), T0 + 600);
    const slot = trace.slotAt(T0);
    expect(trace.at(slot + 49)).toBe(1);
    expect([50, 75, 99].map((i) => trace.at(slot + i))).toEqual([MISSING, MISSING, MISSING]);
    expect(trace.at(slot + 100)).toBe(3);
  });

  it("does not show samples of a minute ago in a gap that is longer than the ring", () => {
    const trace = new Trace(250, 4000);
    feed(trace, T0, T0 + 4000);
    trace.push(chunk(T0 + 60_000, fifty(9)), T0 + 60_200);
    const slot = trace.slotAt(T0 + 60_000);
    expect(trace.at(slot - 1)).toBe(MISSING);
    expect(trace.at(trace.slotAt(T0 + 1000))).toBe(MISSING);
    expect(trace.at(slot)).toBe(9);
  });

  it("changes nothing when a chunk is repeated", () => {
    const trace = new Trace(250, 10_000);
    trace.push(chunk(T0, fifty(1)), T0 + 200);
    trace.push(chunk(T0 + 200, fifty(2)), T0 + 400);
    const newest = trace.newest;
    trace.push(chunk(T0, fifty(1)), T0 + 450);
    expect(trace.newest).toBe(newest);
    expect(trace.at(trace.slotAt(T0 + 200))).toBe(2);
  });

  it("knows when a valid sample last came, also while missing ones keep coming", () => {
    const trace = new Trace(250, 10_000);
    trace.push(chunk(T0, fifty(1)), T0 + 200);
    trace.push(chunk(T0 + 200, fifty(MISSING), { leadOff: true }), T0 + 400);
    expect(trace.validAt).toBe(T0 + 200);
    expect(trace.receivedAt).toBe(T0 + 400);
    expect(trace.leadOff).toBe(true);
  });
});

describe("jitter buffer", () => {
  it("settles where the next chunk is always there before the cursor", () => {
    const trace = new Trace(250, 10_000);
    feed(trace, T0, T0 + 20_000);
    expect(trace.delay).toBeGreaterThanOrEqual(300);
    expect(trace.delay).toBeLessThanOrEqual(400);
  });

  it("follows a hub that is steadily 2 s behind, and a little lateness at once", () => {
    const trace = new Trace(250, 10_000);
    feed(trace, T0, T0 + 2000, 2000);
    expect(trace.delay).toBeCloseTo(2350, -2);
    trace.push(chunk(T0 + 2000, fifty(1)), T0 + 2000 + 200 + 2600);
    expect(trace.delay).toBeCloseTo(2950, -2);
  });

  it("does not fall behind for a stall: it goes on at now", () => {
    const trace = new Trace(250, 10_000);
    feed(trace, T0, T0 + 4000);
    const before = trace.delay;
    trace.push(chunk(T0 + 4000, fifty(1)), T0 + 4000 + 5000);
    expect(trace.delay).toBe(before);
  });

  it("comes back when the lateness is over", () => {
    const trace = new Trace(250, 10_000);
    feed(trace, T0, T0 + 4000, 2000);
    feed(trace, T0 + 4000, T0 + 40_000);
    expect(trace.delay).toBeLessThanOrEqual(400);
  });
});

class Recorder implements Sink {
  points: [string, number, number][] = [];
  moveTo(x: number, y: number): void {
    this.points.push(["m", x, y]);
  }
  lineTo(x: number, y: number): void {
    this.points.push(["l", x, y]);
  }
}

describe("Pen", () => {
  function draw(samples: number[]): { line: Recorder; gap: Recorder; pen: Pen } {
    const trace = new Trace(250, 10_000);
    trace.push(chunk(T0, samples), T0 + 200);
    const pen = new Pen("ecg");
    pen.box = { x: 0, y: 0, w: 100, h: 100 };
    const line = new Recorder();
    const gap = new Recorder();
    for (let i = 0; i < samples.length; i++) {
      const slot = trace.first + i;
      if (trace.at(slot) === MISSING) pen.missing(i, trace.timeOf(slot), gap);
      else pen.sample(trace, slot, 1, i, line);
    }
    return { line, gap, pen };
  }

  it("draws one stroke through neighbours and lifts across a gap", () => {
    const { line, gap } = draw([0, 0, 0, MISSING, MISSING, MISSING, 0, 0]);
    const strokes = line.points.filter(([op]) => op === "l").map(([, x]) => x);
    expect(strokes).toEqual([1, 2, 7]);
    expect(gap.points.every(([, , y]) => y === 62.5)).toBe(true);
  });

  it("stays within its strip, whatever the sample", () => {
    const { line } = draw([0, 0, 0, 32767, -32767, 0]);
    for (const [, , y] of line.points) expect(y >= 1 && y <= 99).toBe(true);
  });

  it("takes half the gain after a sweep that did not fit, and never amplifies", () => {
    const { pen } = draw([...fifty(0), 2500]);
    pen.wrap();
    expect(pen.gain).toBe(0.5);
    expect(draw(fifty(3)).pen.gain).toBe(1);
  });
});
