import type { paths } from "./api.gen";
import type { Alarm } from "./protocol";

type Ok<Op> = Op extends { responses: { 200: { content: { "application/json": infer Body } } } }
  ? Body
  : never;
type Item<List> = NonNullable<List> extends (infer One)[] ? One : never;

export type Staff = Ok<paths["/api/v1/me"]["get"]>["staff"];
export type Unit = Item<Staff["units"]>;
export type Patient = Item<Ok<paths["/api/v1/patients"]["get"]>["patients"]>;

/** The socket's alarm and REST's are one shape: this line fails to compile when they drift apart. */
type RestAlarm = Item<Ok<paths["/api/v1/alarms"]["get"]>["alarms"]>;
export const sameAlarm: Exclude<keyof Alarm, keyof RestAlarm> extends never ? true : never = true;

/** A refused request: status 0 means that the server was not reached. */
export class ApiError extends Error {
  override name = "ApiError";

  constructor(
    readonly status: number,
    message: string,
    /** When the server wants to be asked again, s. */
    readonly retryAfter: number | null = null,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export async function request<T>(
  method: "GET" | "POST" | "PUT" | "DELETE",
  path: string,
  body?: unknown,
): Promise<T> {
  const init: RequestInit = { method, credentials: "same-origin", cache: "no-store" };
  if (body !== undefined) {
    init.headers = { "Content-Type": "application/json" };
    init.body = JSON.stringify(body);
  }
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, init);
  } catch (cause) {
    throw new ApiError(0, "The server cannot be reached.", null, { cause });
  }
  if (!response.ok) {
    const seconds = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
    const retryAfter = Number.isNaN(seconds) ? null : seconds;
    throw new ApiError(response.status, await problem(response), retryAfter);
  }
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** The sentence of an RFC 9457 problem, for people. */
async function problem(response: Response): Promise<string> {
  try {
    const body = (await response.json()) as { detail?: string; title?: string };
    return body.detail || body.title || response.statusText;
  } catch {
    return response.statusText || `The server answered ${response.status}.`;
  }
}

export async function login(user: string, password: string): Promise<Staff> {
  type Body = Ok<paths["/api/v1/login"]["post"]>;
  return (await request<Body>("POST", "/login", { user, password })).staff;
}

/** The signed-in person, or null where nobody is. */
export async function me(): Promise<Staff | null> {
  try {
    return (await request<Ok<paths["/api/v1/me"]["get"]>>("GET", "/me")).staff;
  } catch (err) {
    if (err instanceof ApiError && err.status === 401) return null;
    throw err;
  }
}

export async function logout(): Promise<void> {
  await request<void>("POST", "/logout");
}

export async function patients(unit: string): Promise<Patient[]> {
  type Body = Ok<paths["/api/v1/patients"]["get"]>;
  return (await request<Body>("GET", `/patients?unit=${encodeURIComponent(unit)}`)).patients ?? [];
}

export async function closedAlarms(unit: string): Promise<Alarm[]> {
  const query = `unit=${encodeURIComponent(unit)}&state=closed&limit=200`;
  return (await request<{ alarms: Alarm[] | null }>("GET", `/alarms?${query}`)).alarms ?? [];
}

/** What alarms can be about, and what may be decided about each. */
export type Condition = Item<Ok<paths["/api/v1/conditions"]["get"]>["conditions"]>;
export type Limits = Ok<paths["/api/v1/patients/{id}/limits"]["get"]>;
export type Verdict = Ok<paths["/api/v1/patients/{id}/limits/simulate"]["post"]>;

export async function conditions(): Promise<Condition[]> {
  return (await request<Ok<paths["/api/v1/conditions"]["get"]>>("GET", "/conditions")).conditions;
}

export function limits(patient: string): Promise<Limits> {
  return request<Limits>("GET", `/patients/${encodeURIComponent(patient)}/limits`);
}

/** What other limits would have told of the last hours. */
export function simulate(patient: string, changes: Record<string, number>, hours: number): Promise<Verdict> {
  return request<Verdict>("POST", `/patients/${encodeURIComponent(patient)}/limits/simulate`, {
    changes,
    hours,
  });
}

export type Device = Item<Ok<paths["/api/v1/devices"]["get"]>["devices"]>;
export type Hub = Item<Ok<paths["/api/v1/hubs"]["get"]>["hubs"]>;
export type HubDetail = Ok<paths["/api/v1/hubs/{id}"]["get"]>;
export type Campaign = Item<Ok<paths["/api/v1/campaigns"]["get"]>["campaigns"]>;
export type Command = HubDetail["commands"][number]["what"];

/** Who may look after devices and hubs. */
export function managesDevices(who: Staff): boolean {
  return who.role === "technician" || who.role === "admin";
}

export async function devices(): Promise<Device[]> {
  return (await request<Ok<paths["/api/v1/devices"]["get"]>>("GET", "/devices")).devices;
}

export async function hubs(): Promise<Hub[]> {
  return (await request<Ok<paths["/api/v1/hubs"]["get"]>>("GET", "/hubs")).hubs;
}

export function hubDetail(id: string): Promise<HubDetail> {
  return request<HubDetail>("GET", `/hubs/${encodeURIComponent(id)}`);
}

export async function commandHub(id: string, what: Command): Promise<void> {
  await request("POST", `/hubs/${encodeURIComponent(id)}/commands`, { what });
}

export async function campaigns(): Promise<Campaign[]> {
  return (await request<Ok<paths["/api/v1/campaigns"]["get"]>>("GET", "/campaigns")).campaigns;
}
