import { Sound } from "./audio";
import type { Alarm } from "./protocol";
import { answered, chatterKey, wantedSound, type Hearing, type Wanted } from "./voice";
import type { Ward } from "./ward.svelte";

const OFFLINE_TONE: Wanted = { priority: "medium", pause: 15, ids: ["offline"] };

/** Makes this station's sound follow its alarms, and what people decided about them. */
export class Speaker {
  readonly sound: Sound;
  /** When what comes and goes sounded last, monotonic. */
  #sounded = new Map<string, number>();

  constructor(
    readonly ward: Ward,
    /** Monotonic time, and the server's, ms. */
    readonly now: () => number,
    readonly serverNow: () => number,
  ) {
    this.sound = new Sound(
      () => this.check(),
      (ids) => this.#note(ids),
    );
  }

  /** What people have answered stops at once; what ended by itself, with its burst. */
  follow(): void {
    const { book, link } = this.ward;
    const hearing = this.#hearing();
    if (answered(this.sound.calling, (id) => this.#find(id), hearing)) this.sound.silence();
    const offline = link.state === "offline" ? OFFLINE_TONE : null;
    this.sound.update(wantedSound(book.open(), hearing) ?? offline);
    this.check();
  }

  /** Shows whether this station can be heard. */
  check(): void {
    const state = this.sound.report(this.now()) === "running" ? "on" : "blocked";
    if (this.ward.audio !== state) this.ward.audio = state;
  }

  #find(id: string): Alarm | undefined {
    return this.ward.book.get(id) ?? this.ward.book.over(id);
  }

  #note(ids: string[]): void {
    for (const id of ids) {
      const a = this.ward.book.get(id);
      if (a) this.#sounded.set(chatterKey(a), this.now());
    }
  }

  #hearing(): Hearing {
    const { book, pause, pauses } = this.ward;
    return {
      now: this.serverNow(),
      monotonic: this.now(),
      asked: (id) => book.asked(id),
      station: pause,
      patients: pauses,
      sounded: this.#sounded,
    };
  }
}
