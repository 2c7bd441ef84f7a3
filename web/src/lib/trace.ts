import { MISSING, type Chunk } from "./protocol";

/** A chunk that follows within this time of where the last ended is one with it, ms. */
const JOIN_TOLERANCE = 40;
/** What the jitter buffer keeps beyond the latest arrival that it saw, ms. */
const MARGIN = 150;
const MIN_DELAY = 300;
const MAX_DELAY = 20_000;
/** A stall longer than this is not waited out: the trace goes on at now, and the gap shows. */
export const STALL = 1000;
/** How long arrivals must stay late before the delay follows them, ms. */
const SETTLE = 3000;
/** How often a delay that is longer than needed is looked at, ms. */
const REVIEW = 10_000;

/**
 * The samples of one channel: a ring addressed by sample slot, where slot = server time × rate. So
 * a missing chunk is a gap of the right length, and a repeated one changes nothing. All times are
 * server time in ms.
 */
export class Trace {
  readonly #ring: Int16Array;
  /** First slot that was ever written, and the slot after the newest. */
  #first = 0;
  #next = 0;
  #delay = 0;
  #lateSince = 0;
  #reviewed = 0;
  #worst = 0;
  /** When samples were last received, and when a valid one was; 0 never. */
  receivedAt = 0;
  validAt = 0;
  leadOff = false;
  gaps = 0;

  constructor(
    readonly rateHz: number,
    historyMs: number,
  ) {
    const slots = Math.max(16, Math.ceil(((historyMs + MAX_DELAY) / 1000) * rateHz));
    this.#ring = new Int16Array(slots).fill(MISSING);
  }

  /** How far the drawn trace is behind now, ms. */
  get delay(): number {
    return this.#delay;
  }

  /** Server time of the end of the newest sample; 0 before the first. */
  get newest(): number {
    return this.#next === 0 ? 0 : this.timeOf(this.#next);
  }

  /** The first slot that ever held a sample: before it there is no gap, there is nothing. */
  get first(): number {
    return this.#first;
  }

  /** The valid samples from the slot on to the newest, sorted. */
  sorted(from: number): number[] {
    const found: number[] = [];
    for (let slot = Math.max(from, this.#first); slot < this.#next; slot++) {
      const sample = this.at(slot);
      if (sample !== MISSING) found.push(sample);
    }
    return found.sort((a, b) => a - b);
  }

  timeOf(slot: number): number {
    return (slot * 1000) / this.rateHz;
  }

  slotAt(time: number): number {
    return Math.floor((time * this.rateHz) / 1000);
  }

  /** The sample in the slot; MISSING where there is none. */
  at(slot: number): number {
    if (slot < this.#first || slot >= this.#next || slot < this.#next - this.#ring.length) return MISSING;
    return this.#ring[slot % this.#ring.length] ?? MISSING;
  }

  push(chunk: Pick<Chunk, "t0" | "samples" | "gap" | "leadOff">, now: number): void {
    const n = Math.min(chunk.samples.length, this.#ring.length);
    if (n === 0) return;
    const start = this.#place(chunk.t0);
    this.#blank(start);
    let valid = false;
    for (let i = 0; i < n; i++) {
      const sample = chunk.samples[i] ?? MISSING;
      this.#ring[(start + i) % this.#ring.length] = sample;
      valid ||= sample !== MISSING;
    }
    this.#next = Math.max(this.#next, start + n);
    this.receivedAt = now;
    if (valid) this.validAt = now;
    if (chunk.gap) this.gaps++;
    this.leadOff = chunk.leadOff;
    this.#adapt(now, (n * 1000) / this.rateHz);
  }

  /** The slot of the chunk: straight after the last where it joins, else where its time says. */
  #place(t0: number): number {
    const slot = Math.round((t0 * this.rateHz) / 1000);
    const joins = this.#next > 0 && Math.abs(slot - this.#next) <= (JOIN_TOLERANCE * this.rateHz) / 1000;
    return joins ? this.#next : slot;
  }

  /** Marks the slots between the newest and start as missing. */
  #blank(start: number): void {
    const jumped = start < this.#next - this.#ring.length || start > this.#next + this.#ring.length;
    if (this.#next === 0 || jumped) {
      this.#ring.fill(MISSING);
      this.#first = start;
      this.#next = start;
      return;
    }
    for (let slot = this.#next; slot < start; slot++) this.#ring[slot % this.#ring.length] = MISSING;
    this.#first = Math.max(this.#first, Math.max(this.#next, start) - this.#ring.length);
  }

  /**
   * The jitter buffer: drawing runs so far behind now that the next chunk is there before the
   * cursor needs it. It follows a small lateness at once, a large one only when it lasts, and comes
   * back when it was longer than needed.
   */
  #adapt(now: number, length: number): void {
    const need = Math.max(now - this.newest + Math.max(length, 200), 0);
    const wanted = Math.min(Math.max(need + MARGIN, MIN_DELAY), MAX_DELAY);
    if (this.#delay === 0) {
      this.#delay = wanted;
      this.#reviewed = now;
    }
    this.#worst = Math.max(this.#worst, wanted);
    if (need > this.#delay) {
      this.#lateSince ||= now;
      if (need <= this.#delay + STALL || now - this.#lateSince > SETTLE) {
        this.#delay = wanted;
        this.#lateSince = 0;
      }
    } else {
      this.#lateSince = 0;
    }
    if (now - this.#reviewed > REVIEW) {
      if (this.#worst < this.#delay - 400) this.#delay = this.#worst;
      this.#worst = 0;
      this.#reviewed = now;
    }
  }
}
