import { describe, expect, it } from "vitest";
import { clockText } from "./format";

describe("what a hub says of its clock", () => {
  it.each([
    ["follows NTP, and is right", "ntp", -0.4, "ntp"],
    ["five seconds are nothing that anybody has to see", "ntp", 5, "ntp"],
    ["a little more is shown", "ntp", 5.1, "ntp, 5.1 s ahead"],
    ["so is what lies behind", "unsynced", -200, "unsynced, 200 s behind"],
    ["tells no time", "nts", undefined, "nts"],
    ["has said nothing yet", undefined, undefined, ""],
  ])("%s", (_story, follows, ahead, want) => {
    expect(clockText(follows, ahead)).toBe(want);
  });
});
