/** How long an alarm must have had the focus before a key may acknowledge it, ms. */
export const DWELL = 300;

/**
 * Knows how long the same thing has been in focus, so that a key press meant for the row that stood
 * there a moment ago does not acknowledge another alarm.
 */
export class Dwell {
  #key = "";
  #since = 0;

  /** Notes what is focused now: alarm and priority, or nothing. */
  observe(key: string, now: number): void {
    if (key === this.#key) return;
    this.#key = key;
    this.#since = now;
  }

  ready(key: string, now: number): boolean {
    this.observe(key, now);
    return key !== "" && now - this.#since >= DWELL;
  }
}

/** The index that an arrow key moves to in a grid of the given columns; null where it leaves it. */
export function step(key: string, index: number, columns: number, count: number): number | null {
  const move = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[key];
  if (move === undefined) return null;
  const next = index + move;
  return next >= 0 && next < count ? next : null;
}

/** Whether a single-key shortcut would take a letter away from what the person is typing into. */
export function isTyping(el: Element | null): boolean {
  return (
    el instanceof HTMLInputElement || el instanceof HTMLTextAreaElement || el instanceof HTMLSelectElement
  );
}
