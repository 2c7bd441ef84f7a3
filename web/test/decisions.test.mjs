// What people decide at the screen, and what it may never silence: npm run build && npm run test:ui
// The names UI-… are those of the alarm and dashboard specification, 4.5.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startMonitoring } from "./browser.mjs";
import { decisions, outage } from "./fake-server.mjs";
import { accessible, withWard } from "./scene.mjs";

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const audio = async (page) => (await page.evaluate(() => window.__vigil)).audio;
/** When the newest burst began, by the audio clock; 0: none yet. */
const began = async (page) => (await audio(page)).schedule[0] ?? 0;
const state = (page) => page.locator("[data-testid=audio-state]");
const row = (page, id) => page.locator(`[data-testid="alarm-row-${id}"]`);

/** Waits for a burst of the priority that begins later than the one before. */
const sounds = (page, priority, after, timeout) =>
  page.waitForFunction(
    ([p, at]) => window.__vigil.audio.lastBurst?.priority === p && window.__vigil.audio.schedule[0] > at,
    [priority, after],
    { timeout },
  );

/** The command that the page sent last, without its id. */
function sent(ward) {
  const { t: _t, cmd_id, ...wish } = ward.commands.at(-1);
  assert.ok(cmd_id);
  return wish;
}

test("UI-2.6 the station's sound is paused by the server's event; what is new and HIGH sounds", () =>
  withWard(16, async (page, ward, url) => {
    await startMonitoring(page, url);
    ward.raise({ patient: "p5", label: "ASYSTOLE" });
    await page.waitForSelector("[data-testid=alarm-banner][data-priority=high]");
    await sounds(page, "high", 0, 1500);
    await pause(1100); // a person hears it first
    ward.hold = 900;
    await page.click("[data-testid=pause-station]");
    await pause(500);
    assert.equal(
      await state(page).getAttribute("data-state"),
      "on",
      "the screen did not wait for the server",
    );
    await page.waitForSelector("[data-testid=audio-state][data-state=paused]");
    ward.hold = 0;
    assert.deepEqual(sent(ward), { op: "pause_station", seconds: 120 });
    const left = Number(await state(page).getAttribute("data-remaining"));
    assert.ok(left >= 118 && left <= 120, `${left} s`);
    assert.match(await state(page).innerText(), /PAUSED (2:00|1:5\d)/);
    const silent = await began(page);
    await pause(9000); // longer than from one burst to the next
    assert.equal(await began(page), silent, "it sounded though it was paused");
    const banner = page.locator("[data-testid=alarm-banner]");
    assert.match(await banner.getAttribute("class"), /flash/, "a pause of the sound stopped the flashing");
    ward.raise({ patient: "p9", priority: "medium", label: "HR HIGH" });
    await pause(1500);
    assert.equal(await began(page), silent, "something less urgent sounded beside a paused HIGH");
    const fresh = ward.raise({ patient: "p2", label: "VENTRICULAR FIBRILLATION" });
    await sounds(page, "high", silent, 1500);
    await page.waitForFunction((id) => document.querySelector(`[data-alarm-id="${id}"]`), fresh);
    await page.keyboard.press("p"); // again: it begins anew, and lasts no longer than two minutes
    await page.waitForFunction(
      () => document.querySelector("[data-testid=audio-state]").dataset.remaining >= 118,
    );
    ward.nextAnswer = { code: "unavailable", message: "not done: try again" };
    await page.click("[data-testid=pause-station]");
    await page.waitForSelector("[data-testid=toast][data-tone=error]");
    assert.equal(await state(page).getAttribute("data-state"), "paused");
    await page.click("[data-testid=pause-station]");
    await page.waitForSelector("[data-testid=audio-state][data-state=on]");
    assert.deepEqual(sent(ward), { op: "pause_station", seconds: 0 });
  }));

test("a screen that comes back sounds, whatever was paused before", () =>
  withWard(4, async (page, ward, url) => {
    await startMonitoring(page, url);
    ward.raise({ patient: "p1", label: "ASYSTOLE" });
    await sounds(page, "high", 0, 2500);
    await pause(1100);
    await page.click("[data-testid=pause-station]");
    await page.waitForSelector("[data-testid=audio-state][data-state=paused]");
    const silent = await began(page);
    for (const c of ward.clients) c.ws.terminate();
    await sounds(page, "high", silent, 12_000);
    assert.equal(await state(page).getAttribute("data-state"), "on");
  }));

