import { RANK, isOpen } from "./alarms";
import type { Alarm, Priority } from "./protocol";

/** More new alarms than these within the time are a flood; ISA-18.2, by secondary sources. */
const FLOOD_ABOVE = 10;
const FLOOD_WITHIN = 600_000;

/** What a patient contributes to a flood. */
export interface Share {
  patient: string;
  raised: number;
  open: number;
  /** Of the most urgent that is still open; of all, where none is. */
  priority: Priority;
}

export interface Flood {
  raised: number;
  /** Those with the most first. */
  shares: Share[];
}

/** Whether it came as news of its own: HIGH is never part of a flood, nor what another alarm explains or continues. */
function counts(a: Alarm, now: number): boolean {
  const news = (a.priority === "medium" || a.priority === "low") && !a.suppressed_by && !a.previous;
  return news && now - Date.parse(a.raised) <= FLOOD_WITHIN;
}

/** The new alarms of MEDIUM and LOW priority by patient, where they are too many to be read one by one. */
export function floodOf(alarms: Iterable<Alarm>, now: number): Flood | null {
  const of = new Map<string, Alarm[]>();
  let raised = 0;
  for (const a of alarms) {
    if (!counts(a, now)) continue;
    raised++;
    of.set(a.patient, [...(of.get(a.patient) ?? []), a]);
  }
  if (raised <= FLOOD_ABOVE) return null;
  const shares = [...of].map(([patient, all]) => share(patient, all));
  shares.sort((a, b) => b.raised - a.raised || (a.patient < b.patient ? -1 : 1));
  return { raised, shares };
}

function share(patient: string, all: Alarm[]): Share {
  const open = all.filter(isOpen);
  const of = open.length > 0 ? open : all;
  const priority = of.some((a) => RANK[a.priority] === RANK.medium) ? "medium" : "low";
  return { patient, raised: all.length, open: open.length, priority };
}
