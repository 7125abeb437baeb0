import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const module = fileURLToPath(new URL("../../../src/sync/worker-pool.ts", import.meta.url));

describe("WorkerPool", () => {
  it("can be closed at any moment of a worker's start", () => {
    // koffi ended the process when its thread was terminated while it loaded: one round in a hundred.
    const script = `
      import { setTimeout } from "node:timers/promises";
      const { WorkerPool } = await import(${JSON.stringify(module)});
      for (let round = 0; round < 40; round++) {
        const pool = new WorkerPool("koffi");
        pool.warm("scan");
        await setTimeout(round * 2);
        await pool.close();
      }
      console.log("done");`;
    const args = ["--experimental-strip-types", "--no-warnings", "--input-type=module", "--eval", script];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "done\n", stderr: "" });
  }, 60_000);
});
