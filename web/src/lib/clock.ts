/**
 * The server's time as this station best knows it. Every age and every sweep position rests on it,
 * never on the wall clock of the nurse's computer, which may be wrong by hours.
 */
export class ServerClock {
  #samples: number[] = [];
  #offset: number | undefined;

  /** @param monotonic milliseconds that never jump back: performance.now. */
  constructor(readonly monotonic: () => number) {}

  /** Takes one server_ms, as it was received now. */
  observe(serverMs: number): void {
    this.#samples.push(serverMs - this.monotonic());
    if (this.#samples.length > 15) this.#samples.shift();
    const sorted = this.#samples.toSorted((a, b) => a - b);
    // The median: one heartbeat that was delayed on the way must not move the clock.
    this.#offset = sorted[sorted.length >> 1];
  }

  /** Forgets what was observed: after sleep or on another server the old offsets are wrong. */
  reset(): void {
    this.#samples = [];
  }

  get known(): boolean {
    return this.#offset !== undefined;
  }

  /** Server time now, ms since 1970; before the first observation the wall clock's. */
  now(): number {
    return this.#offset === undefined ? Date.now() : this.monotonic() + this.#offset;
  }

  /** How far this computer's wall clock is ahead of the server's, ms. */
  skew(): number {
    return Math.round(Date.now() - this.now());
  }
}
