import { detailOf } from "./alarms";
import type { Alarm } from "./protocol";

/** New HIGH alarms are read aloud at most this often, ms. */
const EVERY = 3000;

/** What screen readers say: HIGH at once, MEDIUM when they have time, the rest not at all. */
export class Announcer {
  assertive = $state("");
  polite = $state("");
  #queue: string[] = [];
  #spoke = -EVERY;

  constructor(readonly now: () => number) {}

  say(a: Alarm, bed: string): void {
    const text = `Bed ${bed}: ${a.label} ${detailOf(a)}`.trim();
    if (a.priority === "high") this.#queue.push(text);
    if (a.priority === "medium") this.polite = text;
    this.tick();
  }

  tick(): void {
    if (this.#queue.length === 0 || this.now() - this.#spoke < EVERY) return;
    this.#spoke = this.now();
    this.assertive = this.#queue.join(". ");
    this.#queue = [];
  }
}
