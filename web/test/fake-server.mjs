// Plays a ward over the real protocol, for eyes and for acceptance checks. Not part of the product.
//   node test/fake-server.mjs [--patients 16] [--port 8080] [--drama]
import { createHash, randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { WebSocketServer } from "ws";
import { ecg, pleth } from "./ecg.mjs";
import { FakePeople } from "./fake-people.mjs";

const DIST = fileURLToPath(new URL("../dist", import.meta.url));
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};
const CSP = "default-src 'self'; img-src 'self' data:; connect-src 'self'; style-src 'self'";
const BATCH_MS = 200;
const RATE = 250;

const FAMILIES =
  "Okafor Lindqvist Moreau Tanaka Ferreira Novak Haddad Sørensen Brennan Castillo Dubois Eriksen Farouk Greco Hoang Ivanova".split(
    " ",
  );
const GIVEN =
  "Adaeze Björn Chloé Daichi Elena Filip Ghada Henrik Isla Jorge Karim Lena Mei Nikhil Olga Pedro".split(" ");

/** Plays count patients; the answer lets a test make things happen. */
export async function startFakeServer({ count = 16, port = 0, names = {} } = {}) {
  const ward = new FakeWard(count, names);
  const http = createServer((req, res) => handle(ward, req, res));
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: () => "vigil.v1",
    perMessageDeflate: false,
  });
  http.on("upgrade", (req, socket, head) => {
    if (ward.refusing || req.url !== "/ws/v1" || !signedIn(req)) return socket.destroy();
    sockets.handleUpgrade(req, socket, head, (ws) => ward.join(ws));
  });
  await new Promise((resolve) => http.listen(port, "127.0.0.1", resolve));
  const timers = [
    setInterval(() => ward.waves(), BATCH_MS),
    setInterval(() => ward.numerics(), 1000),
    setInterval(() => ward.beat(), 2000),
  ];
  return {
    ward,
    url: `http://127.0.0.1:${http.address().port}`,
    async close() {
      timers.forEach(clearInterval);
      for (const c of ward.clients) c.ws.terminate();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

const iso = (ms) => new Date(ms).toISOString();

export class FakeWard {
  clients = new Set();
  alarms = new Map();
  /** What is decided about patients. */
  cares = new Map();
  /** What limits were tried. */
  simulated = [];
  rev = 0;
  refusing = false;
  /** Seconds for which nobody may sign in. */
  locked = 0;
  /** Milliseconds by which answers to commands are held back. */
  hold = 0;
  /** What the next command is answered with instead of being carried out. */
  nextAnswer = null;
  commands = [];
  credits = [];
  people = new FakePeople();
  silentHeartbeat = false;
  batch = 0;

  constructor(count, names) {
    this.patients = Array.from({ length: count }, (_, i) => {
      const id = `p${i + 1}`;
      return {
        id,
        unit: "demo",
        mrn: `MRN${1000 + i}`,
        family: FAMILIES[i % 16],
        given: GIVEN[(i * 7 + (i >> 4)) % 16],
        birth: `${1936 + ((i * 13) % 60)}-0${1 + (i % 9)}-11`,
        sex: i % 2 ? "male" : "female",
        bed: String(i + 1),
        test: i % 16 === 15,
        admitted: iso(Date.now() - 86400000),
        devices: [`d${i + 1}`],
        ...names[id],
      };
    });
    this.hearts = this.patients.map((_, i) => ({
      rate: 58 + ((i * 17) % 46),
      spo2: 93 + ((i * 5) % 7),
      breath: 12 + ((i * 3) % 9),
      phase: i * 0.37,
      height: 0.75 + ((i * 7) % 5) * 0.12,
      rhythm: "sinus",
      silent: false,
      leadOff: false,
      frozenNumerics: false,
    }));
    this.channels = this.patients.map((p, i) => ({
      idx: i,
      patient: p.id,
      device: `d${i + 1}`,
      kind: "ecg_ii",
      label: "II",
      rate_hz: RATE,
      scale: 1,
      unit: "µV",
    }));
    if (count <= 16) {
      for (const [i, p] of this.patients.entries()) {
        if (i % 3 === 0)
          this.channels.push({
            ...this.channels[i],
            idx: 100 + i,
            patient: p.id,
            kind: "pleth",
            label: "Pleth",
            unit: "",
          });
      }
    }
    this.closedAlarms = this.#history();
    this.sent = Date.now();
  }

  #history() {
    const ago = (min) => Date.now() - min * 60000;
    const make = (i, patient, priority, label, type, detail, raised, lasted, reason, by) => ({
      ...this.#alarm(`01CLOSED${i}`, { patient, priority, label, type, detail }),
      state: "closed",
      truth: "false",
      version: 3,
      onset: iso(raised),
      raised: iso(raised),
      ended: iso(raised + lasted),
      changed: iso(raised + lasted),
      acked_by: by,
      acked_at: by ? iso(raised + lasted / 2) : null,
      reason,
    });
    return [
      make(
        1,
        "p3",
        "medium",
        "SpO₂ LOW",
        "physiological",
        "SpO₂ 85 < 88 %",
        ago(14),
        41000,
        "resolved",
        "K. Lee",
      ),
      make(2, "p9", "low", "LEADS OFF", "technical", "electrode LA", ago(37), 95000, "self", null),
      make(3, "p2", "medium", "HR HIGH", "physiological", "HR 134 > 130 /min", ago(92), 23000, "self", null),
      make(4, "p11", "low", "BATTERY LOW", "technical", "18 %", ago(180), 1200000, "resolved", "M. Ortiz"),
    ];
  }

  #alarm(id, over) {
    const now = iso(Date.now());
    return {
      id,
      condition: "ASYSTOLE",
      type: "physiological",
      priority: "high",
      state: "active_unack",
      truth: "true",
      version: 1,
      onset: now,
      raised: now,
      ended: null,
      changed: now,
      count: 1,
      detail: "",
      site: "",
      acked_by: null,
      acked_at: null,
      owner: "",
      reason: null,
      worst: "",
      suppressed_by: "",
      previous: "",
      chattering: false,
      snooze_until: null,
      ...over,
    };
  }

  /** Raises an alarm and returns its id. */
  raise(over) {
    const alarm = this.#alarm(`01${randomUUID().slice(0, 8)}`, over);
    this.set(alarm);
    return alarm.id;
  }

  change(id, over) {
    const before = this.alarms.get(id);
    this.set({ ...before, changed: iso(Date.now()), ...over, version: before.version + 1 });
  }

  set(alarm) {
    if (alarm.state === "closed") {
      this.alarms.delete(alarm.id);
      this.closedAlarms.unshift(alarm);
    } else {
      this.alarms.set(alarm.id, alarm);
    }
    this.rev++;
    this.event({ kind: "alarm", alarm, alarm_rev: this.rev });
  }

  /** Changes what is decided about a patient, as the server says it. */
  decide(patient, over) {
    const before = this.cares.get(patient) ?? { patient, version: 0, away: null, paused: null, off: [] };
    const care = { ...before, ...over, version: before.version + 1 };
    this.cares.set(patient, care);
    this.event({ kind: "care", care });
    return care;
  }

  event(body) {
    for (const c of this.clients) if (c.ready) c.send({ t: "ev", seq: ++c.seq, ...body });
  }

  digest() {
    let hash = 0xcbf29ce484222325n;
    const open = [...this.alarms.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    for (const byte of Buffer.from(open.map((a) => `${a.id}|${a.version}|${a.state}\n`).join(""))) {
      hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
    }
    return hash.toString(16).padStart(16, "0");
  }

  join(ws) {
    const client = {
      ws,
      seq: 0,
      batch: 0,
      credited: 0,
      ready: false,
      dropped: false,
      send: (o) => ws.send(JSON.stringify(o)),
    };
    this.clients.add(client);
    ws.on("close", () => this.clients.delete(client));
    ws.on("message", (data) => this.#receive(client, JSON.parse(String(data))));
  }

  #receive(client, m) {
    if (m.t === "hello") {
      client.send({ t: "welcome", session: randomUUID(), server_ms: Date.now(), hb_ms: 2000 });
      this.#snap(client);
      this.beat();
    }
    if (m.t === "resync") this.#snap(client);
    if (m.t === "cred") {
      client.credited = m.wave;
      this.credits.push(m);
    }
    if (m.t === "cmd") {
      this.commands.push(m);
      setTimeout(() => this.#command(client, m), this.hold);
    }
  }

  #command(client, m) {
    const alarm = this.alarms.get(m.alarm);
    if (m.patient || m.op === "pause_station") return this.#decision(client, m);
    const answer = (over) =>
      client.send({ t: "res", cmd_id: m.cmd_id, ok: false, message: "", alarm, ...over });
    if (this.nextAnswer) {
      const over = this.nextAnswer;
      this.nextAnswer = null;
      return answer(over);
    }
    const over = this.closedAlarms.find((a) => a.id === m.alarm);
    if (over && m.op === "explain") {
      over.ack_reason = m.ack_reason; // which no event tells
      return answer({ ok: true, alarm: over });
    }
    if (!alarm) return answer({ code: "closed" });
    if (m.op === "explain") {
      this.change(m.alarm, { ack_reason: m.ack_reason });
      return answer({ ok: true, alarm: this.alarms.get(m.alarm) });
    }
    if (m.op === "unack") {
      const free = { state: "active_unack", acked_by: null, acked_at: null, owner: "" };
      this.change(m.alarm, free);
      return answer({ ok: true, alarm: this.alarms.get(m.alarm) });
    }
    if (alarm.state === "active_ack") return answer({ code: "already_acked" });
    if (alarm.version !== m.seen_version) return answer({ code: "worse" });
    if (m.op === "snooze") {
      const lasts = m.seconds || 86400;
      this.change(m.alarm, { snooze_until: iso(Date.now() + 1000 * lasts) });
      return answer({ ok: true, alarm: this.alarms.get(m.alarm) });
    }
    const acked = { acked_by: "K. Lee", owner: "s1", acked_at: iso(Date.now()) };
    const latched = alarm.state === "latched_unack";
    this.change(m.alarm, {
      ...acked,
      state: latched ? "closed" : "active_ack",
      reason: latched ? "ack" : null,
    });
    answer({ ok: true, alarm: this.alarms.get(m.alarm) ?? alarm });
  }

  /** Carries out what is about a patient as a whole, or about the screen. */
  #decision(client, m) {
    const answer = (over) => client.send({ t: "res", cmd_id: m.cmd_id, ok: true, ...over });
    if (this.nextAnswer) {
      const over = this.nextAnswer;
      this.nextAnswer = null;
      return answer({ ok: false, message: "", ...over });
    }
    const now = Date.now();
    const decided = { since: iso(now), until: iso(now + 1000 * (m.seconds ?? 0)), by: "K. Lee" };
    const off = (this.cares.get(m.patient)?.off ?? []).filter((o) => o.condition !== m.condition);
    const { label } = CONDITIONS.find((c) => c.condition === m.condition) ?? {};
    switch (m.op) {
      case "ack_low": {
        const each = m.seen.map(({ alarm, version }) => {
          const a = this.alarms.get(alarm);
          if (a.version !== version || a.priority !== "low") return { alarm, code: "worse", now: a };
          this.change(alarm, { state: "active_ack", acked_by: "K. Lee", owner: "s1", acked_at: iso(now) });
          return { alarm };
        });
        return answer({ each });
      }
      case "pause_station":
        client.station = { paused: m.seconds > 0 ? decided : null };
        client.send({ t: "ev", seq: ++client.seq, kind: "station", station: client.station });
        return answer({});
      case "pause":
        return answer({ care: this.decide(m.patient, { paused: m.seconds > 0 ? decided : null }) });
      case "standby":
        return answer({ care: this.decide(m.patient, { away: { ...decided, where: m.where } }) });
      case "resume":
        return answer({ care: this.decide(m.patient, { away: null }) });
      case "alarm_off":
        off.push({ ...decided, condition: m.condition, label, reason: m.reason });
    }
    answer({ care: this.decide(m.patient, { off }) });
  }

  #snap(client) {
    client.ready = true;
    client.send({
      t: "snap",
      seq: ++client.seq,
      alarm_rev: this.rev,
      unit: "demo",
      numerics: this.#numericsNow().flat(),
      alarms: [...this.alarms.values()],
      channels: this.channels,
      cares: [...this.cares.values()],
      station: client.station ?? { paused: null },
    });
  }

  beat() {
    if (this.silentHeartbeat) return;
    const open = { high: 0, medium: 0, low: 0 };
    for (const a of this.alarms.values()) open[a.priority]++;
    const body = { t: "hb", alarm_rev: this.rev, open, digest: this.digest() };
    for (const c of this.clients) if (c.ready) c.send({ ...body, seq: c.seq, server_ms: Date.now() });
  }

  #numericsNow() {
    const now = Date.now();
    // Who was admitted later has no device, hence no heart.
    return this.patients.slice(0, this.hearts.length).map((p, i) => {
      const h = this.hearts[i];
      const base = { patient: p.id, device: `d${i + 1}`, time: iso(now), age_ms: 0, quality: "good" };
      const wobble = (n, k) => String(Math.round(n + 1.4 * Math.sin(now / 4000 + i * k)));
      const spotTime = iso(now - (20 + ((i * 11) % 90)) * 60000);
      const spot = { ...base, time: spotTime, age_ms: now - Date.parse(spotTime) };
      const streamed = [
        { ...base, kind: "heart_rate", value: wobble(h.rate, 1), unit: "beats/minute" },
        { ...base, kind: "spo2", value: String(Math.min(100, Number(wobble(h.spo2, 2)))), unit: "%" },
        { ...base, kind: "respiration_rate", value: wobble(h.breath, 3), unit: "breaths/minute" },
      ].filter(
        (n) =>
          !(n.kind === "respiration_rate" && i % 4 === 3) &&
          !(n.kind === "heart_rate" && h.rhythm === "asystole"),
      );
      return [
        ...(h.frozenNumerics || h.silent ? [] : streamed),
        { ...spot, kind: "systolic", value: String(108 + ((i * 9) % 44)), unit: "mmHg" },
        { ...spot, kind: "diastolic", value: String(62 + ((i * 5) % 26)), unit: "mmHg" },
        { ...spot, kind: "temperature", value: (36.2 + ((i * 3) % 17) / 10).toFixed(1), unit: "°C" },
      ];
    });
  }

  numerics() {
    for (const list of this.#numericsNow()) {
      for (const numeric of list) if (numeric.age_ms === 0) this.event({ kind: "numeric", numeric });
    }
  }

  /** Admits one more patient, without a device. */
  admit(bed) {
    const id = `late-${randomUUID()}`;
    this.patients.push({ ...this.patients[0], id, bed, family: "Late", devices: [] });
    this.event({ kind: "census" });
  }

  waves() {
    const now = Date.now();
    // Whole samples since the last batch, on the 4 ms grid of 250 Hz.
    const from = Math.ceil(this.sent / 4) * 4;
    const n = Math.floor((now - from) / 4);
    if (n <= 0) return;
    this.sent = from + n * 4;
    const parts = this.channels
      .filter((c) => !this.hearts[c.idx % 100].silent)
      .map((c) => this.#chunk(c, from, n, now));
    for (const client of this.clients) {
      if (!client.ready) continue;
      if (client.batch - client.credited >= 2) {
        client.dropped = true;
        continue;
      }
      const head = Buffer.alloc(16);
      head.writeUInt8(1, 0);
      head.writeUInt8(1, 1);
      head.writeUInt32LE(++client.batch, 4);
      head.writeBigUInt64LE(BigInt(now), 8);
      client.ws.send(Buffer.concat([head, ...parts]));
    }
  }

  #chunk(channel, from, n, now) {
    const heart = this.hearts[channel.idx % 100];
    const part = Buffer.alloc(12 + 2 * n);
    part.writeUInt16LE(channel.idx, 0);
    part.writeUInt16LE(n, 2);
    part.writeInt32LE(from - now, 4);
    part.writeUInt16LE(heart.leadOff ? 2 : 0, 8);
    for (let k = 0; k < n; k++) {
      const at = from + 4 * k;
      const value = heart.leadOff
        ? -32768
        : Math.round(channel.kind === "pleth" ? pleth(at, heart) : ecg(at, heart));
      part.writeInt16LE(value, 12 + 2 * k);
    }
    return part;
  }
}

