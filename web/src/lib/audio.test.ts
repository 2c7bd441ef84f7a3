import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Sound } from "./audio";
import type { Wanted } from "./voice";

/** An audio clock that the test moves, and the oscillators that were started on it. */
class FakeContext {
  static now = 0;
  static pulses: { start: number; stop: number }[] = [];
  state = "suspended";
  onstatechange: (() => void) | null = null;
  destination = {};

  get currentTime(): number {
    return FakeContext.now;
  }

  async resume(): Promise<void> {
    this.state = "running";
  }

  async close(): Promise<void> {
    this.state = "closed";
  }

  createPeriodicWave(): object {
    return {};
  }

  createGain(): object {
    const nothing = () => undefined;
    const gain = {
      setValueAtTime: nothing,
      linearRampToValueAtTime: nothing,
      cancelScheduledValues: nothing,
      setTargetAtTime: nothing,
    };
    return { gain, connect: (to: object) => to, disconnect: nothing };
  }

  createOscillator(): object {
    const pulse = { start: NaN, stop: NaN };
    FakeContext.pulses.push(pulse);
    return {
      frequency: { value: 0 },
      setPeriodicWave: () => undefined,
      connect: (to: object) => to,
      start: (at: number) => (pulse.start = at),
      stop: (at: number) => (pulse.stop = at),
    };
  }
}

const high: Wanted = { priority: "high", pause: 5, ids: ["h"] };
const medium: Wanted = { priority: "medium", pause: 15, ids: ["m"] };

let sound: Sound;

/** Lets the clock run in the steps of the ticker. */
function run(seconds: number, wanted: Wanted | null): void {
  for (let t = 0; t < seconds; t += 0.2) {
    FakeContext.now += 0.2;
    sound.update(wanted);
  }
}

/** The starts of the pulses that were heard, to the millisecond. */
const heard = () =>
  FakeContext.pulses.filter((p) => p.stop > p.start).map((p) => Math.round(p.start * 1000) / 1000);

beforeEach(async () => {
  vi.stubGlobal("AudioContext", FakeContext);
  FakeContext.now = 100;
  FakeContext.pulses = [];
  sound = new Sound(() => undefined);
  await sound.enable();
});

afterEach(() => vi.unstubAllGlobals());

describe("Sound", () => {
  it("says none before a click, and running after it", async () => {
    expect(new Sound(() => undefined).report(0)).toBe("none");
    expect(sound.report(0)).toBe("running");
  });

  it("says suspended when the audio clock stands still: nobody hears that", () => {
    sound.report(0);
    expect(sound.report(1900)).toBe("running");
    expect(sound.report(2100)).toBe("suspended");
  });

  it("repeats HIGH after 5 s of silence, to the millisecond, whenever the ticks come", () => {
    run(20, high);
    const bursts = heard().filter((_, i) => i % 10 === 0);
    expect(bursts).toHaveLength(3);
    expect((bursts[1] ?? 0) - (bursts[0] ?? 0)).toBeCloseTo(8.3, 3);
    expect((bursts[2] ?? 0) - (bursts[1] ?? 0)).toBeCloseTo(8.3, 3);
  });

  it("lets HIGH break into a burst of MEDIUM, and never the other way", () => {
    run(0.4, medium);
    run(0.2, high);
    const begun = heard();
    expect(sound.lastBurst?.priority).toBe("high");
    expect(begun.filter((at) => at > FakeContext.now + 3.3)).toEqual([]);
    run(3, medium);
    expect(sound.lastBurst?.priority).toBe("high");
  });

  it("sounds at once for a new alarm of the same priority, without waiting for the pause", () => {
    run(4, high);
    const before = heard().length;
    run(0.2, { ...high, ids: ["h", "second"] });
    expect(heard().length).toBe(before + 10);
  });

  it("stops in the middle of a burst when its alarm is acknowledged", () => {
    run(0.6, high);
    sound.silence();
    run(10, null);
    expect(Math.max(...FakeContext.pulses.map((p) => p.stop))).toBeLessThan(100.8);
  });

  it("finishes a burst whose alarm ended by itself", () => {
    run(0.6, high);
    run(10, null);
    expect(heard()).toHaveLength(10);
  });
});
