import { MISSING, type Batch, type Channel, type Chunk } from "./protocol";
import { Pen, type TraceColour } from "./pen";
import { STALL, Trace } from "./trace";

/** Without a valid sample for this long the trace is erased and the tile says so, ms. */
export const NO_DATA_AFTER = 2500;
/** Width of the dark bar that runs ahead of the cursor, CSS pixels. */
export const ERASE_BAR = 14;
/** Drawing at device pixel ratio 2 costs six times as much as at 1 without a GPU (measured). */
const MAX_DPR = 1.5;
const FRAME_MS = 1000 / 30;
const HISTORY_MS = 16_000;

/** Fraction of the sweep window at which the cursor stands: the same for all tiles. */
export function cursorAt(now: number, windowMs: number): number {
  return (now % windowMs) / windowMs;
}

/** Narrow strips sweep faster, so that a beat keeps a readable width. */
export function windowFor(widthPx: number): number {
  if (widthPx <= 260) return 6000;
  return widthPx <= 420 ? 8000 : 12_000;
}

export interface Span {
  from: number;
  to: number;
}

/** The parts of [0, width) that the time span covers: one, or two where it wraps, or everything. */
export function columns(from: number, to: number, windowMs: number, width: number): Span[] {
  if (to <= from) return [];
  if (to - from >= windowMs) return [{ from: 0, to: width }];
  const a = cursorAt(from, windowMs) * width;
  const b = cursorAt(to, windowMs) * width;
  return a <= b
    ? [{ from: a, to: b }]
    : [
        { from: a, to: width },
        { from: 0, to: b },
      ];
}

type Palette = Record<TraceColour | "page" | "strip" | "gap", string>;

const PALETTE: Palette = {
  page: "#0a0e13",
  strip: "#10161d",
  ecg: "#3ddc84",
  pleth: "#67c7eb",
  gap: "#56636f",
};

/** What a tile needs to know about its trace. */
export interface StripStatus {
  noDataMs: number | null;
  /** Whether this screen has had any sample: without one it cannot say for how long there are none. */
  seen: boolean;
  leadOff: boolean;
  /** How far the trace is behind now, ms. */
  delayMs: number;
  gain: number;
}

interface Strip {
  el: HTMLElement;
  idx: number;
  pen: Pen;
  windowMs: number;
  /** Sample time up to which the trace is drawn, and server time up to which the bar has erased. */
  drawn: number;
  erased: number;
  /** Nothing is drawn in it. */
  blank: boolean;
}

/**
 * Draws the traces of all tiles on one canvas with an erase bar: only new columns are touched, so
 * 64 live traces cost a few milliseconds per frame without a GPU. The strips of the tiles are holes
 * through which the canvas is seen.
 */
export class Sweep {
  #canvas: HTMLCanvasElement | undefined;
  #ctx: CanvasRenderingContext2D | undefined;
  #strips = new Set<Strip>();
  #channels = new Map<number, Channel>();
  #traces = new Map<number, Trace>();
  #dpr = 1;
  #lastFrame = 0;
  #lastNow = 0;
  #lastBatch = 0;
  #off = false;
  frames = 0;
  drops = 0;

  mount(canvas: HTMLCanvasElement): void {
    this.#canvas = canvas;
    this.#ctx = canvas.getContext("2d", { alpha: false }) ?? undefined;
    this.layout();
  }

  unmount(): void {
    this.#canvas = undefined;
    this.#ctx = undefined;
  }