const STAFF = {
  id: "s1",
  login: "nurse",
  name: "K. Lee",
  role: "nurse",
  units: [{ id: "demo", name: "Cardiac step-down 3 West", zone: "America/New_York" }],
};

/** Who signs in: the nurse, unless the ward says otherwise. */
const staffOf = (ward) => ({ ...STAFF, ...ward.staff });

/** Some of what alarms can be about. */
const CONDITIONS = [
  ["ASYSTOLE", "ASYSTOLE", "high", false, false],
  ["HR_HIGH", "HR HIGH", "medium", true, false],
  ["SPO2_LOW", "SpO₂ LOW", "medium", true, false],
  ["BP_HIGH", "BP HIGH", "medium", true, true],
  ["TEMP_HIGH", "TEMP HIGH", "low", true, true],
].map(([condition, label, priority, can_be_off, single]) => ({
  condition,
  label,
  type: "physiological",
  priority,
  can_be_off,
  single,
}));

const setting = (name, title, unit, value, high) => ({
  name,
  title,
  unit,
  value,
  condition: "HR_HIGH",
  source: "default",
  default: value,
  unit_value: value,
  evidence: "",
  low: 0,
  high: 200,
  envelope_low: 0,
  envelope_high: high,
});

const LIMITS = {
  version: 0,
  changes: { spo2_low: 85 },
  settings: [
    { ...setting("spo2_low", "SpO2 LOW limit", "%", 85, 90), condition: "SPO2_LOW", unit_value: 88 },
    setting("hr_high", "HR HIGH limit", "/min", 130, 150),
    setting("hr_high_after", "HR HIGH on-delay", "s", 15, 20),
  ],
};

