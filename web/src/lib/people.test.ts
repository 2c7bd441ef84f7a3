import { describe, expect, test } from "vitest";
import type { Staff } from "./api";
import {
  className,
  differences,
  duration,
  held,
  instantIn,
  mayHold,
  mayPost,
  standIns,
  stepText,
} from "./people";
import type { Policy, Post } from "./people";

const at = (hour: number) => Date.UTC(2026, 10, 28, hour);
const post = (hour: number, staff: string, over: Partial<Post> = {}): Post => ({
  duty: "charge",
  from: new Date(at(hour)).toISOString(),
  staff,
  ...over,
});

test("the newest post that has begun holds, and what is planned follows", () => {
  const posts = [
    post(19, "night"),
    post(7, "day"),
    post(13, "late"),
    post(6, "anna", { patient: "p1", duty: "nurse" }),
  ];
  expect(held(posts, "charge", undefined, at(12)).now?.staff).toBe("day");
  expect(held(posts, "charge", undefined, at(12)).later.map((p) => p.staff)).toEqual(["late", "night"]);
  expect(held(posts, "charge", undefined, at(13)).now?.staff).toBe("late");
  expect(held(posts, "charge", undefined, at(6)).now).toBeUndefined();
  expect(held(posts, "nurse", "p1", at(12)).now?.staff).toBe("anna");
  expect(held(posts, "nurse", "p2", at(12)).now).toBeUndefined();
});

test("who may put whom where", () => {
  const who = (role: string) => ({ role }) as Staff;
  const roles = ["viewer", "nurse", "charge", "physician", "technician", "admin"];
  expect(roles.filter((r) => mayPost(who(r), "nurse"))).toEqual(["nurse", "charge", "physician", "admin"]);
  expect(roles.filter((r) => mayPost(who(r), "charge"))).toEqual(["charge", "physician", "admin"]);
  const can = (duty: Post["duty"]) => roles.filter((role) => mayHold({ id: "x", name: "X", role }, duty));
  expect(can("buddy")).toEqual(["nurse", "charge"]);
  expect(can("physician")).toEqual(["physician"]);
  expect(can("technician")).toEqual(["technician"]);
});

test("who stands in where nobody is on the duties of a step", () => {
  const posts = [post(7, "day"), post(6, "anna", { patient: "p1", duty: "nurse" })];
  const called = (call: string[], to = ["x"]) =>
    standIns(
      { step: 0, after_s: 0, call, to: to.map((id) => ({ id, name: id, role: "nurse" })) } as Parameters<
        typeof standIns
      >[0],
      posts,
      "p1",
      at(12),
    );
  expect(called(["physician"])).toBe(true);
  expect(called(["physician"], [])).toBe(false);
  expect(called(["charge"])).toBe(false);
  expect(called(["physician", "charge"])).toBe(false);
  expect(called(["nurse", "stations"])).toBe(false);
  expect(called(["physician", "unit"])).toBe(false);
});

test("an escalation in words", () => {
  expect([0, 30, 60, 90, 3600, 14_400, 5400].map(duration)).toEqual([
    "at once",
    "30 s",
    "1 min",
    "1 min 30 s",
    "1 h",
    "4 h",
    "1 h 30 min",
  ]);
  expect(stepText(120, ["buddy", "stations"])).toBe("2 min: Buddy, Stations");
  expect(className("physiological/high")).toBe("HIGH physiological");
});

test("what a proposal changes is named", () => {
  const policy = (after: number, failsafe = "charge"): Policy => ({
    failsafe: [failsafe],
    escalations: { "physiological/high": { repeat_s: 60, steps: [{ after_s: after, call: ["nurse"] }] } },
  });
  expect(differences(policy(30), policy(30))).toEqual([]);
  expect(differences(policy(30), policy(40))).toEqual(["physiological/high"]);
  expect(differences(policy(30), policy(40, "unit"))).toEqual(["physiological/high", "failsafe"]);
});

describe("a time is the unit's, whatever the zone of the computer", () => {
  const rows: [string, string, string, string][] = [
    ["winter", "America/New_York", "2026-11-28T19:00", "2026-11-29T00:00:00.000Z"],
    ["summer", "America/New_York", "2026-07-01T19:00", "2026-07-01T23:00:00.000Z"],
    ["half an hour", "Asia/Kolkata", "2026-11-28T07:00", "2026-11-28T01:30:00.000Z"],
    ["the repeated hour, the first time", "Europe/Vienna", "2026-10-25T02:30", "2026-10-25T00:30:00.000Z"],
    ["behind the repeated hour", "Europe/Vienna", "2026-10-25T03:30", "2026-10-25T02:30:00.000Z"],
    ["the hour that is left out", "Europe/Vienna", "2026-03-29T02:30", "2026-03-29T01:30:00.000Z"],
    ["UTC", "UTC", "2026-11-28T07:00", "2026-11-28T07:00:00.000Z"],
  ];
  test.each(rows)("%s", (_name, zone, local, want) => {
    expect(instantIn(zone, local)?.toISOString()).toBe(want);
  });
  test("no time", () => expect(instantIn("UTC", "")).toBeNull());
});
