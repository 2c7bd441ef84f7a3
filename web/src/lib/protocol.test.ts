import { describe, expect, it } from "vitest";
import { FLAG_GAP, FLAG_LEAD_OFF, MISSING, ProtocolError, decodeBatch, parseFrame } from "./protocol";

interface Part {
  idx: number;
  offset: number;
  flags?: number;
  samples: number[];
}

function batch(seq: number, serverMs: number, parts: Part[]): ArrayBuffer {
  const size = 16 + parts.reduce((sum, p) => sum + 12 + 2 * p.samples.length, 0);
  const view = new DataView(new ArrayBuffer(size));
  view.setUint8(0, 1);
  view.setUint8(1, 1);
  view.setUint32(4, seq, true);
  view.setBigUint64(8, BigInt(serverMs), true);
  let at = 16;
  for (const p of parts) {
    view.setUint16(at, p.idx, true);
    view.setUint16(at + 2, p.samples.length, true);
    view.setInt32(at + 4, p.offset, true);
    view.setUint16(at + 8, p.flags ?? 0, true);
    p.samples.forEach((s, i) => view.setInt16(at + 12 + 2 * i, s, true));
    at += 12 + 2 * p.samples.length;
  }
  return view.buffer as ArrayBuffer;
}

describe("decodeBatch", () => {
  it("reads every channel with its own first-sample time, samples before and after the server's time", () => {
    const now = 1_795_000_000_123;
    const decoded = decodeBatch(
      batch(4_000_000_000, now, [
        { idx: 0, offset: -200, samples: [1, -1, 32767, MISSING] },
        { idx: 513, offset: 40, flags: FLAG_GAP | FLAG_LEAD_OFF, samples: [] },
        { idx: 2, offset: -4000, flags: FLAG_LEAD_OFF, samples: [7] },
      ]),
    );
    expect(decoded.seq).toBe(4_000_000_000);
    expect(decoded.serverMs).toBe(now);
    expect(decoded.chunks.map((c) => [c.idx, c.t0, c.gap, c.leadOff, [...c.samples]])).toEqual([
      [0, now - 200, false, false, [1, -1, 32767, MISSING]],
      [513, now + 40, true, true, []],
      [2, now - 4000, false, true, [7]],
    ]);
  });

  it("takes a batch without channels for what it is", () => {
    expect(decodeBatch(batch(1, 2, [])).chunks).toEqual([]);
  });

  it("refuses every truncation of a good batch instead of inventing samples", () => {
    const good = batch(1, 2, [{ idx: 0, offset: 0, samples: [1, 2, 3] }]);
    for (let length = 0; length < good.byteLength; length++) {
      if (length === 16) continue; // a header alone is a batch without channels
      expect(() => decodeBatch(good.slice(0, length)), `${length} bytes`).toThrow(ProtocolError);
    }
  });

  it("refuses a version and a type that it does not know", () => {
    for (const at of [0, 1]) {
      const buffer = batch(1, 2, []);
      new DataView(buffer).setUint8(at, 9);
      expect(() => decodeBatch(buffer)).toThrow(ProtocolError);
    }
  });
});

describe("parseFrame", () => {
  it("reads the frames of the protocol", () => {
    expect(parseFrame('{"t":"hb","seq":3}')).toMatchObject({ t: "hb", seq: 3 });
  });

  it("passes over a frame type of a newer server", () => {
    expect(parseFrame('{"t":"weather"}')).toBeNull();
  });

  it("refuses what is not a JSON object", () => {
    for (const text of ["", "{", "null", "7", '"hb"']) {
      expect(() => parseFrame(text), text).toThrow(ProtocolError);
    }
  });
});
