// Opens the dashboard in the system's Chromium.
import { chromium } from "playwright-core";

const ARGS =
  "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync";

export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
    headless: true,
    args: ARGS.split(" "),
  });
}

/** A page at 1920×1080 that collects every error and every refusal by the content security policy. */
export async function openPage(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1920, height: 1080 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(8000);
  const faults = [];
  page.on("pageerror", (err) => faults.push(String(err)));
  page.on("console", (m) => {
    const expected = /WebSocket connection|ERR_CONNECTION|401|429/.test(m.text());
    if (m.type() === "error" && !expected) faults.push(m.text());
  });
  return { page, context, faults };
}

export async function signIn(page, url) {
  await page.goto(url);
  await page.fill("input[name=user]", "nurse");
  await page.fill("input[name=password]", "demo");
  await page.click("button[type=submit]");
  await page.waitForSelector("[data-testid=start-monitoring]");
}

/** Presses the one button, and waits until the screen has proven itself. */
export async function begin(page) {
  await page.click("[data-testid=start-monitoring]");
  await page.waitForSelector("[data-testid=link-state][data-state=live]", { timeout: 8000 });
}

export async function startMonitoring(page, url) {
  await signIn(page, url);
  await begin(page);
}
