import {
  CLOSE,
  SUBPROTOCOL,
  decodeBatch,
  parseFrame,
  type AudioReport,
  type Batch,
  type ClientFrame,
  type Ev,
  type Heartbeat,
  type Result,
  type Snap,
  type Welcome,
} from "./protocol";

export type LinkState = "live" | "degraded" | "offline";

export interface LinkStatus {
  state: LinkState;
  /** Why the link is not live: connecting (again), or checking that the state is complete. */
  phase: "live" | "connecting" | "resync";
  /** Monotonic time of the last proof that the screen is right. */
  lastProof: number;
  /** Monotonic time of the next attempt to connect; null while one runs or none is due. */
  retryAt: number | null;
}

/** The part of WebSocket that the link needs, so that tests can play the server. */
export interface SocketLike {
  binaryType: BinaryType;
  readonly readyState: number;
  onopen: ((ev: Event) => void) | null;
  onmessage: ((ev: MessageEvent) => void) | null;
  onclose: ((ev: CloseEvent) => void) | null;
  onerror: ((ev: Event) => void) | null;
  send(data: string): void;
  close(code?: number): void;
}

export interface LinkOptions {
  station: string;
  unit: string;
  open(subprotocol: string): SocketLike;
  /** Monotonic milliseconds. */
  now(): number;
  /** 0 ≤ x < 1, for the jitter. */
  random(): number;
}

/** What the link tells, and asks, the rest of the dashboard. */
export interface LinkHandlers {
  welcome(w: Welcome): void;
  snap(s: Snap): void;
  event(e: Ev): void;
  heartbeat(h: Heartbeat): void;
  wave(b: Batch): void;
  result(r: Result): void;
  /** The digest of the open alarms as this screen shows them. */
  digest(): string;
  report(): { visible: boolean; audio: AudioReport; rendered: string[]; sounded: string[] };
  status(s: LinkStatus): void;
  /** The server does not want us back: the session ended, or the unit is not ours. */
  refused(reason: "auth" | "unit"): void;
}

/** Heartbeats come every 2 s. Two missing: degraded; three: connect anew; before the fourth: offline. */
export const DEGRADED_AFTER = 4000;
export const DEAD_AFTER = 6000;
export const OFFLINE_AFTER = 8000;
/** The longest that a tick may be late: the screen is offline at most OFFLINE_AFTER after the last proof. */
const TICK = 250;
const CREDIT_EVERY = 450;
const RETRY = [0, 1000, 2000, 4000, 8000] as const;
const JITTER = 500;
/** A connection that brought no snapshot by then is given up. */
const SNAP_WITHIN = 6000;
/** A tick that comes later than this means that the page itself was stopped. */
const STOPPED = 2000;

const OPEN = 1;

/**
 * The connection to the server. It is "live" only while heartbeats arrive whose digest equals that
 * of the alarms on the screen; it connects again for ever. All timing happens in tick(), which a
 * worker calls, because timers of a hidden page run once per minute.
 */
export class Link {
  #socket: SocketLike | null = null;
  #attempt = 0;
  #retryAt: number | null = null;
  #connectedAt = 0;
  #lastProof: number;
  #lastHeard: number | null = null;
  #lastTick: number;
  #lastCredit = 0;
  #synced = false;
  /** A proof came since the connection was made or the state was last in doubt. */
  #proven = false;
  #wave = 0;
  #seq = 0;
  #mismatches = 0;
  #stopped = false;
  #told = "";

  constructor(
    readonly options: LinkOptions,
    readonly handlers: LinkHandlers,
  ) {
    this.#lastProof = this.#lastTick = options.now();
  }

  get seq(): number {
    return this.#seq;
  }

  start(): void {
    this.#connect();
  }

  stop(): void {
    this.#stopped = true;
    this.#retryAt = null;
    this.#drop(1000);
  }