/** Fewer alarms by far, and two of which nothing would have been told. */
function verdict() {
  const missed = [70, 250].map((min) => ({
    condition: "HR_HIGH",
    label: "HR HIGH",
    priority: "medium",
    from: iso(Date.now() - min * 60000),
    to: null,
    detail: "HR 133 > 130 /min",
  }));
  const counts = [{ condition: "HR_HIGH", label: "HR HIGH", before: 41, after: 9 }];
  return {
    from: iso(Date.now() - 86400000),
    to: iso(Date.now()),
    readings: 86400,
    before: 41,
    after: 9,
    counts,
    missed,
    added: [],
  };
}

const TOKEN = createHash("sha256").update("fake").digest("hex");

function signedIn(req) {
  return (req.headers.cookie ?? "").includes(`vigil_session=${TOKEN}`);
}

async function handle(ward, req, res) {
  const url = new URL(req.url, "http://x");
  if (!url.pathname.startsWith("/api/")) return file(url.pathname, res);
  const json = (status, body, headers = {}) => {
    res.writeHead(status, {
      "Content-Type": status >= 400 ? "application/problem+json" : "application/json",
      ...headers,
    });
    res.end(body === undefined ? undefined : JSON.stringify(body));
  };
  const route = `${req.method} ${url.pathname.replace("/api/v1", "")}`;
  if (route === "POST /login") {
    let text = "";
    for await (const piece of req) text += piece;
    if (ward.locked)
      return json(429, { title: "Too Many Requests", status: 429 }, { "Retry-After": String(ward.locked) });
    if (JSON.parse(text).password !== "demo")
      return json(401, { title: "Unauthorized", status: 401, detail: "wrong" });
    return json(
      200,
      { staff: staffOf(ward) },
      { "Set-Cookie": `vigil_session=${TOKEN}; HttpOnly; SameSite=Lax; Path=/` },
    );
  }
  if (!signedIn(req)) return json(401, { title: "Unauthorized", status: 401 });
  if (route === "GET /me") return json(200, { staff: staffOf(ward) });
  if (route === "GET /patients") return json(200, { patients: ward.patients });
  if (route === "GET /alarms") return json(200, { alarms: ward.closedAlarms });
  if (route === "GET /conditions") return json(200, { conditions: CONDITIONS });
  if (/^GET .patients.p\d+.limits$/.test(route)) return json(200, LIMITS);
  if (/^POST .patients.p\d+.limits.simulate$/.test(route)) {
    let text = "";
    for await (const piece of req) text += piece;
    ward.simulated.push(JSON.parse(text));
    return json(200, verdict());
  }
  if (route === "GET /devices") return json(200, { devices: ward.devices ?? [] });
  if (route === "GET /hubs") return json(200, { hubs: ward.hubs ?? [] });
  if (route === "GET /campaigns") return json(200, { campaigns: ward.campaigns ?? [] });
  if (route === "GET /hubs/home-1") return json(200, ward.hub);
  if (route === "POST /hubs/home-1/commands") {
    let text = "";
    for await (const piece of req) text += piece;
    const { what } = JSON.parse(text);
    ward.hub.commands.unshift({
      id: `c-${ward.hub.commands.length}`,
      what,
      by: "A. Dmin",
      at: "2026-11-28T12:00:00Z",
      expires: "2026-11-28T12:05:00Z",
      outcome: "waiting",
    });
    return json(201, ward.hub.commands[0]);
  }
  if (route === "POST /logout")
    return json(204, undefined, { "Set-Cookie": "vigil_session=; Path=/; Max-Age=0" });
  if (await ward.people.answer(ward, req, url, json)) return;
  return json(404, { title: "Not Found", status: 404 });
}