test("a patient's sound is paused at all stations, and only that patient's", () =>
  withWard(16, async (page, ward, url) => {
    await startMonitoring(page, url);
    ward.raise({ patient: "p5", label: "ASYSTOLE" });
    await sounds(page, "high", 0, 2500);
    await pause(1100);
    await page.click("[data-testid=tile-p5]");
    await page.click("[data-testid=pause-patient]");
    await page.waitForSelector("[data-testid=paused-p5]");
    assert.deepEqual(sent(ward), { op: "pause", patient: "p5", seconds: 120 });
    assert.match(await page.locator("[data-testid=paused-p5]").innerText(), /2:00|1:5\d/);
    assert.equal(await state(page).getAttribute("data-state"), "on", "the station is not paused");
    const silent = await began(page);
    await pause(6000);
    assert.equal(await began(page), silent);
    ward.raise({ patient: "p2", priority: "low", label: "TEMP HIGH" });
    await sounds(page, "low", silent, 2000);
    const low = await began(page);
    ward.raise({ patient: "p5", label: "VENTRICULAR FIBRILLATION" });
    await sounds(page, "high", low, 1500);
  }));

test("standby by keyboard: the place and the end are on the tile, and what kills is told", () =>
  withWard(16, async (page, ward, url) => {
    await startMonitoring(page, url);
    await page.keyboard.press("g");
    await page.keyboard.press("Enter");
    await page.waitForSelector("[data-testid=patient-panel][data-patient=p1]");
    await page.locator("[data-testid=standby]").focus();
    await page.keyboard.press("Enter");
    const form = page.locator("[data-testid=standby-form]");
    assert.ok(await form.getByRole("button", { name: "Begin standby" }).isDisabled(), "without a place");
    await form.getByLabel("Where").selectOption("Elsewhere…");
    await form.getByLabel("Place", { exact: true }).fill("Garden");
    await form.getByLabel("For at most").selectOption("15");
    await page.keyboard.press("Tab");
    await form.getByRole("button", { name: "Begin standby" }).focus();
    ward.hold = 700;
    await page.keyboard.press("Enter");
    await pause(300);
    assert.equal(
      await page.locator("[data-testid=tile-p1][data-standby]").count(),
      0,
      "before the server said so",
    );
    await page.waitForSelector("[data-testid=tile-p1][data-standby=true]");
    ward.hold = 0;
    assert.deepEqual(sent(ward), { op: "standby", patient: "p1", where: "Garden", seconds: 900 });
    assert.match(
      await page.locator("[data-testid=standby-p1]").innerText(),
      /STANDBY Garden\s+until \d\d:\d\d/,
    );
    ward.raise({ patient: "p1", label: "ASYSTOLE" });
    await page.waitForSelector("[data-testid=alarm-banner][data-priority=high]");
    assert.match(await page.locator("[data-testid=tile-p1] header").innerText(), /ASYSTOLE/);
    await page.click("[data-testid=resume]");
    await page.waitForSelector("[data-testid=tile-p1]:not([data-standby])");
    assert.deepEqual(sent(ward), { op: "resume", patient: "p1" });
    await page.keyboard.press("Escape");
    assert.equal(await page.locator("[data-testid=patient-panel]").count(), 0);
    assert.equal(await page.evaluate(() => document.activeElement?.dataset.testid), "tile-p1");
  }));

