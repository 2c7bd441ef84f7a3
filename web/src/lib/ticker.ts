/** Calls fn five times per second, also while the page is hidden; the returned function stops it. */
export function startTicker(fn: () => void): () => void {
  const worker = new Worker(new URL("./ticker.worker.ts", import.meta.url), { type: "module" });
  worker.onmessage = fn;
  return () => worker.terminate();
}
