// The whole chain with the built programs: a simulated home plays a record with ventricular
// fibrillation, a nurse in a real browser sees the trace move and the alarm come, the server is killed
// in the middle of it, and a clinician finds the same episode over FHIR.
//
// With VIGIL_PHYSIONET the home plays a recorded patient; without it, a synthetic one.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { launch, openPage } from "./browser.mjs";

const bin = (name) => fileURLToPath(new URL(`../../bin/${name}`, import.meta.url));
const record = { folder: "cudb", name: "cu01" };
const leadIn = 30; // seconds of play before the fibrillation
const password = "end-to-end-administrator";

let dir, ports, url, server, sims, browser;

before(async () => {
  dir = mkdtempSync(join(tmpdir(), "vigil-e2e-"));
  ports = { http: await freePort(), mqtt: await freePort() };
  url = `http://127.0.0.1:${ports.http}`;
  sims = [];
  browser = await launch();
});

after(async () => {
  await browser?.close();
  for (const child of [...(sims ?? []), server].filter(Boolean)) await stop(child, "SIGTERM");
  rmSync(dir, { recursive: true, force: true });
});

test(
  "a fibrillating heart reaches the nurse and the clinician, and survives a kill",
  { timeout: 240_000 },
  async () => {
    server = await startServer();
    const nurse = server.passwords.nurse;
    sims.push(simulate(play()));

    const { page, faults } = await openPage(browser);
    await page.goto(url);
    await page.fill("input[name=user]", "nurse");
    await page.fill("input[name=password]", nurse);
    await page.click("button[type=submit]");
    await page.click("[data-testid=start-monitoring]");
    await page.waitForSelector("[data-testid=link-state][data-state=live]", { timeout: 15_000 });

    const api = await clinician();
    const patient = (
      await api.until("/api/v1/patients?unit=demo", (r) => r.patients.find((p) => p.mrn === "SIM-00001"))
    ).id;

    // The trace moves: the newest sample on the screen is newer than it was.
    const newest = () => page.evaluate((id) => window.__vigil.tiles[id]?.lastSampleTs ?? 0, patient);
    const first = await eventually("a trace", newest, 30_000);
    await eventually("the trace to move", async () => (await newest()) > first, 5_000);

    // The alarm comes to the screen within ten seconds of the onset that cardiologists marked.
    const raised = await api.until(`/api/v1/alarms?patient=${patient}`, (r) =>
      r.alarms.find((a) => a.priority === "high"),
    );
    const alarm = raised.id;
    const row = page.locator(`[data-testid="alarm-row-${alarm}"][data-prio=high]`);
    await row.waitFor({ timeout: 5_000 });
    const seen = Date.now();
    const began = await beginOfPlay(api, patient);
    const latency = (seen - began) / 1000 - leadIn;
    console.log(`${raised.condition} on the screen ${latency.toFixed(1)} s after the marked onset`);
    assert.ok(latency < 10, `the alarm came ${latency} s after onset, want at most 10`);
    await page.waitForSelector("[data-testid=alarm-banner][data-priority=high]");
    if (process.env.VIGIL_PICTURE) await page.screenshot({ path: process.env.VIGIL_PICTURE });

    // The server dies. The screen says so; when the server is back, the alarm is the same one.
    const killed = Date.now();
    await stop(server, "SIGKILL");
    await page.waitForSelector("[data-testid=link-state]:not([data-state=live])", { timeout: 10_000 });
    server = await startServer();
    await page.waitForSelector("[data-testid=link-state][data-state=live]", { timeout: 30_000 });
    await page.waitForSelector(`[data-testid="alarm-row-${alarm}"]`);

    // The nurse takes it.
    await row.getByRole("button", { name: /acknowledge/i }).click();
    const acknowledged = await api.until(`/api/v1/alarms?patient=${patient}&state=all`, (r) => {
      const a = r.alarms.find((x) => x.id === alarm);
      return a?.acked_by && a;
    });
    assert.equal(acknowledged.acked_by, "Kim Lee, RN");
    const twins = (await api.get(`/api/v1/alarms?patient=${patient}&state=all`)).alarms.filter(
      (a) =>
        a.condition === acknowledged.condition &&
        Math.abs(Date.parse(a.onset) - Date.parse(acknowledged.onset)) < 20_000,
    );
    assert.equal(twins.length, 1, "the episode exists once");

    // The clinician finds the same episode, its heart rate, and an ECG without a hole where the server died.
    const issue = await api.get(`/fhir/r4/DetectedIssue/${alarm}`);
    assert.equal(issue.severity, "high");
    assert.equal(issue.patient.reference, `Patient/${patient}`);
    assert.equal(issue.mitigation?.length, 1, "the acknowledgement is on record");
    const issues = await api.get(`/fhir/r4/DetectedIssue?patient=${patient}`);
    assert.ok(issues.entry.some((e) => e.resource.id === alarm));
    const rates = await api.get(
      `/fhir/r4/Observation?patient=${patient}&code=http://loinc.org|8867-4&_sort=-date&_count=5`,
    );
    assert.ok(rates.entry?.length > 0, "the heart rate is found");
    assert.equal(rates.entry[0].resource.valueQuantity.code, "/min");
    await eventually("an ECG without a hole", () => whole(api, patient, began, killed + 20_000), 90_000);
    assert.deepEqual(faults, [], "the page had no faults");
  },
);

