// Writes src/lib/api.gen.d.ts from the server's OpenAPI document:
//   npm run api -- path/to/openapi.json
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";

const source = process.argv[2];
if (!source) {
  console.error("usage: npm run api -- path/to/openapi.json");
  process.exit(2);
}
const target = fileURLToPath(new URL("../src/lib/api.gen.d.ts", import.meta.url));
const tree = await openapiTS(pathToFileURL(resolve(source)));
const head = "// Generated from the server's OpenAPI document by `npm run api`. Do not edit.\n\n";
writeFileSync(target, head + astToString(tree));
