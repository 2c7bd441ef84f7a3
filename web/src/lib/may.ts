import type { Alarm, Op } from "./protocol";

/** Whoever sits at the screen. */
export interface Who {
  id: string;
  role: string;
}

/** A role as people say it. */
export function roleName(role: string): string {
  return { charge: "charge nurse", admin: "administrator" }[role] ?? role;
}

const CARING = ["nurse", "charge", "physician"];
const DECIDING = ["charge", "physician"];

/** Whether the interface offers it; the server decides. Of an alarm, it is said which. */
export function may(who: Who, op: Op, a?: Alarm): boolean {
  switch (op) {
    case "ack":
    case "explain":
      return CARING.includes(who.role) || (who.role === "technician" && a?.type !== "physiological");
    case "unack":
      return DECIDING.includes(who.role) || (who.role === "nurse" && a?.owner === who.id);
    case "ack_low":
      return CARING.includes(who.role) || who.role === "technician";
    case "alarm_off":
    case "alarm_on":
      return DECIDING.includes(who.role);
    default:
      return CARING.includes(who.role);
  }
}

/** The alarms of LOW priority of one patient that this person may take together. */
export function takenTogether(who: Who, patient: string, alarms: Iterable<Alarm>): Alarm[] {
  return [...alarms].filter(
    (a) =>
      a.patient === patient &&
      a.priority === "low" &&
      a.state === "active_unack" &&
      !a.suppressed_by &&
      !a.snooze_until &&
      may(who, "ack", a),
  );
}