/** How the simulated home plays the fibrillation so that it begins leadIn seconds into the play. */
function play() {
  const folder = process.env.VIGIL_PHYSIONET && join(process.env.VIGIL_PHYSIONET, record.folder);
  if (!folder || !existsSync(folder))
    return ["-script", `sinus ${leadIn}s, vf 60s, sinus 600s`, "-homes", "1"];
  const rate = Number(
    readFileSync(join(folder, `${record.name}.hea`), "utf8")
      .split(/\s+/)[2]
      .split("/")[0],
  );
  const onset = fibrillationOnset(readFileSync(join(folder, `${record.name}.atr`))) / rate;
  return ["-wfdb", folder, "-record", record.name, "-start", `${(onset - leadIn).toFixed(3)}s`];
}

/** The sample of the first "[" (begin of fibrillation) in an MIT annotation file. */
function fibrillationOnset(bytes) {
  const words = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length >> 1);
  let sample = 0;
  for (let i = 0; i < words.length; i++) {
    const code = words[i] >> 10;
    const value = words[i] & 0x3ff;
    if (code === 59) {
      sample += (words[i + 1] << 16) | words[i + 2];
      i += 2;
    } else if (code === 63) {
      i += (value + 1) >> 1;
    } else if (code < 50) {
      sample += value;
      if (code === 32) return sample;
    }
  }
  throw new Error("the record marks no fibrillation");
}

/** When the play began, by the first stored sample of the ECG. */
async function beginOfPlay(api, patient) {
  const found = await api.until(
    `/fhir/r4/Observation?patient=${patient}&code=11524-6&_sort=date&_count=1`,
    (b) => b.entry?.[0],
  );
  return Date.parse(found.resource.effectivePeriod.start);
}

/** Whether every sample from the beginning to the end is stored, without a missing one. */
async function whole(api, patient, from, to) {
  let next = `/fhir/r4/Observation?patient=${patient}&code=11524-6&_sort=date&_count=100`;
  let reached = from;
  while (next) {
    const bundle = await api.get(next);
    for (const { resource } of bundle.entry ?? []) {
      for (const { valueSampledData: data } of resource.component) {
        const tokens = data.data.split(" ");
        assert.ok(!tokens.includes("E"), `a sample is missing in ${resource.effectivePeriod.start}`);
        const start = Date.parse(resource.effectivePeriod.start);
        assert.ok(
          Math.abs(start - reached) < 50,
          `a hole of ${start - reached} ms before ${resource.effectivePeriod.start}`,
        );
        reached = start + tokens.length * data.period;
      }
    }
    const link = bundle.link.find((l) => l.relation === "next");
    next = link && new URL(link.url).pathname + new URL(link.url).search;
  }
  return reached > to;
}

/** A REST and FHIR client that signs in as the administrator. */
async function clinician() {
  const login = await fetch(`${url}/api/v1/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ user: "admin", password }),
  });
  assert.equal(login.status, 200);
  const cookie = login.headers.get("set-cookie").split(";")[0];
  const get = async (path) => {
    const res = await fetch(url + path, { headers: { cookie } });
    const body = await res.json();
    assert.equal(res.status, 200, `${path}: ${JSON.stringify(body)}`);
    return body;
  };
  return { get, until: (path, find) => eventually(path, async () => find(await get(path)), 60_000) };
}

function environment() {
  return {
    ...process.env,
    VIGIL_DATA_DIR: join(dir, "data"),
    VIGIL_HTTP_ADDR: `127.0.0.1:${ports.http}`,
    VIGIL_MQTT_ADDR: `127.0.0.1:${ports.mqtt}`,
    VIGIL_ADMIN_PASSWORD: password,
    VIGIL_DEMO: "1",
  };
}

async function startServer() {
  const child = spawn(bin("vigil"), [], { env: environment(), stdio: ["ignore", "pipe", "pipe"] });
  child.text = "";
  child.stdout.on("data", (b) => (child.text += b));
  child.stderr.on("data", (b) => (child.text += b));
  await eventually(
    "the server to be ready",
    async () => {
      assert.equal(child.exitCode, null, `the server ended:\n${child.text}`);
      return (await fetch(`${url}/readyz`).catch(() => ({ ok: false }))).ok;
    },
    30_000,
  );
  child.passwords = Object.fromEntries(
    [...child.text.matchAll(/demo staff: user (\S+), password (\S+)/g)].map((m) => [m[1], m[2]]),
  );
  return child;
}

function simulate(args) {
  const state = join(dir, `secrets-${sims.length}.json`);
  const child = spawn(
    bin("vigil-sim"),
    ["-url", url, "-mqtt", `127.0.0.1:${ports.mqtt}`, "-state", state, ...args],
    {
      env: environment(),
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  child.text = "";
  child.stdout.on("data", (b) => (child.text += b));
  child.stderr.on("data", (b) => (child.text += b));
  child.on("exit", (code) => code && console.error(`vigil-sim ended with ${code}:\n${child.text}`));
  return child;
}

function stop(child, signal) {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  const gone = new Promise((done) => child.once("exit", done));
  child.kill(signal);
  return gone;
}

function freePort() {
  return new Promise((done) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}

/** Asks again until the answer is true, and returns it. */
async function eventually(what, ask, limit) {
  const deadline = Date.now() + limit;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > deadline) throw new Error(`waited ${limit / 1000} s in vain for ${what}`);
    await new Promise((done) => setTimeout(done, 200));
  }
}