  /** Looks at everything that time changes; called several times per second. */
  tick(): void {
    if (this.#stopped) return;
    const now = this.options.now();
    const wasStopped = now - this.#lastTick > STOPPED;
    this.#lastTick = now;
    // After sleep the heartbeats that waited in the queue come right after this tick.
    if (!wasStopped) this.#supervise(now);
    if (this.#retryAt !== null && now >= this.#retryAt) this.#connect();
    if (this.#synced && now - this.#lastCredit >= CREDIT_EVERY) this.#credit();
    this.#tell();
  }

  #supervise(now: number): void {
    if (!this.#socket) return;
    const dead = this.#lastHeard !== null && now - this.#lastHeard > DEAD_AFTER;
    const empty = !this.#synced && now - this.#connectedAt > SNAP_WITHIN;
    if (dead || empty) this.#lost(CLOSE.heartbeat);
  }

  /** The network or the page came back: do not wait for the next attempt. */
  nudge(): void {
    if (this.#retryAt !== null) this.#retryAt = this.options.now();
    this.tick();
  }

  /** Sends a command; false where there is no connection to send it on. */
  send(frame: ClientFrame): boolean {
    if (this.#socket?.readyState !== OPEN) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  #connect(): void {
    this.#drop(1000);
    this.#retryAt = null;
    this.#connectedAt = this.options.now();
    this.#lastHeard = null;
    this.#synced = false;
    this.#proven = false;
    this.#wave = 0;
    this.#mismatches = 0;
    const socket = this.options.open(SUBPROTOCOL);
    this.#socket = socket;
    socket.binaryType = "arraybuffer";
    socket.onopen = () =>
      this.send({ t: "hello", v: 1, station: this.options.station, unit: this.options.unit });
    socket.onmessage = (ev) => this.#receive(ev.data as string | ArrayBuffer);
    socket.onclose = (ev) => this.#closed(ev.code);
    socket.onerror = () => undefined; // a close event follows
    this.#tell();
  }

  /** Lets go of the socket without waiting: a dead peer never answers the close. */
  #drop(code: number): void {
    const socket = this.#socket;
    if (!socket) return;
    this.#socket = null;
    socket.onopen = socket.onmessage = socket.onclose = socket.onerror = null;
    socket.close(code);
  }

  #lost(code: number): void {
    this.#drop(code);
    this.#synced = false;
    this.#proven = false;
    const wait = RETRY[Math.min(this.#attempt, RETRY.length - 1)] ?? 8000;
    this.#attempt++;
    this.#retryAt = this.options.now() + wait + this.options.random() * JITTER;
    this.#tell();
  }

  #closed(code: number): void {
    this.#socket = null;
    if (code === CLOSE.auth || code === CLOSE.unit) {
      this.stop();
      this.handlers.refused(code === CLOSE.auth ? "auth" : "unit");
      return;
    }
    this.#lost(1000);
  }

  #receive(data: string | ArrayBuffer): void {
    try {
      if (typeof data === "string") this.#text(data);
      else this.#binary(data);
    } catch (err) {
      // What we cannot read we cannot show: begin again from a snapshot on a new connection.
      console.error("socket frame", err);
      this.#lost(CLOSE.server);
    }
  }

  #binary(data: ArrayBuffer): void {
    const batch = decodeBatch(data);
    this.#wave = batch.seq;
    this.handlers.wave(batch);
    this.#credit();
  }

  #text(data: string): void {
    const frame = parseFrame(data);
    if (!frame) return;
    this.#lastHeard = this.options.now();
    switch (frame.t) {
      case "welcome":
        this.handlers.welcome(frame);
        break;
      case "snap":
        this.#seq = frame.seq;
        this.#synced = true;
        this.handlers.snap(frame);
        this.#credit();
        break;
      case "ev":
        if (frame.seq !== this.#seq + 1) this.#resync();
        this.#seq = frame.seq;
        this.handlers.event(frame);
        break;
      case "hb":
        this.#heartbeat(frame);
        break;
      case "res":
        this.handlers.result(frame);
        break;
    }
    this.#tell();
  }

  #heartbeat(hb: Heartbeat): void {
    this.handlers.heartbeat(hb);
    if (!this.#synced) return;
    // Nothing missed, and the same alarms: that is the proof. The revision adds nothing to it.
    if (hb.seq === this.#seq && hb.digest === this.handlers.digest()) {
      this.#mismatches = 0;
      this.#attempt = 0;
      this.#proven = true;
      this.#lastProof = this.options.now();
      return;
    }
    this.#mismatches++;
    if (this.#mismatches >= 3) this.#lost(CLOSE.heartbeat);
    else this.#resync();
  }

  #resync(): void {
    this.#synced = false;
    this.#proven = false;
    this.#connectedAt = this.options.now();
    this.send({ t: "resync" });
  }

  #credit(): void {
    this.#lastCredit = this.options.now();
    this.send({ t: "cred", wave: this.#wave, seq: this.#seq, ...this.handlers.report() });
  }

  get status(): LinkStatus {
    const age = this.options.now() - this.#lastProof;
    const live = this.#synced && this.#proven && age <= DEGRADED_AFTER;
    const state: LinkState = age > OFFLINE_AFTER - TICK ? "offline" : live ? "live" : "degraded";
    const heard = this.#socket !== null && this.#lastHeard !== null;
    const phase = state === "live" ? "live" : heard ? "resync" : "connecting";
    return { state, phase, lastProof: this.#lastProof, retryAt: this.#retryAt };
  }

  /** Tells the status when it changed; the seconds of a countdown are the listener's. */
  #tell(): void {
    const status = this.status;
    const key = `${status.state}|${status.phase}|${status.retryAt}`;
    if (key === this.#told) return;
    this.#told = key;
    this.handlers.status(status);
  }
}
