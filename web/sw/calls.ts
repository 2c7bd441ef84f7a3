// What the service worker does when somebody is called who does not look at a screen. It knows no patient: a push
// brings a sentence without one, and the id under which the alarm is shown behind the sign-in. It answers no request
// for a page, so no station ever gets a dashboard but the server's.

/** What a push brings, as server/notify/push.go writes it. A test has no id. */
export interface Pushed {
  id?: string;
  text: string;
}

/** The parts of the worker's world that are used here; its tests have a small one. */
export interface World {
  registration: Pick<ServiceWorkerRegistration, "showNotification">;
  clients: {
    matchAll(options: { type: "window"; includeUncontrolled: true }): Promise<readonly Window[]>;
    openWindow(url: string): Promise<unknown>;
  };
}

type Window = Pick<WindowClient, "url" | "navigate" | "focus">;

/** A push that cannot be read is a call all the same: the browser would take the right to push from one that shows nothing. */
export function read(data: { json(): unknown } | null): Pushed {
  try {
    const { id, text } = data?.json() as Record<string, unknown>;
    if (typeof text === "string" && text !== "") {
      return typeof id === "string" && /^[\w-]{1,64}$/.test(id) ? { id, text } : { text };
    }
  } catch {
    // Shown as what it is: somebody calls.
  }
  return { text: "An alarm. Open Vigil." };
}

/** A repeat takes the place of the first, and rings again. */
export function show(world: World, call: Pushed): Promise<void> {
  const options: NotificationOptions & { renotify: boolean } = {
    body: call.text,
    tag: call.id ?? "test",
    renotify: true,
    requireInteraction: call.id !== undefined,
    data: call.id ?? null,
  };
  return world.registration.showNotification("Vigil", options);
}

/** Where a call leads. */
export const pathOf = (id: unknown): string => (typeof id === "string" ? `/notice/${id}` : "/people");

/** Opens what was called for. A window that shows another call may be used for it; a ward that is being watched never is. */
export async function open(world: World, id: unknown): Promise<void> {
  const path = pathOf(id);
  const windows = await world.clients.matchAll({ type: "window", includeUncontrolled: true });
  const free = windows.find((w) => /^\/(notice\/|people$)/.test(new URL(w.url).pathname));
  if (!free) {
    await world.clients.openWindow(path);
    return;
  }
  try {
    const there = new URL(free.url).pathname === path ? free : await free.navigate(path);
    await (there ?? free).focus();
  } catch {
    await world.clients.openWindow(path); // it was opened before this worker was there, and does not follow it
  }
}
