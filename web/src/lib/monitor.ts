import { tick as rendered } from "svelte";
import { ApiError, closedAlarms, patients } from "./api";
import { Sound } from "./audio";
import { ServerClock } from "./clock";
import { Commands } from "./commands.svelte";
import { flashPhase } from "./flash";
import { Link, type LinkHandlers, type LinkStatus } from "./socket";
import { Announcer } from "./announce.svelte";
import { Sweep } from "./sweep";
import { startTicker } from "./ticker";
import { wantedSound, type Wanted } from "./tones";
import type { Alarm, Channel, Ev, Snap } from "./protocol";
import { leadOf, plethOf, type Ward } from "./ward.svelte";
import { WakeLock } from "./wakelock";

const CENSUS_RETRY = 5000;
const CLOSED_EVERY = 300_000;
const DAY = 86_400_000;
const RECEIPTS = 64;
const OFFLINE_TONE: Wanted = { priority: "medium", pause: 15, ids: ["offline"] };

const monotonic = () => performance.now();

/** Connects the parts of the dashboard: link, clock, traces, sound and what the ward shows. */
export class Monitor {
  readonly clock = new ServerClock(monotonic);
  readonly sweep = new Sweep();
  readonly sound: Sound;
  readonly commands: Commands;
  readonly announcer = new Announcer(monotonic);
  readonly link: Link;
  readonly #wake: WakeLock;
  #stops: (() => void)[] = [];
  #frame = 0;
  #flash = "";
  /** Alarms that were painted on this screen and not yet reported. */
  #painted = new Set<string>();
  #reported = new Set<string>();
  #censusDue = Infinity;
  #closedDue = 0;
  #since = 0;

