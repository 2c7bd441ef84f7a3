import { expect, it } from "vitest";
import { chart } from "./chart";
import type { Shown } from "./numerics";

const NOW = 600_000;

function values(...list: Partial<Shown>[]): Record<string, Shown> {
  const full = list.map((over) => ({
    patient: "p1",
    device: "d1",
    kind: "heart_rate",
    value: "72",
    unit: "beats/minute",
    time: "2026-11-20T02:00:00Z",
    age_ms: 0,
    quality: "good" as const,
    at: NOW - 500,
    ...over,
  }));
  return Object.fromEntries(full.map((v) => [`${v.kind}|${v.device}`, v]));
}

it("says what the tile has no room for, in the order in which people look for it", () => {
  const charted = chart(
    values(
      { kind: "weight", value: "77.000", unit: "kg", at: 0 },
      { kind: "glucose", value: "109", unit: "mg/dL", at: 0 },
      { kind: "systolic", value: "112", unit: "mmHg" },
      { kind: "diastolic", value: "68", unit: "mmHg" },
      {},
    ),
    undefined,
    NOW,
  );
  expect(charted.map((l) => `${l.name} ${l.value} ${l.unit} ${l.state}`)).toEqual([
    "HR 72 /min now",
    "NIBP 112/68 mmHg spot",
    "Glucose 109 mg/dL spot",
    "Weight 77.0 kg spot",
  ]);
});

it("says each kind once, the heart rate as the tile does", () => {
  const two = values({ device: "patch", value: "72", at: NOW - 900 }, { device: "strap", value: "75" });
  expect(chart(two, "patch", NOW).map((l) => l.value)).toEqual(["72"]);
  expect(chart(two, undefined, NOW).map((l) => l.value)).toEqual(["75"]);
});

it("does not call a streamed value present that stopped coming", () => {
  const [spo2] = chart(values({ kind: "spo2", value: "93", unit: "%", at: NOW - 5001 }), undefined, NOW);
  expect(spo2?.state).toBe("past");
});

it("puts consciousness in words, as it was charted", () => {
  const [acvpu] = chart(values({ kind: "consciousness", value: "1", unit: "" }), undefined, NOW);
  expect(acvpu).toMatchObject({ name: "Consciousness", value: "New confusion", unit: "", state: "spot" });
});
