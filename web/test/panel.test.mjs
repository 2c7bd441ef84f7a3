// What is shown of one patient, and that nothing of an alarm goes where there is little room: npm run build && npm run test:ui
import assert from "node:assert/strict";
import { test } from "node:test";
import { startMonitoring } from "./browser.mjs";
import { accessible, withWard } from "./scene.mjs";

const phone = { context: { viewport: { width: 390, height: 844 } } };
/** A laptop at 200 %. */
const large = { context: { viewport: { width: 683, height: 384 }, deviceScaleFactor: 2 } };

const focused = (page) =>
  page.evaluate(() => document.activeElement?.labels?.[0]?.innerText ?? document.activeElement?.id);

test("the panel of a patient says who it is and everything that was last measured", () =>
  withWard(16, async (page, ward, url) => {
    await startMonitoring(page, url);
    const time = new Date(Date.now() - 3 * 86_400_000).toISOString();
    const numeric = { patient: "p3", device: "scale", time, age_ms: 0, quality: "good" };
    ward.event({ kind: "numeric", numeric: { ...numeric, kind: "weight", value: "77.400", unit: "kg" } });
    await page.click("[data-testid=tile-p3]");
    const line = (kind) => page.locator(`[data-testid=panel-${kind}]`).innerText();
    await page.waitForSelector("[data-testid=panel-weight]");
    assert.match(await line("weight"), /^Weight\s+77\.4 kg \d+ \w{3} \d\d:\d\d$/, "with its day");
    assert.match(await line("spo2"), /^SpO₂\s+\d+ % now$/);
    assert.match(await line("pressure"), /^NIBP\s+\d+\/\d+ mmHg \d/);
    assert.match(await page.locator("#patient-title").innerText(), /Bed 3 .*, .* \d+ [FM] · \S+/);
    ward.hearts[2].frozenNumerics = true;
    await page.waitForSelector("[data-testid=panel-spo2][data-state=past]", { timeout: 9000 });
    assert.match(await line("spo2"), /^SpO₂\s+\d+ % \d\d:\d\d$/, "no more of now");
    await accessible(page, "panel");
  }));

test("a form that is asked for has the focus, and is on the screen to its last button", () =>
  withWard(
    32,
    async (page, ward, url) => {
      ward.staff = { role: "charge" };
      await startMonitoring(page, url);
      await page.click("[data-testid=tile-p2]");
      for (const [open, form, first] of [
        ["alarm-off", "alarm-off-form", "Alarm"],
        ["standby", "standby-form", "Where"],
      ]) {
        await page.locator(`[data-testid=${open}]`).focus();
        await page.keyboard.press("Enter");
        await page.waitForSelector(`[data-testid=${form}]`);
        assert.match(await focused(page), new RegExp(`^${first}`));
        const cut = await page.locator(`[data-testid=${form}]`).evaluate((el) => {
          const panel = el.closest("section").getBoundingClientRect();
          return el.getBoundingClientRect().bottom - Math.min(panel.bottom, innerHeight);
        });
        assert.ok(cut <= 0, `${cut} px of ${form} are below the edge`);
        await page.locator(`[data-testid=${form}]`).getByRole("button", { name: "Cancel" }).focus();
        await page.keyboard.press("Enter");
        assert.equal(await focused(page), "patient-title", "the focus was lost with the form");
      }
    },
    { context: { viewport: { width: 1366, height: 768 } } },
  ));

for (const [name, options] of Object.entries({ "a phone": phone, "large letters": large }))
  test(`${name}: the name of an alarm is whole, and its age, how many there are and the panel are there`, () =>
    withWard(
      8,
      async (page, ward, url) => {
        await startMonitoring(page, url);
        for (const patient of ["p2", "p5"])
          ward.raise({
            patient,
            label: "VENTRICULAR FIBRILLATION",
            condition: "VF",
            detail: "6 s of fibrillation",
          });
        ward.raise({ patient: "p3", priority: "medium", label: "HR HIGH", condition: "HR_HIGH" });
        await page.waitForSelector("[data-testid=alarm-banner][data-count-high='2']");
        const banner = page.locator("[data-testid=alarm-banner]");
        assert.match(await banner.innerText(), /0:\d\d/, "for how long");
        assert.match(await banner.innerText(), /since \d\d:\d\d:\d\d/);
        assert.ok(await banner.getByRole("button", { name: "Show the alarm list" }).isVisible());
        const cut = await banner.evaluate((el) =>
          [...el.querySelectorAll("*")]
            .filter((x) => !x.classList.contains("hidden-text") && x.getClientRects().length > 0)
            .filter((x) => {
              const [box, outer] = [x.getBoundingClientRect(), el.getBoundingClientRect()];
              const outside = box.right > outer.right + 1 || box.bottom > outer.bottom + 1;
              return outside || x.scrollWidth > x.clientWidth + 1;
            })
            .map((x) => x.textContent.trim()),
        );
        assert.deepEqual(
          cut.filter((text) => /VENTRICULAR|since|Acknowledge/.test(text)),
          [],
        );
        await page.locator("[data-tile='0']").click({ position: { x: 60, y: 60 } });
        await page.waitForSelector("[data-testid=patient-panel]");
        const scrollers = await page.evaluate(() => {
          const found = [];
          for (let el = document.querySelector("[data-testid=patient-panel]"); el; el = el.parentElement)
            if (el.scrollHeight > el.clientHeight + 1 && getComputedStyle(el).overflowY === "auto")
              found.push(el);
          return found.map((el) => el.className.split(" ")[0] || el.tagName);
        });
        assert.deepEqual(scrollers, ["list"], "one thing scrolls, not one within another");
        await accessible(page, name);
      },
      options,
    ));

test("two alarms that only their device tells apart show it whole", () =>
  withWard(4, async (page, ward, url) => {
    await startMonitoring(page, url);
    const alarm = {
      patient: "p1",
      priority: "low",
      type: "technical",
      condition: "NO_DATA",
      label: "NO DATA",
    };
    const ids = ["020000000602", "020000000603"].map((site) =>
      ward.raise({ ...alarm, site, detail: "silent for more than 10s" }),
    );
    for (const id of ids) {
      const text = page.locator(`[data-testid="alarm-row-${id}"] .detail`);
      await text.waitFor();
      assert.match(await text.innerText(), /02000000060[23]$/);
      assert.equal(await text.evaluate((el) => getComputedStyle(el).textOverflow), "clip");
    }
  }));

test("a screen that has had no sample does not count for how long there are none", () =>
  withWard(4, async (page, ward, url) => {
    ward.hearts[0].silent = true;
    ward.hearts[1].silent = true;
    ward.raise({
      patient: "p2",
      priority: "low",
      type: "technical",
      condition: "LEADS_OFF",
      label: "LEADS OFF",
    });
    await startMonitoring(page, url);
    const over = (patient) => page.locator(`[data-testid=tile-${patient}] .over`);
    await over("p1").waitFor();
    assert.equal((await over("p1").innerText()).trim(), "NO DATA");
    await over("p2").waitFor();
    assert.equal((await over("p2").innerText()).trim(), "LEADS OFF", "as the alarm of the patient says");
    ward.hearts[2].silent = true;
    await over("p3").waitFor();
    assert.match(await over("p3").innerText(), /^NO DATA 0:\d\d$/);
  }));