function file(path, res) {
  const wanted = join(DIST, normalize(path));
  const found =
    extname(path) && wanted.startsWith(DIST) && existsSync(wanted) ? wanted : join(DIST, "index.html");
  res.writeHead(200, {
    "Content-Type": TYPES[extname(found)] ?? "application/octet-stream",
    "Content-Security-Policy": CSP,
  });
  res.end(readFileSync(found));
}

/** A scene with alarms of every kind, for screenshots and for trying things by hand. */
export function drama(ward) {
  const set = (i, over) => Object.assign(ward.hearts[i], over);
  set(4, { rhythm: "asystole" });
  set(9, { rate: 138 });
  set(2, { spo2: 85 });
  set(13, { leadOff: true });
  set(11, { silent: true });
  return {
    high: ward.raise({ patient: "p5", label: "ASYSTOLE", detail: "no beat for 4.2 s" }),
    medium: ward.raise({
      patient: "p10",
      priority: "medium",
      condition: "HR_HIGH",
      label: "HR HIGH",
      detail: "HR 138 > 130 /min",
    }),
    spo2: ward.raise({
      patient: "p3",
      priority: "medium",
      condition: "SPO2_LOW",
      label: "SpO₂ LOW",
      detail: "SpO₂ 85 < 88 %",
      count: 3,
    }),
    low: ward.raise({
      patient: "p14",
      priority: "low",
      type: "technical",
      condition: "LEADS_OFF",
      label: "LEADS OFF",
      detail: "ECG electrodes",
    }),
    silent: ward.raise({
      patient: "p12",
      priority: "low",
      type: "technical",
      condition: "NO_DATA",
      label: "NO DATA",
      detail: "patch d12",
    }),
  };
}