test("an alarm is switched off by a charge nurse, with a reason, and never one that kills", () =>
  withWard(4, async (page, ward, url) => {
    ward.staff = { role: "charge" };
    await startMonitoring(page, url);
    await page.click("[data-testid=tile-p2]");
    await page.click("[data-testid=alarm-off]");
    const form = page.locator("[data-testid=alarm-off-form]");
    const offered = await form.getByLabel("Alarm").locator("option").allInnerTexts();
    assert.ok(offered.includes("HR HIGH") && !offered.includes("ASYSTOLE"), offered.join());
    await form.getByLabel("Alarm").selectOption("HR HIGH");
    await form.getByLabel("For").selectOption("4 h");
    assert.ok(await form.getByRole("button", { name: "Switch off" }).isDisabled(), "without a reason");
    await form.getByLabel("Reason").fill("paced");
    await form.getByRole("button", { name: "Switch off" }).click();
    await page.waitForSelector("[data-testid=off-p2]");
    const off = { op: "alarm_off", patient: "p2", condition: "HR_HIGH", seconds: 14400, reason: "paced" };
    assert.deepEqual(sent(ward), off);
    assert.match(await page.locator("[data-testid=off-p2]").innerText(), /HR HIGH off/);
    assert.match(await page.locator("[data-testid=panel-off-HR_HIGH]").innerText(), /until.*paced, K\. Lee/s);
    await page.getByRole("button", { name: "Switch HR HIGH on again" }).click();
    await page.waitForFunction(() => !document.querySelector("[data-testid=off-p2]"));
    assert.deepEqual(sent(ward), { op: "alarm_on", patient: "p2", condition: "HR_HIGH" });
  }));

test("nobody is offered what their role may not do", () =>
  withWard(4, async (page, ward, url) => {
    decisionsOfOthers(ward);
    const offers = async (role) => {
      ward.staff = { role };
      await page.context().clearCookies();
      await startMonitoring(page, url);
      await page.waitForSelector("[data-testid^=alarm-row-]");
      await pause(700); // and it knows what may be decided about each condition
      await page.click("[data-testid=tile-p1]");
      const names = await page.locator("[data-testid=patient-panel] button, aside button").allInnerTexts();
      const station = await page.locator("[data-testid=pause-station]").count();
      await page.goto("about:blank");
      const dull = /^✕$|^\d+$/;
      return [...names.filter((n) => !dull.test(n)), ...(station ? ["Pause sound"] : [])].sort();
    };
    const nurse = ["Acknowledge", "Acknowledge", "Acknowledge all 2 LOW alarms", "Pause sound"];
    nurse.push("Pause sound at all stations, 2 min", "Standby…", "Put off…");
    nurse.push("What was it?", "What was it?", "What was it?"); // that somebody has, and two of the last day

    assert.deepEqual(await offers("viewer"), []);
    assert.deepEqual(await offers("technician"), ["Acknowledge", "What was it?"]);
    assert.deepEqual(await offers("nurse"), nurse.sort());
    assert.deepEqual(await offers("charge"), [...nurse, "Give back", "On", "Switch an alarm off…"].sort());
  }));

/** Two of LOW priority, of which one can be put off, one that somebody else has, and one that is off. */
function decisionsOfOthers(ward) {
  const now = Date.now();
  const off = { condition: "HR_HIGH", label: "HR HIGH", reason: "paced", by: "P. Adams" };
  const at = (ms) => new Date(now + ms).toISOString();
  ward.decide("p1", { off: [{ ...off, since: at(0), until: at(3600000) }] });
  ward.raise({ patient: "p1", priority: "low", condition: "TEMP_HIGH", label: "TEMP HIGH" });
  ward.raise({
    patient: "p1",
    priority: "low",
    type: "technical",
    condition: "BATTERY_LOW",
    label: "BATTERY LOW",
  });
  const theirs = { acked_by: "M. Ortiz", owner: "s9", acked_at: at(-5000), state: "active_ack" };
  ward.raise({ patient: "p1", priority: "medium", condition: "SPO2_LOW", label: "SpO₂ LOW", ...theirs });
}

