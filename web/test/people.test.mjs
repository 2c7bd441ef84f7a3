// Who is on, who would be called, and how a phone is called, in a real browser: npm run build && npm run test:ui
import { AxeBuilder } from "@axe-core/playwright";
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, openPage } from "./browser.mjs";
import { startFakeServer } from "./fake-server.mjs";

let browser;

before(async () => {
  browser = await launch();
});

after(() => browser?.close());

/** Opens a path as somebody and runs fn with the page; demands that the page had no fault. */
async function at(path, staff, fn, options = {}) {
  const server = await startFakeServer({ count: 3 });
  server.ward.staff = staff;
  const { page, context, faults } = await openPage(browser, options);
  try {
    await options.before?.(context, server);
    await page.goto(server.url + path);
    await page.fill("input[name=user]", "nurse");
    await page.fill("input[name=password]", "demo");
    await page.click("button[type=submit]");
    await fn(page, server.ward.people, server, context);
    assert.deepEqual(
      faults.filter((f) => !/status of (4\d\d|502|503)|ERR_INTERNET_DISCONNECTED/.test(f)),
      [],
      "errors in the page",
    );
  } finally {
    await context.close();
    await server.close();
  }
}

async function accessible(page) {
  const found = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"])
    .analyze();
  assert.deepEqual(
    found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(" ")}`),
    [],
  );
}

const charge = { id: "s3", name: "C. Harge", role: "charge" };
const holds = (page, duty, of) => page.locator(`[data-testid="holds-${duty}-${of}"]`);

test("the charge nurse sees who is on, and plans the night in the unit's time", () =>
  at(
    "/people",
    charge,
    async (page, people) => {
      assert.equal(await holds(page, "charge", "unit").textContent(), "C. Harge");
      assert.equal(await holds(page, "technician", "unit").textContent(), "nobody");
      assert.equal(await holds(page, "nurse", "p1").textContent(), "K. Lee");
      await accessible(page);

      const duties = page.locator("[data-testid=duties]");
      await duties.getByRole("button", { name: "Change Technician on call" }).click();
      await duties.getByLabel("who").selectOption({ label: "T. Novak" });
      assert.deepEqual(
        await duties.getByLabel("who").locator("option").allTextContents(),
        ["nobody", "T. Novak"],
        "nobody else can be put on it",
      );
      await duties.getByLabel("from, empty for now").fill("2027-01-05T19:00");
      await accessible(page);
      await duties.getByRole("button", { name: "Save" }).click();
      await page
        .getByText("Technician on call of Cardiac step-down 3 West: T. Novak, from Tue 5 Jan 19:00.")
        .waitFor();
      assert.deepEqual(people.said.at(-1), {
        route: "POST /units/demo/posts",
        body: { duty: "technician", staff: "s5", from: "2027-01-06T00:00:00.000Z" }, // New York is five hours behind
      });
      assert.equal(await holds(page, "technician", "unit").textContent(), "nobody", "not before its time");
      await duties.getByText("Tue 5 Jan 19:00: T. Novak").waitFor();
    },
    { timezoneId: "Asia/Kolkata" },
  ));

test("a nurse hands a patient on by keyboard, and a refusal changes nothing", () =>
  at("/people", undefined, async (page, people) => {
    await page.waitForSelector("[data-testid=duties]");
    assert.equal(
      await page.locator("[data-testid=duties] button").count(),
      0,
      "the unit's duties are others'",
    );
    const row = page.locator('[data-testid="patient-p1"]');
    people.refuse = { status: 404, detail: "there is no such person of the unit, or none that you may see" };
    await row.getByRole("button", { name: "Change Nurse" }).focus();
    await page.keyboard.press("Enter");
    await row.getByRole("combobox").selectOption({ label: "M. Ortiz" });
    await row.getByRole("button", { name: "Save" }).focus();
    await page.keyboard.press("Enter");
    await page.getByText("there is no such person of the unit").waitFor();
    assert.equal(await holds(page, "nurse", "p1").textContent(), "K. Lee");
    await row.getByRole("button", { name: "Save" }).focus();
    await page.keyboard.press("Enter");
    await page.waitForFunction(
      () => document.querySelector('[data-testid="holds-nurse-p1"]').textContent === "M. Ortiz",
    );
    assert.equal(await page.getByText("there is no such person of the unit").count(), 0);
  }));

test("who would be called now is asked of the server, for each kind of alarm", () =>
  at("/people", undefined, async (page) => {
    await page.getByRole("button", { name: "Who would be called now for bed 2?" }).click();
    const plan = page.locator("[data-testid=plan]");
    await plan.getByText("M. Ortiz", { exact: true }).waitFor();
    assert.deepEqual(
      (await plan.locator("li").allTextContents()).map((t) => t.replace(/\s+/g, " ").trim()),
      [
        "at once M. Ortiz (Stations, Nurse)",
        "30 s nobody (Buddy, Stations)",
        "1 min C. Harge · K. Lee · M. Ortiz · C. Harge · P. Adeyemi (Charge nurse, Whole unit)",
        "2 min P. Adeyemi (Physician on call)",
      ],
    );
    await plan.getByText("The last step again every 1 min.").waitFor();
    await plan.locator("select").selectOption("technical/low");
    await plan.getByText("(Technician on call: nobody is, so these stand in)").waitFor();
    await accessible(page);
  }));

test("one proposes how alarms escalate, another one approves", () =>
  at("/people", charge, async (page, people) => {
    const policy = page.locator("[data-testid=policy]");
    await policy.getByText("Nobody has decided anything").waitFor();
    await policy.getByRole("button", { name: "Propose a change" }).click();
    // A refusal names a step by its number.
    for (const step of [0, 1, 2, 3]) await policy.getByText(`Step ${step}`, { exact: true }).waitFor();
    await policy.getByLabel("Step 1: seconds").fill("20");
    await policy.getByRole("group", { name: "Step 1 calls" }).getByLabel("Whole unit").check();
    await policy.getByRole("button", { name: "Remove step 3" }).click();
    await policy.getByLabel("Why").fill("Nights are thin");
    await accessible(page);
    people.refuse = { status: 422, detail: "physiological/high: step 2 does not come after step 1" };
    await policy.getByRole("button", { name: "Propose", exact: true }).click();
    await page.getByText("step 2 does not come after step 1").waitFor();
    await policy.getByRole("button", { name: "Propose", exact: true }).click();
    const proposal = page.locator("[data-testid=proposal]");
    await proposal.waitFor();
    const sent = people.said.at(-1).body;
    assert.deepEqual(sent.policy.escalations["physiological/high"], {
      repeat_s: 60,
      steps: [
        { after_s: 0, call: ["stations", "nurse"] },
        { after_s: 20, call: ["buddy", "stations", "unit"] },
        { after_s: 60, call: ["charge", "unit"] },
      ],
    });
    assert.equal(sent.reason, "Nights are thin");
    assert.deepEqual(await proposal.locator("tbody th").allTextContents(), ["HIGH physiological"]);
    assert.equal(await policy.getAttribute("data-version"), "0", "nothing is in force by a proposal");

    people.refuse = { status: 403, detail: "somebody else has to approve what you proposed" };
    await proposal.getByRole("button", { name: "Approve" }).click();
    const told = page.getByText("somebody else has to approve");
    await told.waitFor();
    const box = await told.boundingBox();
    assert.ok(box.y >= 0 && box.y < 1080, "a refusal is seen where the press was");
    assert.equal(await policy.getAttribute("data-version"), "0");
    await proposal.getByRole("button", { name: "Approve" }).click();
    await page.waitForSelector('[data-testid=policy][data-version="1"]');
  }));

test("a viewer and a nurse change no policy", async () => {
  for (const role of ["viewer", "nurse"]) {
    await at("/people", { role }, async (page, people) => {
      people.policies.proposed = {
        ...people.policies.in_force,
        version: 1,
        by: "C. Harge",
        at: new Date().toISOString(),
      };
      await page.getByRole("button", { name: "Refresh" }).click();
      await page.waitForSelector("[data-testid=proposal]");
      assert.equal(await page.getByRole("button", { name: /Approve|Propose/ }).count(), 0);
      assert.equal(await page.getByRole("button", { name: /^Change/ }).count(), role === "viewer" ? 0 : 6);
    });
  }
});

test("the page fits a phone", () =>
  at(
    "/people",
    charge,
    async (page) => {
      await page.waitForSelector("[data-testid=policy]");
      const { width, wide } = await page.locator("[data-testid=people]").evaluate((main) => ({
        width: main.clientWidth,
        wide: main.scrollWidth,
      }));
      assert.equal(wide, width, "nothing is to be scrolled sideways");
      await accessible(page);
    },
    { viewport: { width: 390, height: 844 } },
  ));

/** An alarm of a patient, as the server shows it. */
function asystole(over = {}) {
  return {
    id: "01HIGH",
    patient: "p1",
    condition: "ASYSTOLE",
    label: "ASYSTOLE",
    type: "physiological",
    priority: "high",
    state: "active_unack",
    truth: "true",
    version: 4,
    raised: new Date(Date.now() - 40_000).toISOString(),
    detail: "no beat for 4.2 s",
    ended: null,
    acked_by: null,
    acked_at: null,
    ...over,
  };
}

test("an alarm that was handed over waits until it is accepted", () =>
  at("/people", undefined, async (page, people) => {
    await page.getByText("No open alarm waits for you").waitFor();
    const raised = new Date(Date.now() - 2 * 86_400_000).toISOString();
    people.offers = [{ alarm: { ...asystole(), raised }, since: new Date().toISOString() }];
    const offer = page.locator('[data-testid="offer-01HIGH"]');
    await offer.waitFor({ timeout: 12_000 });
    assert.match(await offer.textContent(), /Bed 1 · HIGH ASYSTOLE/);
    assert.match(await offer.textContent(), /open since \d+ \w{3,4} \d\d:\d\d, yours since \d\d:\d\d/);
    people.refuse = { status: 503, detail: "try again" };
    await offer.getByRole("button", { name: "Accept" }).click();
    await page.getByText("try again").waitFor();
    assert.equal(await offer.count(), 1, "a refusal leaves it there");
    await offer.getByRole("button", { name: "Accept" }).click();
    await offer.waitFor({ state: "detached" });
  }));

/** Lets pages subscribe without a push service beyond this machine. */
const subscribing = {
  permissions: ["notifications"],
  before: (context) =>
    context.addInitScript(() => {
      const made = {
        endpoint: "https://push.test/nurse",
        options: { applicationServerKey: null },
        toJSON: () => ({ endpoint: made.endpoint, keys: { p256dh: "a-key", auth: "a-secret" } }),
        unsubscribe: async () => sessionStorage.removeItem("subscribed"),
      };
      PushManager.prototype.subscribe = async (options) => {
        made.options = options;
        sessionStorage.setItem("subscribed", String(options.applicationServerKey.length));
        return made;
      };
      PushManager.prototype.getSubscription = async () =>
        sessionStorage.getItem("subscribed") ? made : null;
    }),
};

test("this device is subscribed, tested and removed", () =>
  at(
    "/people",
    undefined,
    async (page, people) => {
      const section = page.locator("[data-testid=contacts]");
      await page.click("[data-testid=push-on]");
      await section.getByText("This device is called from now on").waitFor();
      assert.deepEqual(people.said.at(-1), {
        route: "POST /me/contacts",
        body: { channel: "push", address: "https://push.test/nurse", key: "a-key", auth: "a-secret" },
      });
      assert.equal(await page.evaluate(() => sessionStorage.getItem("subscribed")), "65");
      assert.equal(await page.locator("[data-testid=push-on]").count(), 0);
      people.refuse = { status: 502, detail: "the test did not arrive: answer is 503 Service Unavailable" };
      await section.getByRole("button", { name: "Send a test to This device" }).click();
      await section.getByText("the test did not arrive").waitFor();
      await section.getByRole("button", { name: "Send a test to This device" }).click();
      await section.getByText("The test is on its way").waitFor();
      assert.equal(people.said.at(-1).route, "POST /me/contacts/c1/test");
      await accessible(page);
      await section.getByRole("button", { name: "Call me no more at This device" }).click();
      await page.waitForSelector("[data-testid=push-on]");
      assert.equal(await page.evaluate(() => sessionStorage.getItem("subscribed")), null);
      await section.getByLabel("Address").fill("lee@example.org");
      await section.getByRole("button", { name: "Add" }).click();
      await section.getByText("Mail: lee@example.org").waitFor();
    },
    subscribing,
  ));

test("a browser that cannot be called says why", () =>
  at("/people", undefined, async (page, people) => {
    people.push_key = "";
    await page.reload();
    await page.getByText("This installation is not set up to call browsers.").waitFor();
    assert.equal(await page.locator("[data-testid=push-on]").count(), 0);
  }));

test("UI-11.1 a push is shown without a patient, and is gone when the same call comes again", () =>
  at(
    "/people",
    undefined,
    async (page, _people, server, context) => {
      await page.click("[data-testid=push-on]");
      await page.getByText("This device is called from now on").waitFor();
      const cdp = await context.newCDPSession(page);
      const registered = new Promise((resolve) =>
        cdp.on("ServiceWorker.workerRegistrationUpdated", ({ registrations }) => {
          if (registrations.length > 0) resolve(registrations[0].registrationId);
        }),
      );
      await cdp.send("ServiceWorker.enable");
      const registrationId = await registered;
      const push = (message) =>
        cdp.send("ServiceWorker.deliverPushMessage", { origin: server.url, registrationId, data: message });
      const shown = () =>
        page.evaluate(async () => {
          const registration = await navigator.serviceWorker.ready;
          return (await registration.getNotifications()).map((n) => [n.title, n.body, n.tag, n.data]);
        });
      const until = async (count) => {
        for (let i = 0; i < 50 && (await shown()).length !== count; i++) await page.waitForTimeout(100);
        return shown();
      };
      const call = JSON.stringify({ id: "1W0cLxY2", text: "HIGH alarm, Cardiology. Open Vigil." });
      await push(call);
      await push(call);
      assert.deepEqual(await until(1), [
        ["Vigil", "HIGH alarm, Cardiology. Open Vigil.", "1W0cLxY2", "1W0cLxY2"],
      ]);
      await push("no JSON at all");
      assert.deepEqual((await until(2)).map((n) => n[1]).sort(), [
        "An alarm. Open Vigil.",
        "HIGH alarm, Cardiology. Open Vigil.",
      ]);
    },
    subscribing,
  ));

const phone = { viewport: { width: 390, height: 844 } };
const called = (alarm) => ({
  before: (_context, server) => {
    server.ward.people.notices["1W0cLxY2"] = {
      text: "HIGH alarm, Cardiology. Open Vigil.",
      made: new Date().toISOString(),
      alarm,
      patient: { ...server.ward.patients[0] },
    };
  },
});

test("a tap leads through the sign-in to the alarm, which is taken as it was seen", () =>
  at(
    "/notice/1W0cLxY2",
    undefined,
    async (page, people) => {
      const card = page.locator("[data-testid=called-for]");
      await card.waitFor();
      assert.match(
        await card.textContent(),
        /Bed 1 · .*HIGH ASYSTOLE.*no beat for 4\.2 s.*Nobody has acknowledged it/s,
      );
      assert.ok(!(await page.title()).includes("ASYSTOLE"), "the title names no condition");
      assert.deepEqual(
        people.said.map((s) => [s.route, s.body]),
        [["POST /notices/1W0cLxY2/receipts", { receipt: "seen" }]],
        "seen, once",
      );
      const box = await page.locator("[data-testid=take]").boundingBox();
      assert.ok(box.height >= 44 && box.width >= 44, `${box.width}×${box.height}`);
      assert.equal(
        await page.evaluate(() => document.documentElement.scrollWidth),
        390,
        "nothing is cut off",
      );
      await accessible(page);

      people.refuse = { status: 409, detail: "the alarm has asked for attention again since it was seen" };
      await page.click("[data-testid=take]");
      await page.getByText("has asked for attention again").waitFor();
      assert.equal(await card.getAttribute("data-state"), "active_unack", "a refusal changes nothing");
      await page.click("[data-testid=take]");
      await page.getByText("You have it.").waitFor();
      assert.equal(await card.getAttribute("data-state"), "active_ack");
      const { cmd_id, ...seen } = people.said.at(-1).body;
      assert.ok(cmd_id);
      assert.deepEqual(seen, { seen_version: 4, seen_priority: "high" });
    },
    { ...phone, ...called(asystole()) },
  ));

test("an answer that comes late does not show again as it was what was taken meanwhile", () =>
  at(
    "/notice/1W0cLxY2",
    undefined,
    async (page) => {
      const card = page.locator("[data-testid=called-for]");
      await card.waitFor();
      let release, holds;
      const late = new Promise((resolve) => (release = resolve));
      const held = new Promise((resolve) => (holds = resolve));
      await page.route(
        "**/api/v1/notices/1W0cLxY2",
        async (route) => {
          const response = await route.fetch();
          holds();
          await late;
          await route.fulfill({ response });
        },
        { times: 1 },
      );
      await held;
      await page.click("[data-testid=take]");
      await page.getByText("You have it.").waitFor();
      const arrives = page.waitForResponse("**/api/v1/notices/1W0cLxY2");
      release();
      await (await arrives).finished();
      await page.evaluate(() => new Promise(requestAnimationFrame));
      assert.equal(
        await card.getAttribute("data-state"),
        "active_ack",
        "what was true before was shown again",
      );
    },
    { ...phone, ...called(asystole()) },
  ));

test("whoever cannot go says so and hands the patient on; the alarm goes on calling", () =>
  at(
    "/notice/1W0cLxY2",
    undefined,
    async (page, people) => {
      await page.click("[data-testid=decline]");
      await page.getByText("The next people are called at their time, as before.").waitFor();
      const card = page.locator("[data-testid=called-for]");
      assert.equal(await card.getAttribute("data-state"), "active_unack");
      await page.getByLabel("Hand the patient to").selectOption({ label: "M. Ortiz" });
      await accessible(page);
      await page.getByRole("button", { name: "Hand over" }).click();
      await page.getByText("M. Ortiz is the patient's nurse from now on").waitFor();
      assert.deepEqual(
        people.said.map((s) => s.route),
        ["POST /notices/1W0cLxY2/receipts", "POST /notices/1W0cLxY2/receipts", "POST /units/demo/posts"],
      );
      assert.deepEqual(people.said.at(-1).body, { patient: "p1", duty: "nurse", staff: "s2" });
      assert.equal(await page.locator("[data-testid=take]").count(), 1, "it can still be taken");
    },
    { ...phone, ...called(asystole()) },
  ));

test("what was handed over is accepted where the call led", () =>
  at(
    "/notice/1W0cLxY2",
    undefined,
    async (page, people) => {
      people.notices["1W0cLxY2"].offer = true;
      await page.click("[data-testid=accept]", { timeout: 12_000 });
      await page.getByText("You have taken it over with the patient.").waitFor();
      assert.equal(people.said.at(-1).route, "POST /alarms/01HIGH/accept");
      assert.equal(
        await page.locator("[data-testid=take]").count(),
        0,
        "somebody has acknowledged it already",
      );
    },
    {
      ...phone,
      ...called(asystole({ state: "active_ack", acked_by: "M. Ortiz", acked_at: new Date().toISOString() })),
    },
  ));

test("a session that ended leads to the sign-in and back to the call", () =>
  at(
    "/notice/1W0cLxY2",
    undefined,
    async (page, _people, _server, context) => {
      await page.waitForSelector("[data-testid=called-for]");
      await context.clearCookies();
      await page.waitForSelector("[data-testid=login]", { timeout: 12_000 });
      await page.fill("input[name=user]", "nurse");
      await page.fill("input[name=password]", "demo");
      await page.click("button[type=submit]");
      await page.waitForSelector("[data-testid=called-for]");
    },
    { ...phone, ...called(asystole()) },
  ));

test("a phone that hears nothing says so, and takes nothing on what it no longer knows", () =>
  at(
    "/notice/1W0cLxY2",
    undefined,
    async (page, people, _server, context) => {
      await page.waitForSelector("[data-testid=take]");
      await context.setOffline(true);
      await page.getByText("Not current: heard").waitFor({ timeout: 25_000 });
      assert.ok(await page.locator("[data-testid=take]").isDisabled());
      people.notices["1W0cLxY2"].alarm = asystole({
        state: "closed",
        ended: new Date().toISOString(),
        version: 6,
      });
      await context.setOffline(false);
      await page.getByText("It is over.").waitFor({ timeout: 12_000 });
      assert.equal(await page.locator("[data-testid=take]").count(), 0);
    },
    { ...phone, ...called(asystole()) },
  ));

test("a call to somebody else shows nothing", () =>
  at("/notice/other", undefined, async (page) => {
    await page.getByText("This call was not to you, or it was long ago.").waitFor();
    assert.equal(await page.locator("[data-testid=called-for]").count(), 0);
  }));