  constructor(
    readonly ward: Ward,
    readonly refused: (reason: "auth" | "unit") => void,
  ) {
    this.sound = new Sound(() => this.#checkAudio());
    this.#wake = new WakeLock((state) => (ward.wakeLock = state));
    this.link = new Link(
      {
        station: ward.station,
        unit: ward.unit.id,
        open: (protocol) => new WebSocket(socketURL(location), protocol),
        now: monotonic,
        random: Math.random,
      },
      this.#handlers(),
    );
    this.commands = new Commands(
      (frame) => this.link.send(frame),
      monotonic,
      () => this.clock.now(),
      (alarm) => document.querySelector<HTMLElement>(`[data-alarm-row="${CSS.escape(alarm)}"]`)?.focus(),
    );
  }

  /** Must be called from a click: sound and wake lock need one. */
  async start(): Promise<void> {
    this.#since = this.clock.now();
    this.ward.now = monotonic();
    this.ward.serverNow = this.clock.now();
    await this.sound.enable();
    this.sound.test();
    void this.#wake.request();
    this.link.start();
    this.#stops.push(startTicker(() => this.#tick()));
    const nudge = () => this.link.nudge();
    const visible = () => {
      if (document.visibilityState === "visible") void this.#wake.request();
      this.link.nudge();
    };
    addEventListener("online", nudge);
    addEventListener("pageshow", nudge);
    document.addEventListener("visibilitychange", visible);
    this.#stops.push(() => {
      removeEventListener("online", nudge);
      removeEventListener("pageshow", nudge);
      document.removeEventListener("visibilitychange", visible);
    });
    this.#animate();
    void this.#loadCensus();
  }

  stop(): void {
    for (const stop of this.#stops) stop();
    this.#stops = [];
    cancelAnimationFrame(this.#frame);
    document.documentElement.removeAttribute("data-flash");
    this.link.stop();
    this.#wake.release();
    this.sound.silence();
    void this.sound.close();
  }

  /** Since when the channel is waited for, server ms. */
  get since(): number {
    return this.#since;
  }

  #handlers(): LinkHandlers {
    return {
      welcome: (w) => {
        this.clock.reset();
        this.clock.observe(w.server_ms);
        this.sweep.restart();
        this.#reported.clear();
      },
      snap: (s) => this.#snap(s),
      event: (e) => this.#event(e),
      heartbeat: (h) => {
        this.clock.observe(h.server_ms);
        this.ward.alarmRev = h.alarm_rev;
        this.#soundNow();
      },
      wave: (b) => {
        this.sweep.push(b, this.clock.now());
        this.#soundNow();
      },
      result: (r) => this.commands.result(r),
      digest: () => this.ward.book.digest(),
      report: () => ({
        visible: document.visibilityState === "visible",
        audio: this.sound.report(monotonic()),
        rendered: this.#receipts(),
        sounded: this.sound.heard(RECEIPTS),
      }),
      status: (s) => this.#status(s),
      refused: this.refused,
    };
  }

  #snap(s: Snap): void {
    const ward = this.ward;
    ward.book.replace(s.alarms ?? []);
    ward.alarmRev = s.alarm_rev;
    ward.showAlarms();
    for (const a of s.alarms ?? []) this.commands.settle(a);
    ward.vitals.clear();
    for (const n of s.numerics ?? []) ward.vitalsOf(n.patient).take(n, monotonic());
    this.#setChannels(s.channels ?? []);
    void this.#loadCensus();
    this.#closedDue = 0;
    this.#afterAlarms();
  }

  #event(e: Ev): void {
    switch (e.kind) {
      case "alarm":
        this.#alarm(e.alarm, e.alarm_rev);
        break;
      case "numeric":
        this.ward.vitalsOf(e.numeric.patient).take(e.numeric, monotonic());
        break;
      case "channel":
        this.#setChannels([...this.ward.channels.filter((c) => c.idx !== e.channel.idx), e.channel]);
        break;
      case "census":
        void this.#loadCensus();
        break;
    }
  }

  #alarm(a: Alarm, rev: number): void {
    const ward = this.ward;
    ward.alarmRev = rev;
    this.commands.settle(a);
    if (!ward.book.apply(a)) return;
    this.#painted.delete(a.id); // what was painted is not this version
    this.#reported.delete(a.id);
    ward.showAlarms();
    if (a.state === "closed") this.#mergeClosed([]);
    if (a.state === "active_unack") this.announcer.say(a, ward.bedOf(a));
    if (!ward.byId.has(a.patient) && a.type !== "system") void this.#loadCensus();
    const taken = a.state === "active_ack" || a.reason === "ack";
    this.#soundNow(taken);
    this.#afterAlarms();
  }

  #setChannels(channels: Channel[]): void {
    this.ward.channels = channels;
    this.sweep.setChannels(channels);
    const shown = [...this.ward.channelsOf.values()].flatMap((of) => [leadOf(of), plethOf(of)]);
    const wanted = shown.filter((c) => c !== undefined).map((c) => c.idx);
    if (wanted.length < channels.length) this.link.send({ t: "sub", channels: wanted });
  }

  #status(s: LinkStatus): void {
    const ward = this.ward;
    const before = ward.link.state;
    ward.link = s;
    this.sweep.off = s.state === "offline";
    if (before === "live" && s.state !== "live") {
      ward.outage = { from: this.#serverTime(s.lastProof), to: Infinity };
    }
    if (before !== "live" && s.state === "live" && ward.outage) {
      ward.outage = { from: ward.outage.from, to: this.clock.now() };
    }
    if (s.phase === "connecting") this.commands.interrupted();
    this.#soundNow();
  }

  #serverTime(at: number): number {
    return this.clock.now() - (monotonic() - at);
  }

  /** Makes the sound follow the alarms; taken: somebody has just acknowledged one. */
  #soundNow(taken = false): void {
    const wanted =
      wantedSound(this.ward.book.open()) ?? (this.ward.link.state === "offline" ? OFFLINE_TONE : null);
    const playing = this.sound.lastBurst?.priority;
    if (taken && playing && wanted?.priority !== playing) this.sound.silence();
    this.sound.update(wanted);
    this.#checkAudio();
  }

  #checkAudio(): void {
    const state = this.sound.report(monotonic()) === "running" ? "on" : "blocked";
    if (this.ward.audio !== state) this.ward.audio = state;
  }

  /** Notes what was painted, for the receipts that go to the server. */
  #afterAlarms(): void {
    void rendered().then(() => {
      if (document.visibilityState !== "visible") return;
      requestAnimationFrame(() => {
        for (const a of this.ward.alarms) if (!this.#reported.has(a.id)) this.#painted.add(a.id);
      });
    });
  }

  #receipts(): string[] {
    // The server takes frames of 4 KiB; what does not fit goes with the next.
    const ids = [...this.#painted].slice(0, RECEIPTS);
    for (const id of ids) {
      this.#reported.add(id);
      this.#painted.delete(id);
    }
    return ids;
  }

  async #loadCensus(): Promise<void> {
    this.#censusDue = Infinity;
    try {
      this.ward.patients = await patients(this.ward.unit.id);
      this.ward.censusFault = "";
    } catch (err) {
      if (err instanceof ApiError && err.status === 401) this.refused("auth");
      this.ward.censusFault = err instanceof Error ? err.message : String(err);
      this.#censusDue = monotonic() + CENSUS_RETRY;
    }
  }

  async #loadClosed(): Promise<void> {
    this.#closedDue = monotonic() + CLOSED_EVERY;
    try {
      this.#mergeClosed(await closedAlarms(this.ward.unit.id));
    } catch (err) {
      this.#closedDue = monotonic() + CENSUS_RETRY;
      console.warn("closed alarms", err);
    }
  }

  /** The closed alarms of the last 24 h, newest first: from REST, and those that we saw close. */
  #mergeClosed(fetched: Alarm[]): void {
    const all = new Map<string, Alarm>();
    for (const a of [...this.ward.closed, ...fetched, ...this.ward.book.closed()]) all.set(a.id, a);
    const horizon = this.clock.now() - DAY;
    this.ward.closed = [...all.values()]
      .filter((a) => !this.ward.book.get(a.id) && Date.parse(a.changed) >= horizon)
      .sort((a, b) => Date.parse(b.changed) - Date.parse(a.changed));
  }

  #tick(): void {
    const ward = this.ward;
    const now = monotonic();
    this.link.tick();
    this.#soundNow();
    this.commands.tick();
    this.announcer.tick();
    if (now >= this.#censusDue) void this.#loadCensus();
    if (now >= this.#closedDue && ward.link.state === "live") void this.#loadClosed();
    if (Math.floor(now / 500) !== Math.floor(ward.now / 500)) {
      ward.now = now;
      ward.serverNow = this.clock.now();
      ward.skewMs = this.clock.skew();
    }
  }

  #animate(): void {
    const step = (t: number) => {
      this.#frame = requestAnimationFrame(step);
      const now = this.clock.now();
      this.sweep.frame(t, now);
      const flash = flashPhase(now, this.ward.flashing);
      if (flash !== this.#flash) {
        this.#flash = flash;
        document.documentElement.dataset.flash = flash;
      }
    };
    this.#frame = requestAnimationFrame(step);
  }
}

/** The dashboard socket on the page's own server. */
export function socketURL(at: Pick<Location, "protocol" | "host">): string {
  return `${at.protocol === "https:" ? "wss" : "ws"}://${at.host}/ws/v1`;
}
