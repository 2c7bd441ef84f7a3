// A played ward and a page in Chromium that looks at it, for acceptance checks.
import { AxeBuilder } from "@axe-core/playwright";
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before } from "node:test";
import { fileURLToPath } from "node:url";
import { launch, openPage } from "./browser.mjs";
import { startFakeServer } from "./fake-server.mjs";

let browser;

before(async () => {
  const built = fileURLToPath(new URL("../dist/index.html", import.meta.url));
  assert.ok(existsSync(built), "the dashboard is not built: npm run build");
  browser = await launch();
});

after(() => browser?.close());

/** Runs fn with a ward of so many patients and a page, and demands that the page had no fault. */
export async function withWard(count, fn, options = {}) {
  const server = await startFakeServer({ count, names: options.names });
  const { page, context, faults } = await openPage(browser, options.context);
  try {
    await fn(page, server.ward, server.url);
    assert.deepEqual(faults, [], "errors in the page");
  } finally {
    await context.close();
    await server.close();
  }
}

/** Demands that axe finds nothing against WCAG 2.2 AA in what is shown. */
export async function accessible(page, view) {
  const found = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"])
    .analyze();
  const told = found.violations.map((v) => `${view}: ${v.id} ${v.nodes.map((n) => n.target).join(" | ")}`);
  assert.deepEqual(told, []);
}
