import { tick as rendered } from "svelte";
import type { Sound } from "./audio";
import { ServerClock } from "./clock";
import { Commands } from "./commands.svelte";
import { flashPhase } from "./flash";
import { Lookups } from "./lookups";
import { Link, type LinkHandlers, type LinkStatus } from "./socket";
import { Announcer } from "./announce.svelte";
import { Sweep } from "./sweep";
import { Speaker } from "./speaker";
import { startTicker } from "./ticker";
import { pauseOf } from "./pauses";
import type { Alarm, Channel, Ev, Snap, Station } from "./protocol";
import { leadOf, plethOf, type Ward } from "./ward.svelte";
import { WakeLock } from "./wakelock";

const RECEIPTS = 64;

const monotonic = () => performance.now();

/** Connects the parts of the dashboard: link, clock, traces, sound and what the ward shows. */
export class Monitor {
  readonly clock = new ServerClock(monotonic);
  readonly sweep = new Sweep();
  readonly speaker: Speaker;
  readonly sound: Sound;
  readonly commands: Commands;
  readonly announcer = new Announcer(monotonic);
  readonly link: Link;
  readonly #lookups: Lookups;
  readonly #wake: WakeLock;
  #stops: (() => void)[] = [];
  #frame = 0;
  #flash = "";
  /** Alarms that were painted on this screen and not yet reported. */
  #painted = new Set<string>();
  #reported = new Set<string>();
  #since = 0;
  /** When this station's user last pressed to pause its sound, monotonic. */
  #pressed = -Infinity;

  constructor(
    readonly ward: Ward,
    readonly refused: (reason: "auth" | "unit") => void,
  ) {
    this.speaker = new Speaker(ward, monotonic, () => this.clock.now());
    this.sound = this.speaker.sound;
    this.#lookups = new Lookups(
      ward,
      monotonic,
      () => this.clock.now(),
      () => this.refused("auth"),
    );
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
    void this.#lookups.census();
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
        this.#pauseStation({ paused: null }); // a pause belongs to its connection
      },
      snap: (s) => this.#snap(s),
      event: (e) => this.#event(e),
      heartbeat: (h) => {
        this.clock.observe(h.server_ms);
        this.ward.alarmRev = h.alarm_rev;
        this.speaker.follow();
      },
      wave: (b) => {
        this.sweep.push(b, this.clock.now());
        this.speaker.follow();
      },
      result: (r) => {
        this.commands.result(r);
        if (r.ok && r.alarm?.state === "closed") this.#lookups.merge([r.alarm]); // no event tells what was said of it
      },
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
    ward.book.replace(s.alarms ?? [], monotonic());
    this.#painted.clear(); // what was painted may have been another version
    ward.alarmRev = s.alarm_rev;
    ward.showAlarms();
    for (const a of s.alarms ?? []) this.commands.settle(a);
    ward.replaceCares(s.cares ?? [], monotonic());
    for (const c of s.cares ?? []) this.commands.settleCare(c);
    this.#pauseStation(s.station);
    ward.vitals.clear();
    for (const n of s.numerics ?? []) ward.vitalsOf(n.patient).take(n, monotonic());
    this.#setChannels(s.channels ?? []);
    this.#lookups.resume();
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
      case "care":
        this.commands.settleCare(e.care);
        this.ward.takeCare(e.care, monotonic());
        this.speaker.follow();
        break;
      case "station":
        this.#pauseStation(e.station);
        this.speaker.follow();
        break;
      case "census":
        void this.#lookups.census();
        break;
    }
  }

  #alarm(a: Alarm, rev: number): void {
    const ward = this.ward;
    ward.alarmRev = rev;
    this.commands.settle(a);
    if (!ward.book.apply(a, monotonic())) return;
    this.#painted.delete(a.id); // what was painted is not this version
    this.#reported.delete(a.id);
    ward.showAlarms();
    if (a.state === "closed") this.#lookups.merge([]);
    if (a.state === "active_unack") this.announcer.say(a, ward.bedOf(a));
    if (!ward.byId.has(a.patient) && a.type !== "system") void this.#lookups.census();
    this.speaker.follow();
    this.#afterAlarms();
  }

  /** Asks the server to silence this station for a moment; 0 s: no longer. */
  askToPause(seconds: number): void {
    const pressed = monotonic();
    if (this.commands.pauseStation(seconds)) this.#pressed = pressed;
  }

  #pauseStation(s: Station): void {
    this.commands.settleStation();
    this.ward.pause = pauseOf(s.paused, this.#pressed, monotonic(), this.ward.pause);
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
    this.speaker.follow();
  }

  #serverTime(at: number): number {
    return this.clock.now() - (monotonic() - at);
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

  #tick(): void {
    const ward = this.ward;
    const now = monotonic();
    this.link.tick();
    this.speaker.follow();
    this.commands.tick();
    this.announcer.tick();
    this.#lookups.tick();
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
