/** What travels on /ws/v1, subprotocol vigil.v1: JSON text frames, and binary waveform batches. */

export type Priority = "high" | "medium" | "low" | "info";
export type AlarmType = "physiological" | "technical" | "system";
export type AlarmState = "active_unack" | "active_ack" | "latched_unack" | "closed" | "pending";
/** What somebody who went to an alarm found it to be. */
export type AckReason = "actioned" | "watching" | "artefact" | "wrong_limit";
export type Truth = "true" | "false" | "unknown";

/** One alarm episode. REST and the socket use this one shape. */
export interface Alarm {
  id: string;
  patient: string;
  condition: string;
  label: string;
  type: AlarmType;
  priority: Priority;
  state: AlarmState;
  truth: Truth;
  version: number;
  onset: string;
  raised: string;
  ended: string | null;
  changed: string;
  count: number;
  detail: string;
  site: string;
  acked_by: string | null;
  /** Staff id behind acked_by; empty: nobody. */
  owner: string;
  acked_at: string | null;
  reason: string | null;
  /** Exact decimal, empty where the condition has no worst value. */
  worst: string;
  /** The alarm that explains this one, which is silent meanwhile; empty: none. */
  suppressed_by: string;
  /** The episode that this one continues; empty: none. */
  previous: string;
  chattering: boolean;
  /** An alarm of a single reading is put off until then. */
  snooze_until: string | null;
  /** Absent: nobody has said. */
  ack_reason?: AckReason;
  /** The database is away, and has not taken the alarm as it is shown. */
  unrecorded?: boolean;
}

/** What people have decided for a while; it ends by itself. */
export interface Decided {
  since: string;
  until: string;
  /** The person's display name. */
  by: string;
  where?: string;
}

export interface Off extends Decided {
  condition: string;
  label: string;
  reason: string;
}

/** What people have decided about one patient. */
export interface Care {
  patient: string;
  version: number;
  away: Decided | null;
  paused: Decided | null;
  off: Off[];
}

/** What is decided about this screen's own sound. */
export interface Station {
  paused: Decided | null;
}

/** The newest value of one kind from one device; age_ms is by the server's receive time. */
export interface Numeric {
  patient: string;
  device: string;
  kind: string;
  value: string;
  unit: string;
  time: string;
  age_ms: number;
  quality: "good" | "questionable";
}

/** A waveform channel; binary batches name it by idx. */
export interface Channel {
  idx: number;
  patient: string;
  device: string;
  kind: string;
  label: string;
  rate_hz: number;
  scale: number;
  unit: string;
}

export interface Welcome {
  t: "welcome";
  session: string;
  server_ms: number;
  hb_ms: number;
}

export interface Snap {
  t: "snap";
  seq: number;
  alarm_rev: number;
  unit: string;
  numerics: Numeric[] | null;
  alarms: Alarm[] | null;
  channels: Channel[] | null;
  cares: Care[] | null;
  station: Station;
}

export type Ev = { t: "ev"; seq: number } & (
  | { kind: "alarm"; alarm: Alarm; alarm_rev: number }
  | { kind: "numeric"; numeric: Numeric }
  | { kind: "channel"; channel: Channel }
  | { kind: "care"; care: Care }
  | { kind: "station"; station: Station }
  | { kind: "census" }
);

export interface Heartbeat {
  t: "hb";
  seq: number;
  server_ms: number;
  alarm_rev: number;
  open: { high: number; medium: number; low: number };
  digest: string;
}

export type ResultCode =
  | "already_acked"
  | "not_acked"
  | "worse"
  | "closed"
  | "unknown"
  | "forbidden"
  | "unfit"
  | "unavailable"
  | "bad_request";

/** What became of one alarm of several. */
export interface Each {
  alarm: string;
  /** Why it was refused; absent where it is acknowledged. */
  code?: ResultCode;
  now?: Alarm;
}

export interface Result {
  t: "res";
  cmd_id: string;
  ok: boolean;
  code?: ResultCode;
  message?: string;
  alarm?: Alarm;
  each?: Each[];
}

export type ServerFrame = Welcome | Snap | Ev | Heartbeat | Result;

export type AudioReport = "running" | "suspended" | "none";

