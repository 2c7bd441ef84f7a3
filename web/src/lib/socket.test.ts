import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ClientFrame } from "./protocol";
import { Link, OFFLINE_AFTER, type LinkHandlers, type LinkStatus, type SocketLike } from "./socket";

const DIGEST = "00000000000000aa";

/** A server for one socket, played by the test. */
class FakeSocket implements SocketLike {
  binaryType: BinaryType = "blob";
  readyState = 0;
  onopen: SocketLike["onopen"] = null;
  onmessage: SocketLike["onmessage"] = null;
  onclose: SocketLike["onclose"] = null;
  onerror: SocketLike["onerror"] = null;
  sent: ClientFrame[] = [];

  send(data: string): void {
    this.sent.push(JSON.parse(data) as ClientFrame);
  }

  close(): void {
    this.readyState = 3;
  }

  open(): void {
    this.readyState = 1;
    this.onopen?.({} as Event);
  }

  say(frame: unknown): void {
    const data = frame instanceof ArrayBuffer ? frame : JSON.stringify(frame);
    this.onmessage?.({ data } as MessageEvent);
  }

  fail(code = 1006): void {
    this.readyState = 3;
    this.onclose?.({ code } as CloseEvent);
  }

  heartbeat(seq: number, digest = DIGEST): void {
    this.say({ t: "hb", seq, server_ms: 0, alarm_rev: 1, open: { high: 0, medium: 0, low: 0 }, digest });
  }

  snapshot(seq = 1): void {
    this.say({ t: "welcome", session: "s", server_ms: 0, hb_ms: 2000 });
    this.say({ t: "snap", seq, alarm_rev: 1, unit: "demo", numerics: [], alarms: [], channels: [] });
  }

  count(t: ClientFrame["t"]): number {
    return this.sent.filter((f) => f.t === t).length;
  }
}

let sockets: FakeSocket[];
let statuses: LinkStatus[];
let refused: string[];
let events: number[];
let link: Link;
let ticker: ReturnType<typeof setInterval>;

const last = () => sockets.at(-1) as FakeSocket;
const state = () => link.status.state;

function handlers(): LinkHandlers {
  const nothing = () => undefined;
  return {
    welcome: nothing,
    snap: nothing,
    event: (e) => events.push(e.seq),
    heartbeat: nothing,
    wave: nothing,
    result: nothing,
    digest: () => DIGEST,
    report: () => ({ visible: true, audio: "running", rendered: [], sounded: [] }),
    status: (s) => statuses.push(s),
    refused: (reason) => refused.push(reason),
  };
}

beforeEach(() => {
  vi.useFakeTimers();
  sockets = [];
  statuses = [];
  refused = [];
  events = [];
  link = new Link(
    {
      station: "desk",
      unit: "demo",
      open: () => {
        sockets.push(new FakeSocket());
        return last();
      },
      now: () => performance.now(),
      random: () => 0,
    },
    handlers(),
  );
  ticker = setInterval(() => link.tick(), 200);
  link.start();
});

afterEach(() => {
  clearInterval(ticker);
  vi.useRealTimers();
});

function goLive(): void {
  last().open();
  last().snapshot();
  last().heartbeat(1);
}

/** Heartbeats as a healthy server sends them. */
function beat(seconds: number, seq = 1): void {
  for (let t = 0; t < seconds; t += 2) {
    vi.advanceTimersByTime(2000);
    last().heartbeat(seq);
  }
}

describe("live", () => {
  it("begins with the first heartbeat whose digest equals the screen's, not with the snapshot", () => {
    last().open();
    expect(last().sent[0]).toEqual({ t: "hello", v: 1, station: "desk", unit: "demo" });
    last().snapshot();
    expect(state()).toBe("degraded");
    last().heartbeat(1);
    expect(state()).toBe("live");
  });

  it("lasts while heartbeats arrive", () => {
    goLive();
    beat(60);
    expect(state()).toBe("live");
    expect(statuses.at(-1)?.state).toBe("live");
    expect(sockets).toHaveLength(1);
  });
});

