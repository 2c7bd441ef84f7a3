import { afterEach, describe, expect, it, vi } from "vitest";
import { Lookups } from "./lookups";
import { anAlarm } from "./testing";
import { Ward } from "./ward.svelte";

const T = Date.parse("2026-11-20T01:10:00Z");

/** A ward whose questions wait until the test answers them, in whatever order. */
function scene() {
  let now = 1000;
  const asked: { path: string; answer: (status: number, body: unknown) => Promise<void> }[] = [];
  vi.stubGlobal("fetch", (path: string) => {
    let resolve: (r: Response) => void = () => undefined;
    const promise = new Promise<Response>((r) => (resolve = r));
    const answer = async (status: number, body: unknown) => {
      resolve(new Response(JSON.stringify(body), { status }));
      await new Promise((done) => setTimeout(done)); // what waits for it goes on first
    };
    asked.push({ path, answer });
    return promise;
  });
  const staff = { id: "s1", name: "K. Lee", role: "nurse" } as Ward["staff"];
  const ward = new Ward(staff, { id: "demo", name: "Demo", zone: "UTC" }, "desk-1");
  const ended = vi.fn();
  const lookups = new Lookups(
    ward,
    () => now,
    () => T,
    ended,
  );
  const census = () => asked.filter((q) => q.path.includes("/patients"));
  return { ward, lookups, ended, census, pass: (ms: number) => (now += ms) };
}

afterEach(() => vi.unstubAllGlobals());

const patient = (id: string) => ({ id, bed: id });
const beds = (ward: Ward) => ward.patients.map((p) => p.bed);

describe("who is there", () => {
  it("is what was answered to the last question, whichever answer comes last", async () => {
    const { ward, lookups, census } = scene();
    void lookups.census(); // one was admitted
    void lookups.census(); // and another one
    const [first, second] = census();
    await second?.answer(200, { patients: [patient("1"), patient("2")] });
    await first?.answer(200, { patients: [patient("1")] });
    expect(beds(ward)).toEqual(["1", "2"]);
  });

  it("is asked again five seconds after a failure, and not before", async () => {
    const { ward, lookups, census, pass } = scene();
    void lookups.census();
    await census()[0]?.answer(503, { detail: "The database is away." });
    expect(ward.censusFault).toBe("The database is away.");
    pass(4999);
    lookups.tick();
    expect(census()).toHaveLength(1);
    pass(1);
    lookups.tick();
    await census()[1]?.answer(200, { patients: [patient("1")] });
    expect([beds(ward), ward.censusFault]).toEqual([["1"], ""]);
  });

  it("ends the watch where the session has ended", async () => {
    const { lookups, ended, census } = scene();
    void lookups.census();
    await census()[0]?.answer(401, {});
    expect(ended).toHaveBeenCalledOnce();
  });
});

describe("what is over", () => {
  const closed = (id: string, changed: string) => anAlarm({ id, state: "closed", changed });

  it("is of the last day, newest first, and never what is open", () => {
    const { ward, lookups } = scene();
    ward.book.apply(anAlarm({ id: "open" }));
    lookups.merge([
      closed("yesterday", "2026-11-19T01:09:59Z"),
      closed("early", "2026-11-20T00:00:00Z"),
      closed("late", "2026-11-20T01:00:00Z"),
      closed("open", "2026-11-20T01:00:00Z"),
    ]);
    expect(ward.closed.map((a) => a.id)).toEqual(["late", "early"]);
  });

  it("says what it was once somebody has said so", () => {
    const { ward, lookups } = scene();
    ward.book.apply(closed("a", "2026-11-20T01:00:00Z"));
    lookups.merge([]);
    lookups.merge([{ ...closed("a", "2026-11-20T01:00:00Z"), ack_reason: "artefact" }]);
    lookups.merge([]);
    expect(ward.closed.map((a) => a.ack_reason)).toEqual(["artefact"]);
  });
});
