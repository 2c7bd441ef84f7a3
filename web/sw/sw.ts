import { open, read, show } from "./calls";

declare const self: ServiceWorkerGlobalScope;

// A new version counts at once: a call must not wait until every window of the old one is closed.
self.addEventListener("install", () => void self.skipWaiting());

self.addEventListener("push", (ev) => ev.waitUntil(show(self, read(ev.data))));

self.addEventListener("notificationclick", (ev) => {
  ev.notification.close();
  ev.waitUntil(open(self, ev.notification.data));
});