/** The same with what people have decided, what comes and goes, and a site that is lost. */
export function decisions(ward) {
  const now = Date.now();
  const lasts = (min, over) => ({ since: iso(now), until: iso(now + min * 60000), by: "P. Adams", ...over });
  const off = lasts(240, { condition: "HR_HIGH", label: "HR HIGH", reason: "paced, palliative" });
  ward.decide("p2", { away: lasts(30, { where: "X-ray" }) });
  ward.decide("p7", { off: [off] });
  ward.decide("p8", { paused: lasts(2), off: [off, { ...off, condition: "SPO2_LOW", label: "SpO₂ LOW" }] });
  Object.assign(ward.hearts[1], { silent: true });
  const raise = (patient, priority, condition, label, over) =>
    ward.raise({ patient, priority, condition, label, ...over });
  raise("p7", "medium", "SPO2_LOW", "SpO₂ LOW", { detail: "SpO₂ 86 < 88 %", chattering: true });
  raise("p10", "medium", "HR_HIGH", "HR HIGH", { detail: "HR 138 > 130 /min", chattering: true });
  raise("p6", "medium", "BP_HIGH", "BP HIGH", { detail: "188/96 mmHg" });
  raise("p6", "low", "TEMP_HIGH", "TEMP HIGH", { detail: "39.4 °C" });
  raise("p6", "low", "BATTERY_LOW", "BATTERY LOW", { type: "technical", detail: "15 %" });
  raise("p4", "info", "SPO2_FORECAST", "SpO₂ FALLING", { detail: "may reach 88 % in 40 to 90 min" });
}

/** A site that is lost, with five patients, and a fibrillation elsewhere. */
export function outage(ward) {
  const site = ward.raise({
    patient: "",
    site: "demo",
    type: "system",
    condition: "SITE_OUTAGE",
    label: "MONITORING LOST",
    detail: "5 patients",
  });
  const lost = [11, 12, 13, 14, 15].map((n) => {
    ward.hearts[n - 1].silent = true;
    return ward.raise({
      patient: `p${n}`,
      priority: "medium",
      type: "technical",
      condition: "HUB_OFFLINE",
      label: "HUB OFFLINE",
      detail: `hub ${n}`,
      suppressed_by: site,
    });
  });
  return { site, lost };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const option = (name, otherwise) => {
    const at = process.argv.indexOf(`--${name}`);
    return at < 0 ? otherwise : Number(process.argv[at + 1]);
  };
  const server = await startFakeServer({ count: option("patients", 16), port: option("port", 8080) });
  if (process.argv.includes("--drama")) drama(server.ward);
  console.log(`${server.url}  user: nurse  password: demo`);
}