test("an alarm is given back, and one of a single reading is put off, by the server's event", () =>
  withWard(4, async (page, ward, url) => {
    await startMonitoring(page, url);
    const mine = ward.raise({ patient: "p1", label: "ASYSTOLE" });
    const cuff = ward.raise({ patient: "p2", priority: "medium", condition: "BP_HIGH", label: "BP HIGH" });
    await row(page, mine).waitFor();
    await pause(400);
    await row(page, mine)
      .getByRole("button", { name: /Acknowledge/ })
      .click();
    const back = row(page, mine).getByRole("button", { name: /Give back/ });
    ward.hold = 600;
    await back.click();
    await pause(200);
    assert.equal(await row(page, mine).getAttribute("data-state"), "active_ack");
    await page.waitForSelector(`[data-testid="alarm-row-${mine}"][data-state=active_unack]`);
    assert.deepEqual(sent(ward), { op: "unack", alarm: mine, seen_version: 2, seen_priority: "high" });
    ward.hold = 0;
    assert.equal(
      await row(page, mine)
        .getByRole("button", { name: /Put off/ })
        .count(),
      0,
      "HIGH cannot be put off",
    );
    await row(page, cuff)
      .getByRole("button", { name: /Put off/ })
      .click();
    const spans = await row(page, cuff).getByRole("group").getByRole("button").allInnerTexts();
    assert.deepEqual(spans, ["15 min", "1 h", "next reading", "✕"]);
    await page.click(`[data-testid="snooze-${cuff}-900"]`);
    await page.waitForSelector(`[data-testid="alarm-row-${cuff}"][data-snoozed=true]`);
    assert.deepEqual(sent(ward), {
      op: "snooze",
      seconds: 900,
      alarm: cuff,
      seen_version: 1,
      seen_priority: "medium",
    });
    assert.match(await row(page, cuff).innerText(), /Put off until (\d+ \w+ )?\d\d:\d\d/);
    ward.change(cuff, { snooze_until: null });
    await page.waitForSelector(`[data-testid="alarm-row-${cuff}"]:not([data-snoozed])`);
  }));

test("what an alarm was is said while somebody has it, and when it is over", () =>
  withWard(4, async (page, ward, url) => {
    await startMonitoring(page, url);
    const id = ward.raise({ patient: "p1", label: "ASYSTOLE" });
    await row(page, id).waitFor();
    const what = page.locator(`[data-testid="explain-${id}"]`);
    assert.equal(await what.count(), 0, "nobody has it yet");
    await pause(400);
    await page.locator(`[data-testid="alarm-row-${id}"] [data-testid="ack-${id}"]`).click();
    await what.click();
    const offered = await row(page, id).getByRole("group").getByRole("button").allInnerTexts();
    assert.deepEqual(offered, ["Acted on", "Watching", "Artefact", "Usual for the patient", "✕"]);
    ward.hold = 600;
    await page.click(`[data-testid="explain-${id}-watching"]`);
    await pause(200);
    assert.equal(await what.innerText(), "What was it?", "the screen did not wait for the server");
    await page.getByText("Watching", { exact: true }).waitFor();
    ward.hold = 0;
    const { ack_reason, ...wish } = sent(ward);
    assert.deepEqual(wish, { op: "explain", alarm: id, seen_version: 2, seen_priority: "high" });
    assert.equal(ack_reason, "watching");

    ward.change(id, { state: "closed", truth: "false", reason: "resolved", ended: new Date().toISOString() });
    await page.waitForSelector(`[data-testid="alarm-row-${id}"][data-state=closed]`);
    assert.equal(await what.innerText(), "Watching");
    await what.click();
    await page.click(`[data-testid="explain-${id}-artefact"]`);
    await row(page, id).getByText("Artefact", { exact: true }).waitFor();
    assert.equal(await page.locator("[data-testid=toast]").count(), 0);
    await what.click(); // and it may be said again
    await page.click(`[data-testid="explain-${id}-actioned"]`);
    await row(page, id).getByText("Acted on", { exact: true }).waitFor();
  }));

test("all of LOW priority of one patient are acknowledged with one press, HIGH is not", () =>
  withWard(4, async (page, ward, url) => {
    await startMonitoring(page, url);
    const low = (label, type = "physiological") =>
      ward.raise({ patient: "p1", priority: "low", label, type });
    const [a, b, c] = [low("TEMP HIGH"), low("BATTERY LOW", "technical"), low("WEIGHT GAIN")];
    ward.change(b, { detail: "12 %" });
    const high = ward.raise({ patient: "p1", label: "SOS" });
    const other = ward.raise({ patient: "p2", priority: "low", label: "TEMP HIGH" });
    await row(page, other).waitFor();
    await page.click("[data-testid=tile-p1]");
    const all = page.locator("[data-testid=ack-low]");
    assert.equal(await all.innerText(), "Acknowledge all 3 LOW alarms");
    ward.hold = 300;
    await all.click();
    ward.change(c, { priority: "medium" }); // it becomes worse on the way
    for (const id of [a, b])
      await page.waitForSelector(`[data-testid="alarm-row-${id}"][data-state=active_ack]`);
    const wish = sent(ward);
    assert.deepEqual([wish.op, wish.patient], ["ack_low", "p1"]);
    const versions = Object.fromEntries(wish.seen.map((s) => [s.alarm, s.version]));
    assert.deepEqual(versions, { [a]: 1, [b]: 2, [c]: 1 });
    for (const id of [c, high, other])
      assert.equal(await row(page, id).getAttribute("data-state"), "active_unack");
    assert.match(await page.locator("[data-testid=toast]").innerText(), /NOT ACKNOWLEDGED.*WEIGHT GAIN/s);
  }));

