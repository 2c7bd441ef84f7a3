/**
 * One clock for everything that flashes, so that all elements share one phase (WCAG 2.3.1 counts
 * flashes of the whole screen). HIGH 2.0 Hz, MEDIUM 0.6 Hz, duty 50 %.
 */
export const FLASH_HZ = { high: 2.0, medium: 0.6 } as const;

export type FlashPriority = keyof typeof FLASH_HZ;

/** The value of the root's data-flash attribute: the priorities that are in their bright half. */
export function flashPhase(now: number, active: readonly FlashPriority[]): string {
  return active.filter((p) => ((now * FLASH_HZ[p] * 2) / 1000) % 2 < 1).join(" ");
}