describe("loss", () => {
  it("in silence is degraded within 5 s, connects anew, and offline thereafter", () => {
    goLive();
    vi.advanceTimersByTime(3800);
    expect(state()).toBe("live");
    vi.advanceTimersByTime(1000);
    expect(state()).toBe("degraded");
    vi.advanceTimersByTime(1800);
    expect(sockets).toHaveLength(2);
    vi.advanceTimersByTime(2600);
    expect(state()).toBe("offline");
  });

  it("is told as offline no later than 8 s after the last proof, whenever the ticks fall", () => {
    for (const late of [0, 70, 130, 199]) {
      vi.advanceTimersByTime(late);
      last().open();
      last().snapshot();
      last().heartbeat(1);
      vi.advanceTimersByTime(OFFLINE_AFTER);
      expect(statuses.at(-1)?.state).toBe("offline");
    }
  });

  it("by a closed socket is degraded at once", () => {
    goLive();
    last().fail();
    expect(statuses.at(-1)).toMatchObject({ state: "degraded", phase: "connecting" });
  });

  it("is not cured by waveforms: without heartbeats nothing is proven", () => {
    goLive();
    const empty = new ArrayBuffer(16);
    new DataView(empty).setUint16(0, 0x0101);
    for (let t = 0; t < 5000; t += 200) {
      vi.advanceTimersByTime(200);
      last().say(empty);
    }
    expect(state()).toBe("degraded");
  });

  it("tries again at once, then after 1, 2, 4, 8, 8 s, for ever", () => {
    goLive();
    const gaps: number[] = [];
    let before = performance.now();
    for (let i = 0; i < 8; i++) {
      const known = sockets.length;
      last().fail();
      while (sockets.length === known) vi.advanceTimersByTime(100);
      gaps.push(Math.round((performance.now() - before) / 1000));
      before = performance.now();
    }
    expect(gaps).toEqual([0, 1, 2, 4, 8, 8, 8, 8]);
  });

  it("ends with a proof on the new connection, not with an old one", () => {
    goLive();
    last().fail();
    vi.advanceTimersByTime(400);
    last().open();
    last().snapshot();
    expect(state()).toBe("degraded");
    last().heartbeat(1);
    expect(state()).toBe("live");
  });

  it("does not wait for its turn when the network comes back", () => {
    goLive();
    for (let i = 0; i < 4; i++) {
      last().fail();
      vi.advanceTimersByTime(300);
      link.nudge();
    }
    expect(sockets).toHaveLength(5);
  });
});

describe("completeness", () => {
  it("asks for a snapshot when an event is missing, and is not live until it is proven again", () => {
    goLive();
    last().say({ t: "ev", seq: 2, kind: "census" });
    last().say({ t: "ev", seq: 4, kind: "census" });
    expect(last().count("resync")).toBe(1);
    expect(events).toEqual([2, 4]);
    expect(state()).toBe("degraded");
    last().snapshot(5);
    last().heartbeat(5);
    expect(state()).toBe("live");
  });

  it("asks for a snapshot when the last event before a heartbeat is missing", () => {
    goLive();
    last().heartbeat(2);
    expect(last().count("resync")).toBe(1);
    expect(state()).toBe("degraded");
  });

  it("asks for a snapshot when the digest differs, and gives the connection up when that does not help", () => {
    goLive();
    for (let i = 0; i < 3; i++) {
      last().heartbeat(1, "ffffffffffffffff");
      expect(state()).not.toBe("live");
      last().snapshot();
    }
    vi.advanceTimersByTime(400);
    expect(sockets).toHaveLength(2);
    expect(sockets[0]?.count("resync")).toBe(2);
  });

  it("begins again after a frame that nobody can read", () => {
    goLive();
    const complaint = vi.spyOn(console, "error").mockImplementation(() => undefined);
    last().say(new ArrayBuffer(3));
    expect(complaint).toHaveBeenCalledOnce();
    complaint.mockRestore();
    vi.advanceTimersByTime(400);
    expect(sockets).toHaveLength(2);
  });
});

describe("credit", () => {
  it("is given for every batch, and at least every 500 ms", () => {
    goLive();
    const before = last().count("cred");
    const header = new ArrayBuffer(16);
    const view = new DataView(header);
    view.setUint16(0, 0x0101);
    view.setUint32(4, 7, true);
    last().say(header);
    expect(last().sent.at(-1)).toMatchObject({ t: "cred", wave: 7, seq: 1, audio: "running" });
    vi.advanceTimersByTime(2000);
    expect(last().count("cred") - before).toBeGreaterThanOrEqual(4);
  });
});

describe("refusal", () => {
  it("by the server ends the trying", () => {
    goLive();
    last().fail(4401);
    vi.advanceTimersByTime(60_000);
    expect(refused).toEqual(["auth"]);
    expect(sockets).toHaveLength(1);
  });
});
