import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

// The server that `npm run dev` passes requests on to.
const server = process.env.VIGIL_SERVER ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: "es2022",
    // The content security policy forbids data: scripts, and inlined assets are never cached.
    assetsInlineLimit: 0,
    // dist/.gitkeep is committed so that `go build` works without a built dashboard.
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    rollupOptions: {
      input: { main: "index.html", sw: "sw/sw.ts" },
      // A service worker keeps its address: it is what the browser asks for again.
      output: {
        entryFileNames: ({ name }) => (name === "sw" ? "sw.js" : "assets/[name]-[hash].js"),
      },
    },
  },
  worker: { format: "es" },
  server: {
    proxy: {
      "/api": server,
      "/ws": { target: server, ws: true },
    },
  },
  test: {
    include: ["src/**/*.test.ts", "sw/**/*.test.ts"],
    environment: "node",
  },
});
