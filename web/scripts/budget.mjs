// Refuses a build whose JavaScript is larger than the budget, so that the dashboard opens
// quickly on the thin clients of a ward. Also puts dist/.gitkeep back, which the build removes.
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const budget = 120 * 1000;
const dist = fileURLToPath(new URL("../dist", import.meta.url));

function files(dir) {
  return readdirSync(dir).flatMap((name) => {
    const path = join(dir, name);
    return statSync(path).isDirectory() ? files(path) : [path];
  });
}

writeFileSync(join(dist, ".gitkeep"), "");

const scripts = files(dist).filter((path) => path.endsWith(".js"));
const total = scripts.reduce((sum, path) => sum + gzipSync(readFileSync(path), { level: 9 }).length, 0);
const kB = (n) => (n / 1000).toFixed(1);
console.log(`JavaScript: ${kB(total)} kB gzipped in ${scripts.length} files (budget ${kB(budget)} kB)`);

const html = readFileSync(join(dist, "index.html"), "utf8");
if (/<script(?![^>]*\bsrc=)/.test(html) || /<style|\sstyle=/.test(html)) {
  console.error("index.html holds an inline script or style, which the content security policy blocks");
  process.exit(1);
}
if (total > budget) {
  console.error("over budget");
  process.exit(1);
}
