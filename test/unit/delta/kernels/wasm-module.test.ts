/** The committed WebAssembly module is what the sources in kernels/ compile to. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../../..", import.meta.url));

test("wasm-module.generated.ts is up to date", { timeout: 60_000 }, () => {
  const check = spawnSync(process.execPath, [`${root}scripts/build-kernels.mjs`, "--check"], { encoding: "utf8" });
  expect(check.stderr).toBe("");
  expect(check.status).toBe(0);
});
