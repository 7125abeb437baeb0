import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { limits } from "../../../src/limits.ts";
import { claimBatch, offerBatch, WorkerPool } from "../../../src/sync/worker-pool.ts";

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

  it("takes back a batch that the worker has not begun, and no other", async () => {
    const pool = new WorkerPool("koffi", { munges: false } as never);
    try {
      // Nothing of these can be made: what matters is whose they are.
      const first = pool.receive([]);
      const second = pool.receive([]);
      expect(pool.batchesUnderWay).toBe(2);
      // The worker has not come to its event loop yet.
      expect(pool.takeBack(second.batch)).toBe(true);
      expect(pool.takeBack(second.batch)).toBe(false);
      expect(await first.results).toEqual([]);
      expect(pool.takeBack(first.batch)).toBe(false);
      expect(await second.results).toBeUndefined();
      expect(pool.batchesUnderWay).toBe(0);
    } finally {
      await pool.close();
    }
  });

  it("gives a batch to one thread only", () => {
    const control = new Int32Array(new SharedArrayBuffer(256));
    for (const batch of [3, 4]) offerBatch(control, batch);
    expect([claimBatch(control, 3), claimBatch(control, 3), claimBatch(control, 4)]).toEqual([true, false, true]);
    // A later one that has its place is not taken for it.
    const later = 3 + limits.batchesUnseen;
    offerBatch(control, later);
    expect([claimBatch(control, 3), claimBatch(control, later)]).toEqual([false, true]);
  });
});
