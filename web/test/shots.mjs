// Takes pictures of the dashboard for human eyes: npm run build && npm run shots [folder]
import { mkdirSync } from "node:fs";
import { launch, openPage, signIn, startMonitoring } from "./browser.mjs";
import { decisions, drama, outage, startFakeServer } from "./fake-server.mjs";

const folder = process.argv[2] ?? "test-results";
mkdirSync(folder, { recursive: true });
const browser = await launch();
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function shoot(name, count, act, viewport = { width: 1920, height: 1080 }) {
  const server = await startFakeServer({ count });
  const { page, context, faults } = await openPage(browser, { viewport });
  await act(page, server);
  await page.screenshot({ path: `${folder}/${name}.png` });
  if (faults.length > 0) console.log(name, faults);
  await context.close();
  await server.close();
}

/** Waits for the bright half of the flash, then returns. */
const bright = (page) => page.waitForFunction(() => document.documentElement.dataset.flash?.includes("high"));

const all = {
  login: () => shoot("login", 1, (page, s) => page.goto(s.url)),
  start: () => shoot("start", 1, (page, s) => signIn(page, s.url)),
  calm: () =>
    shoot("16-calm", 16, async (page, s) => {
      await startMonitoring(page, s.url);
      await pause(9000);
    }),
  alarm: () =>
    shoot("16-alarm", 16, async (page, s) => {
      await startMonitoring(page, s.url);
      await pause(6000);
      drama(s.ward);
      await pause(5000);
      await bright(page);
    }),
  acked: () =>
    shoot("16-acked", 16, async (page, s) => {
      await startMonitoring(page, s.url);
      const ids = drama(s.ward);
      await pause(4500);
      await page.click(`[data-testid=alarm-banner] [data-testid="ack-${ids.high}"]`);
      await page.waitForSelector(`[data-testid="alarm-row-${ids.high}"][data-state=active_ack]`);
      await pause(400);
      s.ward.nextAnswer = {
        code: "already_acked",
        alarm: { ...s.ward.alarms.get(ids.medium), acked_by: "M. Ortiz" },
      };
      await page.click(`[data-testid="alarm-row-${ids.medium}"] [data-testid^=ack-]`);
      await pause(500);
    }),
  offline: () =>
    shoot("16-offline", 16, async (page, s) => {
      await startMonitoring(page, s.url);
      drama(s.ward);
      await pause(4000);
      s.ward.refusing = true;
      for (const c of s.ward.clients) c.ws.terminate();
      await page.waitForSelector("[data-testid=link-state][data-state=offline]", { timeout: 15000 });
      await pause(8000);
    }),
  many: () =>
    shoot("64-alarm", 64, async (page, s) => {
      await startMonitoring(page, s.url);
      await pause(4000);
      drama(s.ward);
      await pause(5000);
      await bright(page);
    }),
  wide: () =>
    shoot("64-nolist", 64, async (page, s) => {
      await startMonitoring(page, s.url);
      drama(s.ward);
      await page.keyboard.press("l");
      await pause(7000);
      await bright(page);
    }),
  thirty: () =>
    shoot("32-alarm", 32, async (page, s) => {
      await startMonitoring(page, s.url);
      drama(s.ward);
      await pause(8000);
    }),
  few: () =>
    shoot("4", 4, async (page, s) => {
      await startMonitoring(page, s.url);
      await pause(8000);
    }),
  phone: () =>
    shoot(
      "phone",
      8,
      async (page, s) => {
        await startMonitoring(page, s.url);
        s.ward.raise({ patient: "p5", label: "ASYSTOLE", detail: "no beat for 4.2 s" });
        await pause(5000);
      },
      { width: 390, height: 844 },
    ),
};

/** Everything that people decide, with the patient's panel. */
const decided = (name, count, viewport) => () =>
  shoot(
    name,
    count,
    async (page, s) => {
      s.ward.staff = { role: "charge" };
      decisions(s.ward);
      await startMonitoring(page, s.url);
      await pause(5000);
      await page.click("[data-testid=tile-p7]");
      await page.click("[data-testid=alarm-off]");
      await page.click("[data-testid=pause-station]");
      await pause(1500);
    },
    viewport,
  );
all.decided = decided("16-decided", 16);
all.decidedMany = decided("64-decided", 64);
all.decidedLaptop = decided("laptop-32-decided", 32, { width: 1366, height: 768 });
all.decidedPhone = decided("phone-decided", 8, { width: 390, height: 844 });
all.panel = () =>
  shoot("16-panel", 16, async (page, s) => {
    decisions(s.ward);
    await startMonitoring(page, s.url);
    await pause(3000);
    await page.click("[data-testid=tile-p6]");
    await page.click("[data-testid=standby]");
    await pause(1500);
  });
all.outage = () =>
  shoot("16-outage", 16, async (page, s) => {
    await startMonitoring(page, s.url);
    outage(s.ward);
    s.ward.raise({ patient: "p3", label: "VENTRICULAR FIBRILLATION", condition: "VF" });
    await pause(4000);
  });
all.flood = () =>
  shoot("16-flood", 16, async (page, s) => {
    await startMonitoring(page, s.url);
    for (let i = 0; i < 14; i++)
      s.ward.raise({
        patient: `p${1 + (i % 5)}`,
        priority: i % 3 ? "low" : "medium",
        condition: `C${i}`,
        label: `CONDITION ${i}`,
      });
    s.ward.raise({ patient: "p9", label: "ASYSTOLE", detail: "no beat for 4.2 s" });
    await pause(3000);
    await bright(page);
  });
all.whatIf = () =>
  shoot("16-what-if", 16, async (page, s) => {
    decisions(s.ward);
    await startMonitoring(page, s.url);
    await pause(2000);
    await page.locator("[data-testid^=what-if-]").first().click();
    await page.waitForSelector("[data-testid=what-if-numbers]");
    await pause(500);
  });

all.laptop = () =>
  shoot(
    "laptop-64",
    64,
    async (page, s) => {
      await startMonitoring(page, s.url);
      drama(s.ward);
      await pause(6000);
    },
    { width: 1366, height: 768 },
  );

const wanted = process.argv.slice(3);
for (const [name, take] of Object.entries(all))
  if (wanted.length === 0 || wanted.includes(name)) await take();
await browser.close();
