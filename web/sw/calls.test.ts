import { expect, test, vi } from "vitest";
import { open, read, show, type World } from "./calls";

const data = (value: unknown) => ({ json: () => value });

test("a push says what it says, and where it leads", () => {
  expect(read(data({ id: "1W0cLxY2", text: "HIGH alarm. Open Vigil." }))).toEqual({
    id: "1W0cLxY2",
    text: "HIGH alarm. Open Vigil.",
  });
  expect(read(data({ text: "This is a test." }))).toEqual({ text: "This is a test." });
});

test("what cannot be read is a call all the same, and an id that is none leads nowhere", () => {
  const broken = {
    json: () => {
      throw new SyntaxError("not JSON");
    },
  };
  for (const push of [null, broken, data(null), data({}), data({ text: 7 }), data({ text: "" })]) {
    expect(read(push)).toEqual({ text: "An alarm. Open Vigil." });
  }
  expect(read(data({ id: "../unit/icu", text: "x" }))).toEqual({ text: "x" });
});

/** A worker's world with windows at these addresses. */
function world(...urls: string[]) {
  const windows = urls.map((url) => {
    const w = { url, navigate: vi.fn(async () => w), focus: vi.fn(async () => w) };
    return w;
  });
  const openWindow = vi.fn(async () => null);
  const showNotification = vi.fn(async () => undefined);
  const it = {
    registration: { showNotification },
    clients: { matchAll: async () => windows, openWindow },
  } as unknown as World;
  return { it, windows, openWindow, showNotification };
}

test("a call stays until somebody looks, a test does not", async () => {
  const w = world();
  await show(w.it, { id: "a", text: "HIGH alarm, Cardiology. Open Vigil." });
  await show(w.it, { text: "This is a test." });
  expect(w.showNotification.mock.calls).toMatchObject([
    [
      "Vigil",
      { body: "HIGH alarm, Cardiology. Open Vigil.", tag: "a", renotify: true, requireInteraction: true },
    ],
    ["Vigil", { body: "This is a test.", tag: "test", requireInteraction: false }],
  ]);
});

test("a tap opens the alarm, and never takes a ward's window for it", async () => {
  const w = world("https://vigil.test/unit/icu", "https://vigil.test/");
  await open(w.it, "a");
  expect(w.openWindow).toHaveBeenCalledWith("/notice/a");
  for (const other of w.windows) {
    expect(other.navigate).not.toHaveBeenCalled();
    expect(other.focus).not.toHaveBeenCalled();
  }
});

test("a window that shows another call is used again, one that shows this is left as it is", async () => {
  const w = world("https://vigil.test/unit/icu", "https://vigil.test/notice/old");
  await open(w.it, "new");
  expect(w.windows[1]?.navigate).toHaveBeenCalledWith("/notice/new");
  expect(w.windows[1]?.focus).toHaveBeenCalled();
  const stranger = world("https://vigil.test/notice/old");
  stranger.windows[0]?.navigate.mockRejectedValue(new TypeError("not controlled"));
  await open(stranger.it, "new");
  expect(stranger.openWindow).toHaveBeenCalledWith("/notice/new");
  const same = world("https://vigil.test/notice/a");
  await open(same.it, "a");
  expect(same.windows[0]?.navigate).not.toHaveBeenCalled();
  expect(same.windows[0]?.focus).toHaveBeenCalled();
  const test = world();
  await open(test.it, null);
  expect(test.openWindow).toHaveBeenCalledWith("/people");
});
