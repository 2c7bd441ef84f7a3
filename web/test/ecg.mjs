// Made-up ECG for the fake server: sums of bumps at the places of P, Q, R, S and T. It looks like a
// heart to a person; nothing is measured on it.
const WAVES = [
  [-0.2, 0.025, 120], // P: time from R in s, width in s, height in µV
  [-0.03, 0.009, -120], // Q
  [0, 0.011, 1150], // R
  [0.03, 0.01, -260], // S
  [0.24, 0.05, 280], // T
];

function noise(n) {
  // A hash of the sample index: repeatable, so that a repeated chunk is the same chunk.
  let x = Math.imul(n ^ 0x9e3779b9, 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return ((x ^ (x >>> 16)) >>> 0) / 2 ** 32 - 0.5;
}

/** One sample in µV at server time ms for a patient with the rhythm. */
export function ecg(ms, { rate, phase, rhythm = "sinus", height = 1 }) {
  const t = ms / 1000;
  const index = Math.round(ms / 4);
  if (rhythm === "asystole") return 14 * noise(index) + 25 * Math.sin(t * 0.9 + phase);
  if (rhythm === "vf") {
    const wobble = 1 + 0.35 * Math.sin(t * 1.7 + phase);
    return 420 * wobble * Math.sin(2 * Math.PI * 5.1 * t + 1.4 * Math.sin(t * 2.3)) + 40 * noise(index);
  }
  const period = 60 / rate;
  const at = (t + phase) % period;
  let value = 22 * noise(index) + 60 * Math.sin(t * 1.3 + phase);
  for (const [offset, width, amplitude] of WAVES) {
    for (const shift of [0, period]) {
      const d = at - offset - shift;
      value += amplitude * height * Math.exp(-(d * d) / (2 * width * width));
    }
  }
  return value;
}

/** A pulse wave, unitless. */
export function pleth(ms, { rate, phase }) {
  const period = 60 / rate;
  const at = (((ms / 1000 + phase - 0.2) % period) + period) % period;
  return 900 * Math.exp(-((at - 0.16) ** 2) / 0.006) + 330 * Math.exp(-((at - 0.4) ** 2) / 0.01) - 300;
}
