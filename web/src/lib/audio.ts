import { RANK } from "./alarms";
import type { AudioReport } from "./protocol";
import { FALL, FUNDAMENTAL_HZ, HARMONICS_DB, RISE, TONES, burstLength, type SoundingPriority } from "./tones";
import type { Wanted } from "./voice";

/** A burst that was handed to the audio clock; starts are absolute audio times, s. */
export interface Burst {
  priority: SoundingPriority;
  at: number;
  schedule: number[];
}

interface Playing extends Burst {
  /** The alarms that it calls for. */
  ids: string[];
  ends: number;
  pulses: { osc: OscillatorNode; gain: GainNode }[];
}

/** A burst is scheduled this long before it is due, so that a late tick does not delay it, s. */
const LOOKAHEAD = 0.45;
const LEAD = 0.02;
const VOLUME = 0.5;
const RESUME_WITHIN = 1000;
/** An audio clock that stands still this long is a sound that nobody hears, ms. */
const STUCK_AFTER = 2000;

/**
 * The station's voice. Pulses are scheduled on the audio clock, which runs on in a hidden page;
 * update() is called from socket messages and from the worker's tick, which do too.
 */
export class Sound {
  #ctx: AudioContext | null = null;
  #wave: PeriodicWave | null = null;
  #last: Playing | null = null;
  #sounded = new Set<string>();
  /** Alarms whose burst was handed to the audio clock, and not yet reported. */
  #heard = new Set<string>();
  #clock = { audio: -1, since: 0 };
  #changed: () => void;
  #played: (ids: string[]) => void;

  /** Says when its state may have changed, and for which alarms a burst was begun. */
  constructor(changed: () => void, played: (ids: string[]) => void = () => undefined) {
    this.#changed = changed;
    this.#played = played;
  }

  /** Must be called from a click: a page makes no sound before one. */
  async enable(): Promise<void> {
    this.#ctx ??= this.#create();
    // Where sound stays blocked the promise never settles; monitoring must begin all the same.
    await Promise.race([this.#ctx.resume(), new Promise((resolve) => setTimeout(resolve, RESUME_WITHIN))]);
    this.#changed();
  }

  #create(): AudioContext {
    const ctx = new AudioContext({ latencyHint: "interactive" });
    ctx.onstatechange = () => this.#changed();
    const imag = new Float32Array(HARMONICS_DB.length + 1);
    HARMONICS_DB.forEach((db, i) => (imag[i + 1] = 10 ** (db / 20)));
    this.#wave = ctx.createPeriodicWave(new Float32Array(imag.length), imag);
    return ctx;
  }

  /** What the server is told: it counts the stations that can be heard. */
  report(monotonic: number): AudioReport {
    if (!this.#ctx) return "none";
    return this.#ctx.state === "running" && !this.#stuck(monotonic) ? "running" : "suspended";
  }

  /** A running context whose clock stands still has lost its device. */
  #stuck(monotonic: number): boolean {
    const audio = this.#ctx?.currentTime ?? 0;
    if (audio !== this.#clock.audio) this.#clock = { audio, since: monotonic };
    return monotonic - this.#clock.since > STUCK_AFTER;
  }

  /** Hands over some of the alarms that sounded since they were last reported. */
  heard(most: number): string[] {
    const ids = [...this.#heard].slice(0, most);
    for (const id of ids) this.#heard.delete(id);
    return ids;
  }

  get lastBurst(): Burst | null {
    if (!this.#last) return null;
    const { priority, at, schedule } = this.#last;
    return { priority, at, schedule: [...schedule] };
  }

  /** Plays one burst for a person to confirm that it is heard. */
  test(): void {
    if (this.#ctx?.state === "running" && !this.#playing())
      this.#play("low", this.#ctx.currentTime + LEAD, []);
  }

  #playing(): boolean {
    return this.#last !== null && this.#ctx !== null && this.#ctx.currentTime < this.#last.ends;
  }

  /** Makes the sound be what is wanted now; null is silence. */
  update(wanted: Wanted | null): void {
    const ctx = this.#ctx;
    if (!ctx || ctx.state !== "running") return;
    if (!wanted) {
      this.#sounded.clear();
      return;
    }
    const now = ctx.currentTime;
    if (this.#last && now < this.#last.ends) {
      if (RANK[wanted.priority] <= RANK[this.#last.priority]) return;
      this.silence();
    }
    const due = this.#due(wanted, now);
    if (due - now > LOOKAHEAD) return;
    this.#play(wanted.priority, Math.max(due, now + LEAD), wanted.ids);
    this.#sounded = new Set(wanted.ids);
    for (const id of wanted.ids) this.#heard.add(id);
    this.#played(wanted.ids);
  }

  /** The alarms for which a burst is playing now. */
  get calling(): readonly string[] {
    return this.#playing() ? (this.#last?.ids ?? []) : [];
  }

  /** When the next burst is due: at once for an alarm that has not sounded, else after the pause. */
  #due(wanted: Wanted, now: number): number {
    const last = this.#last;
    const fresh = wanted.ids.some((id) => !this.#sounded.has(id));
    if (!last || fresh || RANK[wanted.priority] > RANK[last.priority]) return now;
    return last.ends + wanted.pause;
  }

  /** Stops the burst that is playing: its alarm was acknowledged, or a higher one takes over. */
  silence(): void {
    const ctx = this.#ctx;
    if (!ctx || !this.#last) return;
    const now = ctx.currentTime;
    for (const { osc, gain } of this.#last.pulses) {
      gain.gain.cancelScheduledValues(now);
      gain.gain.setTargetAtTime(0, now, FALL / 3);
      osc.stop(now + 2 * FALL);
    }
    this.#last.ends = Math.min(this.#last.ends, now);
  }

  #play(priority: SoundingPriority, at: number, ids: string[]): void {
    const ctx = this.#ctx as AudioContext;
    const tone = TONES[priority];
    const schedule = tone.starts.map((s) => at + s);
    const pulses = schedule.map((start) => this.#pulse(ctx, start, tone.pulse));
    this.#last = { priority, at, schedule, ids: [...ids], ends: at + burstLength(priority), pulses };
  }

  #pulse(ctx: AudioContext, start: number, length: number): { osc: OscillatorNode; gain: GainNode } {
    const osc = ctx.createOscillator();
    if (this.#wave) osc.setPeriodicWave(this.#wave);
    osc.frequency.value = FUNDAMENTAL_HZ;
    const gain = ctx.createGain();
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(VOLUME, start + RISE);
    gain.gain.setValueAtTime(VOLUME, start + length - FALL);
    gain.gain.linearRampToValueAtTime(0, start + length);
    osc.connect(gain).connect(ctx.destination);
    osc.onended = () => gain.disconnect();
    osc.start(start);
    osc.stop(start + length);
    return { osc, gain };
  }

  async close(): Promise<void> {
    const ctx = this.#ctx;
    this.#ctx = null;
    if (ctx) {
      ctx.onstatechange = null;
      await ctx.close();
    }
  }
}