export type ClientFrame =
  | { t: "hello"; v: 1; station: string; unit: string }
  | {
      t: "cred";
      wave: number;
      seq: number;
      visible: boolean;
      audio: AudioReport;
      rendered: string[];
      sounded: string[];
    }
  | { t: "sub"; channels: number[] }
  | { t: "resync" }
  | ({ t: "cmd"; cmd_id: string } & Wish);

/** What was on the screen of whoever wants something of an alarm. */
interface SeenAlarm {
  alarm: string;
  seen_version: number;
  seen_priority: Priority;
}

/** What a person wants. */
export type Wish =
  | ({ op: "ack" | "unack" } & SeenAlarm)
  | ({ op: "snooze"; seconds: number } & SeenAlarm)
  | ({ op: "explain"; ack_reason: AckReason } & SeenAlarm)
  | { op: "ack_low"; patient: string; seen: { alarm: string; version: number }[] }
  | { op: "pause"; patient: string; seconds: number }
  | { op: "standby"; patient: string; seconds: number; where: string }
  | { op: "resume"; patient: string }
  | { op: "alarm_off"; patient: string; condition: string; seconds: number; reason: string }
  | { op: "alarm_on"; patient: string; condition: string }
  | { op: "pause_station"; seconds: number };

export type Op = Wish["op"];

export const SUBPROTOCOL = "vigil.v1";

/** Close codes of the socket. */
export const CLOSE = { auth: 4401, unit: 4403, heartbeat: 4408, slow: 4429, server: 4500 } as const;

/** The sample value that means "missing". */
export const MISSING = -32768;

export const FLAG_GAP = 1;
export const FLAG_LEAD_OFF = 2;

export interface Chunk {
  idx: number;
  /** Server time of the first sample, ms. */
  t0: number;
  gap: boolean;
  leadOff: boolean;
  samples: Int16Array;
}

export interface Batch {
  seq: number;
  serverMs: number;
  chunks: Chunk[];
}

/** A frame that does not follow the protocol. */
export class ProtocolError extends Error {
  override name = "ProtocolError";
}

const HEADER = 16;
const CHUNK_HEADER = 12;

/**
 * Decodes one binary waveform batch (little-endian). The samples are views into the buffer: header
 * and chunk lengths are even, so they are always aligned, and every browser runs little-endian.
 */
export function decodeBatch(buffer: ArrayBuffer): Batch {
  if (buffer.byteLength < HEADER) throw new ProtocolError("batch shorter than its header");
  const view = new DataView(buffer);
  if (view.getUint8(0) !== 1) throw new ProtocolError(`unknown batch version ${view.getUint8(0)}`);
  if (view.getUint8(1) !== 1) throw new ProtocolError(`unknown batch type ${view.getUint8(1)}`);
  const serverMs = Number(view.getBigUint64(8, true));
  const chunks: Chunk[] = [];
  for (let at = HEADER; at < buffer.byteLength;) {
    const chunk = decodeChunk(view, at, serverMs);
    chunks.push(chunk);
    at += CHUNK_HEADER + 2 * chunk.samples.length;
  }
  return { seq: view.getUint32(4, true), serverMs, chunks };
}

function decodeChunk(view: DataView, at: number, serverMs: number): Chunk {
  const body = at + CHUNK_HEADER;
  if (body > view.byteLength) throw new ProtocolError("batch ends within a channel header");
  const n = view.getUint16(at + 2, true);
  if (body + 2 * n > view.byteLength) throw new ProtocolError("batch ends within its samples");
  const flags = view.getUint16(at + 8, true);
  return {
    idx: view.getUint16(at, true),
    t0: serverMs + view.getInt32(at + 4, true),
    gap: (flags & FLAG_GAP) !== 0,
    leadOff: (flags & FLAG_LEAD_OFF) !== 0,
    samples: new Int16Array(view.buffer as ArrayBuffer, body, n),
  };
}

/**
 * Reads a text frame. Null for a type that this version does not know: a newer server may say more
 * than an open page understands.
 */
export function parseFrame(text: string): ServerFrame | null {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch (cause) {
    throw new ProtocolError("text frame is not JSON", { cause });
  }
  if (typeof frame !== "object" || frame === null) throw new ProtocolError("text frame is not an object");
  const t = (frame as { t?: unknown }).t;
  const known = t === "welcome" || t === "snap" || t === "ev" || t === "hb" || t === "res";
  return known ? (frame as ServerFrame) : null;
}