  /** Replaces the channels; the samples of those that stay the same are kept. */
  setChannels(channels: Channel[]): void {
    const known = this.#channels;
    this.#channels = new Map();
    for (const c of channels) {
      const before = known.get(c.idx);
      const same =
        before && before.patient === c.patient && before.kind === c.kind && before.device === c.device;
      if (!same || before.rate_hz !== c.rate_hz) this.#traces.delete(c.idx);
      this.#channels.set(c.idx, c);
    }
    for (const idx of this.#traces.keys()) if (!this.#channels.has(idx)) this.#traces.delete(idx);
  }

  /** Registers the element whose box shows the channel; the returned function takes it away. */
  attach(el: HTMLElement, idx: number, colour: TraceColour): () => void {
    const strip: Strip = { el, idx, pen: new Pen(colour), windowMs: 6000, drawn: 0, erased: 0, blank: false };
    this.#strips.add(strip);
    this.#measure(strip);
    return () => {
      this.#strips.delete(strip);
      this.#clear(strip);
    };
  }

  /** A new connection counts its batches from the beginning. */
  restart(): void {
    this.#lastBatch = 0;
  }

  /** While off every trace is erased: a screen that cannot prove to be live shows none. */
  set off(off: boolean) {
    this.#off = off;
  }

  push(batch: Batch, now: number): void {
    if (this.#lastBatch > 0 && batch.seq > this.#lastBatch + 1) this.drops += batch.seq - this.#lastBatch - 1;
    this.#lastBatch = batch.seq;
    for (const chunk of batch.chunks) this.#traceOf(chunk)?.push(chunk, now);
  }

  #traceOf(chunk: Chunk): Trace | undefined {
    const channel = this.#channels.get(chunk.idx);
    if (!channel || !(channel.rate_hz > 0)) return undefined;
    let trace = this.#traces.get(chunk.idx);
    if (!trace) {
      trace = new Trace(channel.rate_hz, HISTORY_MS);
      this.#traces.set(chunk.idx, trace);
    }
    return trace;
  }

  trace(idx: number): Trace | undefined {
    return this.#traces.get(idx);
  }

  /** The strip's status at server time now; since is when we began to wait for the channel. */
  status(idx: number, now: number, since: number): StripStatus {
    const trace = this.#traces.get(idx);
    const silent = now - Math.max(trace?.validAt ?? 0, since);
    const strip = [...this.#strips].find((s) => s.idx === idx);
    return {
      noDataMs: silent > NO_DATA_AFTER ? silent : null,
      seen: (trace?.validAt ?? 0) > 0,
      leadOff: trace?.leadOff ?? false,
      delayMs: trace?.delay ?? 0,
      gain: strip?.pen.gain ?? 1,
    };
  }

  /** Takes the boxes of the strips anew and draws the recent past into them. */
  layout(): void {
    const canvas = this.#canvas;
    if (!canvas || !this.#ctx) return;
    this.#dpr = Math.min(globalThis.devicePixelRatio || 1, MAX_DPR);
    const box = canvas.getBoundingClientRect();
    const width = Math.round(box.width * this.#dpr);
    const height = Math.round(box.height * this.#dpr);
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    this.#ctx.fillStyle = PALETTE.page;
    this.#ctx.fillRect(0, 0, width, height);
    for (const strip of this.#strips) this.#measure(strip);
  }

  #measure(strip: Strip): void {
    if (!this.#canvas) return;
    const origin = this.#canvas.getBoundingClientRect();
    const box = strip.el.getBoundingClientRect();
    const left = Math.round((box.left - origin.left) * this.#dpr);
    const top = Math.round((box.top - origin.top) * this.#dpr);
    strip.pen.box = {
      x: left,
      y: top,
      w: Math.round((box.right - origin.left) * this.#dpr) - left,
      h: Math.round((box.bottom - origin.top) * this.#dpr) - top,
    };
    strip.pen.reset();
    strip.windowMs = windowFor(box.width);
    strip.drawn = 0;
    strip.erased = 0;
    strip.blank = false;
    this.#clear(strip);
  }

  #clear(strip: Strip): void {
    this.#fill(strip, 0, strip.pen.box.w);
  }

  #fill(strip: Strip, from: number, to: number): void {
    const { x, y, w, h } = strip.pen.box;
    if (!this.#ctx || w <= 0) return;
    const left = Math.floor(from);
    this.#ctx.fillStyle = PALETTE.strip;
    this.#ctx.fillRect(x + left, y, Math.min(Math.ceil(to), w) - left, h);
  }

  /** Draws what is new; called on every animation frame, does its work 30 times per second. */
  frame(monotonic: number, now: number): void {
    if (!this.#ctx || monotonic - this.#lastFrame < FRAME_MS - 4) return;
    // The clock may be corrected backwards by a little: wait for it; by a lot: begin again.
    if (now < this.#lastNow) {
      if (this.#lastNow - now < 500) return;
      this.layout();
    }
    const stalled = this.#lastNow > 0 && now - this.#lastNow > STALL;
    this.#lastFrame = monotonic;
    this.#lastNow = now;
    this.frames++;
    for (const strip of this.#strips) this.#erase(strip, now, stalled);
    for (const colour of ["ecg", "pleth"] as const) this.#strokeAll(colour, now);
  }

  #silent(strip: Strip, now: number): boolean {
    const trace = this.#traces.get(strip.idx);
    return this.#off || !trace || now - trace.validAt > NO_DATA_AFTER;
  }

  #erase(strip: Strip, now: number, stalled: boolean): void {
    const { pen } = strip;
    if (pen.box.w <= 0) return;
    const trace = this.#traces.get(strip.idx);
    if (!trace || this.#silent(strip, now)) {
      if (!strip.blank) this.#clear(strip);
      strip.blank = true;
      strip.drawn = now;
      strip.erased = now;
      pen.reset();
      return;
    }
    const bar = (ERASE_BAR * this.#dpr * strip.windowMs) / pen.box.w;
    const playing = now - trace.delay;
    if (strip.drawn === 0) {
      strip.drawn = playing - strip.windowMs + bar;
      strip.erased = now;
    }
    if (strip.blank || stalled) {
      strip.drawn = strip.blank ? playing : Math.max(strip.drawn, playing);
      pen.lift();
      strip.blank = false;
    }
    for (const span of columns(strip.erased, now + bar, strip.windowMs, pen.box.w)) {
      this.#fill(strip, span.from, span.to);
    }
    strip.erased = now + bar;
  }

  #strokeAll(colour: TraceColour, now: number): void {
    const ctx = this.#ctx as CanvasRenderingContext2D;
    const line = new Path2D();
    const gap = new Path2D();
    for (const strip of this.#strips) {
      const trace = this.#traces.get(strip.idx);
      if (strip.pen.colour === colour && strip.pen.box.w > 0 && !strip.blank && trace)
        this.#draw(strip, trace, now, line, gap);
    }
    ctx.lineJoin = "round";
    ctx.lineWidth = 1.25 * this.#dpr;
    ctx.strokeStyle = PALETTE[colour];
    ctx.stroke(line);
    ctx.strokeStyle = PALETTE.gap;
    ctx.lineWidth = 1;
    ctx.stroke(gap);
  }

  /** Adds the samples between the last frame and now to the paths. */
  #draw(strip: Strip, trace: Trace, now: number, line: Path2D, gap: Path2D): void {
    const { pen } = strip;
    const unit = this.#channels.get(strip.idx)?.scale ?? 1;
    const playing = now - trace.delay;
    const last = trace.slotAt(playing);
    for (let slot = Math.max(trace.slotAt(strip.drawn) + 1, trace.first); slot <= last; slot++) {
      const at = trace.timeOf(slot) + trace.delay;
      // One pixel in from the edges: a line has a width, and outside nobody erases it.
      const x = pen.box.x + 1 + cursorAt(at, strip.windowMs) * (pen.box.w - 2);
      if (x < pen.x) pen.wrap();
      if (trace.at(slot) === MISSING) pen.missing(x, at, gap);
      else pen.sample(trace, slot, unit, x, line);
    }
    strip.drawn = Math.max(strip.drawn, playing);
  }
}
