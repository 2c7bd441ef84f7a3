// What the page about people asks the server.
import { request } from "./api";
import type { Alarm } from "./protocol";
import type { Contacts, Duty, Notice, Offer, Plan, Policies, Policy, Roster } from "./people";

const at = (...parts: string[]) => `/${parts.map(encodeURIComponent).join("/")}`;

export const roster = (unit: string) => request<Roster>("GET", at("units", unit, "roster"));

export async function putOn(
  unit: string,
  post: { patient?: string; duty: Duty; staff?: string; from?: string },
): Promise<void> {
  await request("POST", at("units", unit, "posts"), post);
}

export async function offers(): Promise<Offer[]> {
  return (await request<{ offers: Offer[] }>("GET", "/offers")).offers;
}

export const accept = (alarm: string) => request<void>("POST", at("alarms", alarm, "accept"));

export const policies = (unit: string) => request<Policies>("GET", at("units", unit, "escalation"));

export const propose = (unit: string, policy: Policy, reason: string) =>
  request("PUT", at("units", unit, "escalation"), { policy, reason });

export const approve = (unit: string, version: number) =>
  request<void>("POST", at("units", unit, "escalation", String(version), "approve"));

export const wouldBeCalled = (patient: string, type: string, priority: string) =>
  request<Plan>("GET", `${at("patients", patient, "calls")}?type=${type}&priority=${priority}`);

export const contacts = () => request<Contacts>("GET", "/me/contacts");

export const addContact = (contact: { channel: string; address: string; key?: string; auth?: string }) =>
  request<Contacts["contacts"][number]>("POST", "/me/contacts", contact);

export const removeContact = (id: string) => request<void>("DELETE", at("me", "contacts", id));

export const testContact = (id: string) => request<void>("POST", at("me", "contacts", id, "test"));

export const notice = (id: string) => request<Notice>("GET", at("notices", id));

export const receipt = (id: string, receipt: "seen" | "declined") =>
  request<void>("POST", at("notices", id, "receipts"), { receipt });

/** Takes the alarm as it was on the screen; a refusal is an ApiError whose sentence says why. */
export const acknowledge = (alarm: Alarm) =>
  request("POST", at("alarms", alarm.id, "ack"), {
    cmd_id: crypto.randomUUID(),
    seen_version: alarm.version,
    seen_priority: alarm.priority,
  });