test("two devices that are silent are told apart", () =>
  withWard(4, async (page, ward, url) => {
    await startMonitoring(page, url);
    const silent = {
      patient: "p1",
      type: "technical",
      priority: "low",
      condition: "NO_DATA",
      label: "NO DATA",
      detail: "silent for more than 10s",
    };
    const patch = ward.raise({ ...silent, site: "patch-1" });
    await row(page, patch).waitFor();
    assert.doesNotMatch(await row(page, patch).innerText(), /patch-1/, "alone it needs no name");
    const oximeter = ward.raise({ ...silent, site: "oximeter-1" });
    await row(page, oximeter).waitFor();
    assert.match(await row(page, patch).innerText(), /silent for more than 10s · patch-1/);
    assert.match(await row(page, oximeter).innerText(), /silent for more than 10s · oximeter-1/);
  }));

test("what comes and goes sounds once, is marked, and shows what other limits would tell; HIGH sounds at once", () =>
  withWard(4, async (page, ward, url) => {
    await startMonitoring(page, url);
    const hr = {
      patient: "p1",
      priority: "medium",
      condition: "HR_HIGH",
      label: "HR HIGH",
      chattering: true,
    };
    const first = ward.raise(hr);
    await sounds(page, "medium", 0, 4000);
    const once = await began(page);
    ward.change(first, { state: "closed", reason: "self" });
    await pause(500);
    const again = ward.raise(hr); // the next episode of the same
    await row(page, again).waitFor();
    assert.match(await row(page, again).innerText(), /comes and goes/);
    await page.click(`[data-testid="what-if-${again}"]`);
    const numbers = page.locator("[data-testid=what-if-numbers]");
    assert.match(await numbers.innerText(), /HR HIGH: 41 → 9 alarms/);
    assert.deepEqual(
      ward.simulated[0],
      { changes: { spo2_low: 85, hr_high_after: 20 }, hours: 24 },
      "what is the patient's own goes on",
    );
    assert.match(
      await page.locator("[data-testid=what-if]").innerText(),
      /2 episodes would have been missed/,
    );
    await accessible(page, "other limits");
    await page.keyboard.press("Escape");
    await pause(16_500); // longer than from one burst of MEDIUM to the next
    assert.equal(await began(page), once, "it sounded again within two minutes");
    ward.change(again, { priority: "high" });
    await sounds(page, "high", once, 1500);
  }));

test("a flood is grouped by patient, and HIGH stands before it and sounds", () =>
  withWard(16, async (page, ward, url) => {
    await startMonitoring(page, url);
    const raise = (i) =>
      ward.raise({
        patient: `p${1 + (i % 3)}`,
        priority: i % 4 ? "low" : "medium",
        condition: `C${i}`,
        label: `C ${i}`,
      });
    for (let i = 0; i < 10; i++) raise(i);
    await pause(700);
    assert.equal(await page.locator("[data-testid=flood]").count(), 0, "ten are no flood");
    const last = raise(10);
    await page.waitForSelector("[data-testid=flood][data-raised='11']");
    assert.match(await page.locator("[data-testid=flood-p1]").innerText(), /Bed\s+1\s+×4/);
    await sounds(page, "medium", 0, 4000);
    const high = ward.raise({ patient: "p9", label: "ASYSTOLE" });
    await page.waitForSelector(`[data-testid=alarm-banner][data-alarm-id="${high}"]`, { timeout: 1000 });
    await sounds(page, "high", 0, 1500);
    assert.equal(await page.locator("[data-testid=flood-p9]").count(), 0);
    await page.click("[data-testid=flood-p1]");
    await page.waitForSelector("[data-testid=patient-panel][data-patient=p1]");
    ward.change(last, { state: "closed", reason: "self" });
    await page.waitForFunction(() =>
      /3 open/.test(document.querySelector("[data-testid=flood-p3], [data-testid=flood-p2]")?.innerText),
    );
  }));

