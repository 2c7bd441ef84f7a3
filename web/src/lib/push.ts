// Whether this browser can be called, and how it is asked to let itself be.

/** What keeps this browser from being called, in words; null where nothing does. */
export function obstacle(pushKey: string): string | null {
  if (!pushKey) return "This installation is not set up to call browsers.";
  if (!window.isSecureContext) return "A browser can be called only where Vigil is reached by https.";
  if (!("serviceWorker" in navigator) || !("PushManager" in window) || !("Notification" in window)) {
    return "This browser cannot be called. On an iPhone, add Vigil to the home screen first.";
  }
  if (Notification.permission === "denied") {
    return "Notifications of Vigil are blocked in this browser. Allow them in its settings.";
  }
  return null;
}

const worker = "/sw.js";

/** The subscription that this browser has, as the server knows it by its address. */
export async function subscription(): Promise<PushSubscription | null> {
  const registration = await navigator.serviceWorker?.getRegistration(worker);
  return (await registration?.pushManager.getSubscription()) ?? null;
}

/** Asks the person and the browser's push service. One that was made for another server's key is made anew. */
export async function subscribe(pushKey: string): Promise<{ address: string; key: string; auth: string }> {
  if ((await Notification.requestPermission()) !== "granted") {
    throw new Error("You have not allowed Vigil to notify you on this device.");
  }
  await navigator.serviceWorker.register(worker);
  const { pushManager } = await navigator.serviceWorker.ready;
  const applicationServerKey = decode(pushKey);
  const before = await pushManager.getSubscription();
  if (before && !same(before.options.applicationServerKey, applicationServerKey)) await before.unsubscribe();
  const made = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey });
  const { endpoint, keys } = made.toJSON();
  if (!endpoint || !keys?.p256dh || !keys.auth)
    throw new Error("The browser gave no keys for its subscription.");
  return { address: endpoint, key: keys.p256dh, auth: keys.auth };
}

export async function unsubscribe(): Promise<void> {
  await (await subscription())?.unsubscribe();
}

/** Base64 as addresses have it, in bytes. */
export function decode(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (c) => c.charCodeAt(0));
}

function same(a: ArrayBuffer | null, b: Uint8Array): boolean {
  const bytes = new Uint8Array(a ?? new ArrayBuffer(0));
  return bytes.length === b.length && bytes.every((x, i) => x === b[i]);
}
