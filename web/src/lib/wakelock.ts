export type WakeState = "held" | "released" | "unsupported";

/** Keeps the screen on. The browser takes the lock away when the page is hidden; ask again then. */
export class WakeLock {
  #lock: WakeLockSentinel | null = null;

  constructor(readonly changed: (state: WakeState) => void) {}

  async request(): Promise<void> {
    if (this.#lock && !this.#lock.released) return;
    if (!("wakeLock" in navigator)) {
      this.changed("unsupported");
      return;
    }
    try {
      const lock = await navigator.wakeLock.request("screen");
      this.#lock = lock;
      lock.addEventListener("release", () => this.changed("released"));
      this.changed("held");
    } catch {
      // Low battery or a policy: the station bar shows that the screen may go dark.
      this.changed("released");
    }
  }

  release(): void {
    void this.#lock?.release();
    this.#lock = null;
  }
}