test("a site that is lost is one alarm with what it explains below; a fibrillation is not part of it", () =>
  withWard(16, async (page, ward, url) => {
    await startMonitoring(page, url);
    const { site, lost } = outage(ward);
    const vf = ward.raise({ patient: "p3", condition: "VF", label: "VENTRICULAR FIBRILLATION" });
    await page.waitForSelector(`[data-testid=alarm-banner][data-alarm-id="${vf}"]`);
    const fold = page.locator(`[data-testid="fold-${site}"]`);
    assert.match(await fold.innerText(), /Explains 5 alarms: beds 11, 12, 13, 14, 15/);
    assert.equal(await row(page, lost[0]).count(), 0, "what is explained fills the list");
    const counts = page.locator("[data-testid=alarm-banner]");
    assert.equal(await counts.getAttribute("data-count-medium"), "0");
    await fold.click();
    assert.equal(await page.locator(`[data-suppressed-by="${site}"]`).count(), 5);
    const tile = page.locator("[data-testid=tile-p11] header");
    assert.ok(!/flash/.test(await tile.getAttribute("class")), "what is explained flashes");
    for (const id of [vf, site]) ward.change(id, { state: "active_ack", acked_by: "K. Lee", owner: "s1" });
    await pause(4000);
    const silent = await began(page);
    await pause(9000);
    assert.equal(await began(page), silent, "what is explained sounded");
    ward.change(site, { state: "closed", reason: "resolved" }); // and nobody has said yet that its children are free
    await sounds(page, "medium", silent, 4000);
    assert.equal(await page.locator("[data-suppressed-by]").count(), 0);
    assert.match(await tile.getAttribute("class"), /flash/);
  }));

test("a hint is shown calmly: no sound, no flash, not in the banner", () =>
  withWard(4, async (page, ward, url) => {
    await startMonitoring(page, url);
    await page.waitForFunction(() => window.__vigil.audio.state === "on");
    await pause(1000);
    const before = await began(page); // the test tone
    const text = "SpO₂ may reach 88 % in 40 to 90 min";
    const hint = ward.raise({
      patient: "p2",
      priority: "info",
      condition: "FORECAST",
      label: "FORECAST",
      detail: text,
    });
    await page.waitForSelector(`[data-testid="hint-${hint}"]`);
    assert.match(await page.locator("[data-testid=tile-hint-p2]").getAttribute("title"), /may reach 88 %/);
    assert.equal(await page.locator("[data-testid=alarm-banner]").getAttribute("data-priority"), "none");
    assert.equal(await page.locator("[data-testid=tile-p2]").getAttribute("data-prio"), null);
    assert.equal(await page.locator(`[data-testid="hint-${hint}"] button`).count(), 0);
    await pause(1500);
    assert.equal(await began(page), before, "a hint sounded");
  }));

test("UI-10.1 axe finds nothing in what people decide, and every control is large enough", async (t) => {
  for (const [count, viewport] of [
    [16, { width: 1920, height: 1080 }],
    [32, { width: 1366, height: 768 }],
    [8, { width: 390, height: 844 }],
  ])
    await t.test(`${viewport.width}×${viewport.height}`, () =>
      withWard(
        count,
        async (page, ward, url) => {
          ward.staff = { role: "charge" };
          decisions(ward);
          await startMonitoring(page, url);
          for (let i = 0; i < 12; i++)
            ward.raise({ patient: "p1", priority: "low", condition: `C${i}`, label: `C ${i}` });
          await page.waitForSelector("[data-testid=flood]");
          await page.locator("[data-testid=tile-p7]").click();
          await page.click("[data-testid=alarm-off]");
          await page.click("[data-testid=standby]");
          await page.locator("[data-testid^=snooze-]").first().click();
          await pause(300);
          await accessible(page, "decisions");
          const small = await page.locator("button:visible").evaluateAll((all) =>
            all
              .map((b) => [b.innerText, b.getBoundingClientRect()])
              .filter(([, r]) => r.width < 24 || r.height < 24)
              .map(([name]) => name),
          );
          assert.deepEqual(small, []);
        },
        { context: { viewport } },
      ),
    );
});
