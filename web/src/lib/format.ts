/** 23 → "0:23", 3671 → "1:01:11". */
export function elapsed(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number) => String(n).padStart(2, "0");
  const hours = Math.floor(s / 3600);
  const minutes = Math.floor(s / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(s % 60)}` : `${minutes}:${two(s % 60)}`;
}

/** "ntp, 7.2 s ahead": what a clock follows, and how far it is off where that is more than anybody takes for none. */
export function clockText(follows: string | undefined, ahead: number | undefined): string {
  const shown = 5; // seconds
  const off =
    ahead === undefined || Math.abs(ahead) <= shown
      ? ""
      : `${Math.abs(ahead)} s ${ahead > 0 ? "ahead" : "behind"}`;
  return [follows, off].filter(Boolean).join(", ");
}

/** Times in the zone of the unit, whatever the zone of the nurse's computer. */
export class ZoneFormat {
  readonly #time: Intl.DateTimeFormat;
  readonly #short: Intl.DateTimeFormat;
  readonly #date: Intl.DateTimeFormat;
  readonly #day: Intl.DateTimeFormat;
  readonly #offset: Intl.DateTimeFormat;

  constructor(readonly zone: string) {
    const make = (options: Intl.DateTimeFormatOptions) => dateFormat(zone, options);
    this.#time = make({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
    this.#short = make({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    this.#date = make({ weekday: "short", day: "numeric", month: "short" });
    this.#day = make({ day: "numeric", month: "short" });
    this.#offset = make({ timeZoneName: "longOffset" });
  }

  time(at: number | string): string {
    return this.#time.format(new Date(at));
  }

  short(at: number | string): string {
    return this.#short.format(new Date(at));
  }

  /** "19 Nov 23:30"; on the date that is today, the time alone. */
  moment(at: number | string, today: string): string {
    return this.date(at) === today ? this.short(at) : `${this.#day.format(new Date(at))} ${this.short(at)}`;
  }

  date(at: number | string): string {
    return this.#date.format(new Date(at));
  }

  /** "UTC+05:30": the hour that daylight saving repeats is told apart by it. */
  offset(at: number | string): string {
    const part = this.#offset.formatToParts(new Date(at)).find((p) => p.type === "timeZoneName");
    return (part?.value ?? "GMT").replace("GMT", "UTC");
  }
}

function dateFormat(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat("en-GB", { ...options, timeZone: zone });
  } catch {
    // A zone that this browser does not know: the offset beside each clock says that it is UTC.
    return new Intl.DateTimeFormat("en-GB", { ...options, timeZone: "UTC" });
  }
}

/** Age in years at a date, both as yyyy-mm-dd or longer. */
export function years(birth: string | undefined, at: number): number | null {
  if (!birth) return null;
  const born = new Date(birth);
  if (Number.isNaN(born.getTime())) return null;
  const now = new Date(at);
  const before =
    now.getUTCMonth() < born.getUTCMonth() ||
    (now.getUTCMonth() === born.getUTCMonth() && now.getUTCDate() < born.getUTCDate());
  return now.getUTCFullYear() - born.getUTCFullYear() - Number(before);
}

/** "O.A." from given and family name: the banner shows no full name to the corridor. */
export function initials(given: string, family: string): string {
  const first = (s: string) => [...s.trim()][0]?.toLocaleUpperCase() ?? "";
  return [first(given), first(family)]
    .filter(Boolean)
    .map((c) => `${c}.`)
    .join("");
}

/** Beds in the order in which people count them: 2 before 10. */
export const byBed = new Intl.Collator("en", { numeric: true }).compare;
