// Who is on, who may put whom there, and how an escalation reads. Nothing here asks the server.
import type { paths } from "./api.gen";
import type { Staff } from "./api";

type Ok<Op> = Op extends { responses: { 200: { content: { "application/json": infer Body } } } }
  ? Body
  : never;

export type Roster = Ok<paths["/api/v1/units/{id}/roster"]["get"]>;
export type Post = Roster["posts"][number];
export type Person = Roster["people"][number];
export type Policies = Ok<paths["/api/v1/units/{id}/escalation"]["get"]>;
export type Policy = Policies["in_force"]["policy"];
export type Escalation = Policy["escalations"][string];
export type Plan = Ok<paths["/api/v1/patients/{id}/calls"]["get"]>;
export type Offer = Ok<paths["/api/v1/offers"]["get"]>["offers"][number];
export type Contacts = Ok<paths["/api/v1/me/contacts"]["get"]>;
export type Notice = Ok<paths["/api/v1/notices/{id}"]["get"]>;
export type Duty = Post["duty"];

/** Duties of a whole unit, in the order in which they are called. */
export const unitDuties = ["charge", "physician", "technician"] as const satisfies Duty[];
export const patientDuties = ["nurse", "buddy"] as const satisfies Duty[];

const names: Record<string, string> = {
  nurse: "Nurse",
  buddy: "Buddy",
  charge: "Charge nurse",
  physician: "Physician on call",
  technician: "Technician on call",
  unit: "Whole unit",
  stations: "Stations",
  worklist: "Worklist",
};

/** What may stand in a step, people first; the last two only say where the alarm is shown. */
export const callable = Object.keys(names);
export const people = callable.filter((d) => d !== "stations" && d !== "worklist");

export const dutyName = (duty: string): string => names[duty] ?? duty;

/** Classes of alarms that escalate, most urgent first. */
export const classes = ["physiological", "technical", "system"].flatMap((type) =>
  ["high", "medium", "low"].map((priority) => `${type}/${priority}`),
);

export function className(name: string): string {
  const [type = "", priority = ""] = name.split("/");
  return `${priority.toUpperCase()} ${type}`;
}

/** Who may put people on a duty: as alerts.MayPost says, which decides. */
export function mayPost(who: Staff, duty: Duty): boolean {
  const leads = who.role === "charge" || who.role === "physician" || who.role === "admin";
  return leads || (who.role === "nurse" && (duty === "nurse" || duty === "buddy"));
}

/** Who can be put on a duty: as alerts.MayHold says. */
export function mayHold(person: Person, duty: Duty): boolean {
  if (duty === "physician" || duty === "technician") return person.role === duty;
  return person.role === "nurse" || person.role === "charge";
}

export const mayPropose = (who: Staff): boolean => who.role === "charge" || who.role === "physician";
export const mayApprove = (who: Staff): boolean => mayPropose(who) || who.role === "admin";

/** The post that holds at a time, and those that are planned behind it, the next first. */
export function held(posts: Post[], duty: Duty, patient: string | undefined, at: number) {
  const of = posts
    .filter((p) => p.duty === duty && (p.patient ?? "") === (patient ?? ""))
    .sort((a, b) => Date.parse(a.from) - Date.parse(b.from));
  return {
    now: of.filter((p) => Date.parse(p.from) <= at).at(-1),
    later: of.filter((p) => Date.parse(p.from) > at),
  };
}

/** Whether nobody is on the duties of a step, so that whoever it calls stands in for them: a policy never ends with nobody. */
export function standIns(step: Plan["steps"][number], posts: Post[], patient: string, at: number): boolean {
  const one = (duty: Duty) =>
    held(posts, duty, duty === "nurse" || duty === "buddy" ? patient : undefined, at);
  const duties = [...patientDuties, ...unitDuties].filter((duty) => step.call.includes(duty));
  return step.to.length > 0 && !step.call.includes("unit") && !duties.some((duty) => one(duty).now?.staff);
}

/** 90 → "1 min 30 s", 7200 → "2 h". */
export function duration(seconds: number): string {
  const parts = [
    [Math.floor(seconds / 3600), "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"],
  ] as const;
  return (
    parts
      .filter(([n]) => n > 0)
      .map(([n, unit]) => `${n} ${unit}`)
      .join(" ") || "at once"
  );
}

/** One step in words: "2 min: Buddy, Stations". */
export const stepText = (after: number, call: readonly string[]): string =>
  `${duration(after)}: ${call.map(dutyName).join(", ")}`;

/** The classes in which two policies differ; "failsafe" where that does. */
export function differences(a: Policy, b: Policy): string[] {
  const text = (p: Policy, name: string) => {
    const e = p.escalations[name];
    return JSON.stringify(e && [e.repeat_s, e.steps.map((s) => [s.after_s, s.call])]);
  };
  const differ = classes.filter((name) => text(a, name) !== text(b, name));
  return a.failsafe.join() === b.failsafe.join() ? differ : [...differ, "failsafe"];
}

/**
 * The moment at which a wall clock in a zone shows a date and time as an input writes it, "2026-11-28T19:00". Of an hour
 * that is repeated at the end of summer it is the first; of one that is left out, the time after it.
 */
export function instantIn(zone: string, local: string): Date | null {
  const wall = Date.parse(`${local}Z`);
  if (Number.isNaN(wall)) return null;
  // The offset before and behind any change of clocks of that day.
  const [before, behind] = [wall - 86_400_000, wall + 86_400_000].map((at) => offsetAt(zone, at));
  for (const offset of [before, behind]) {
    if (offset !== undefined && offsetAt(zone, wall - offset) === offset) return new Date(wall - offset);
  }
  return new Date(wall - (before ?? 0));
}

/** How far a zone's wall clock is ahead of UTC, ms. */
function offsetAt(zone: string, at: number): number {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).formatToParts(new Date(at));
  const part = (type: string) => parts.find((p) => p.type === type)?.value ?? "00";
  const shown = `${part("year")}-${part("month")}-${part("day")}T${part("hour")}:${part("minute")}Z`;
  return Date.parse(shown) - Math.floor(at / 60_000) * 60_000;
}
