import type { Trace } from "./trace";

export type TraceColour = "ecg" | "pleth";

/** The part of Path2D that a pen writes to. */
export interface Sink {
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
}

export interface Box {
  x: number;
  y: number;
  w: number;
  h: number;
}

/** Where the baseline lies in the strip: an R wave needs the room above. */
const MIDDLE: Record<TraceColour, number> = { ecg: 0.62, pleth: 0.5 };
/** 1 mV at gain 1, as a part of the height of the strip. */
const MILLIVOLT = 0.44;
/** Never above 1: amplified noise looks like fibrillation. */
const GAINS = [1, 0.5, 0.25] as const;
/** A pleth has no unit: it is scaled by what it did within this time, s. */
const PLETH_SPAN = 1.5;

/** Turns the samples of one channel into lines within the box of its strip, in device pixels. */
export class Pen {
  box: Box = { x: 0, y: 0, w: 0, h: 0 };
  gain = 1;
  /** Where the last segment ended; NaN when the pen is lifted. */
  #x = NaN;
  #y = NaN;
  #baseline = NaN;
  /** Largest deviation of this sweep, µV. */
  #peak = 0;
  /** What a pleth spans, in samples; 0 before it is known. */
  #range = 0;

  constructor(readonly colour: TraceColour) {}

  get x(): number {
    return this.#x;
  }

  lift(): void {
    this.#x = NaN;
  }

  /** Forgets the scale and the place: another channel, or another box. */
  reset(): void {
    this.lift();
    this.#baseline = NaN;
    this.#range = 0;
  }

  /** Draws to the sample of the trace's slot at x. */
  sample(trace: Trace, slot: number, unit: number, x: number, line: Sink): void {
    const value = trace.at(slot);
    const deviation =
      this.colour === "ecg" ? this.#ecg(value, trace, slot) * unit : this.#pleth(value, trace, slot);
    const { y, h } = this.box;
    const perUnit =
      this.colour === "ecg" ? this.#perMicrovolt() * this.gain : (h * 0.84) / (this.#range || Infinity);
    const at = Math.min(Math.max(y + h * MIDDLE[this.colour] - deviation * perUnit, y + 1), y + h - 1);
    this.#peak = Math.max(this.#peak, Math.abs(deviation));
    if (Number.isNaN(this.#x) || Number.isNaN(this.#y)) {
      line.moveTo(x, at);
    } else {
      line.moveTo(this.#x, this.#y);
      line.lineTo(x, at);
    }
    this.#x = x;
    this.#y = this.colour === "pleth" && this.#range === 0 ? NaN : at;
  }

  /**
   * A slow high-pass (time constant 1 s, 0.16 Hz) keeps a wandering baseline in the strip. It is for
   * the eye only: no measurement is taken from the tiles.
   */
  #ecg(value: number, trace: Trace, slot: number): number {
    if (Number.isNaN(this.#baseline)) {
      const near = trace.sorted(slot);
      this.#baseline = near[near.length >> 1] ?? value;
    }
    this.#baseline += (value - this.#baseline) / trace.rateHz;
    return value - this.#baseline;
  }

  #pleth(value: number, trace: Trace, slot: number): number {
    if (this.#range === 0) {
      const seen = trace.sorted(slot - Math.round(trace.rateHz * PLETH_SPAN));
      if (seen.length >= trace.rateHz) {
        const low = seen[0] ?? 0;
        const high = seen.at(-1) ?? 0;
        this.#range = Math.max(high - low, 1);
        this.#baseline = (high + low) / 2;
      }
    }
    return value - this.#baseline;
  }

  /** A gap is a dashed grey line: never mistaken for a flat heart. */
  missing(x: number, at: number, gap: Sink): void {
    const { y, h } = this.box;
    const middle = Math.round(y + h * MIDDLE[this.colour]) + 0.5;
    if (Math.floor(at / 60) % 2 === 0 && !Number.isNaN(this.#x)) {
      gap.moveTo(this.#x, middle);
      gap.lineTo(x, middle);
    }
    this.#x = x;
    this.#y = NaN;
    if (this.colour === "ecg") this.#baseline = NaN;
  }

  /** At the end of a sweep: lift the pen and choose the scale of the next. */
  wrap(): void {
    this.lift();
    if (this.colour === "ecg") {
      // A tip that is cut by a little is better than a trace of half the height.
      const room = this.box.h * MIDDLE.ecg * 1.15;
      this.gain = GAINS.find((g) => this.#peak * this.#perMicrovolt() * g <= room) ?? 0.25;
    }
    this.#range = 0;
    this.#peak = 0;
  }

  #perMicrovolt(): number {
    return (this.box.h * MILLIVOLT) / 1000;
  }
}
