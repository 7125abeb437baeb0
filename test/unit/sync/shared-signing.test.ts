import { describe, expect, test } from "vitest";
import { createBlockSummer } from "../../../src/delta/block-sums.ts";
import { type ReadAt, type Signature, signBasis, sumHeadFor } from "../../../src/delta/signature.ts";
import { signOnWorker, signTogether } from "../../../src/sync/shared-signing.ts";
import type { SigningOrder } from "../../../src/sync/signing-order.ts";
import type { WorkerPool } from "../../../src/sync/worker-pool.ts";
import { readerOf } from "../../support/delta.ts";
import { randomBytes } from "../../support/random-bytes.ts";

const sums = { name: "xxh128", seed: 77, seedFirst: true } as const;
const basis = randomBytes(20_000_001, 5);
const head = sumHeadFor(basis.length, { blockSize: 0, protocol: 32, digestBytes: 16, phase: "normal" });
if (head === undefined) throw new Error("no head");

/** A pool whose worker does its part when the main thread has paused so many times. */
function poolOf(pauses: number, read: ReadAt = readerOf(basis)): Pick<WorkerPool, "sign"> {
  return {
    sign: async (order: SigningOrder) => {
      for (let i = 0; i < pauses; i++) await immediate();
      return signOnWorker(order, read, () => false);
    },
  };
}

const immediate = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function signed(
  pool: Pick<WorkerPool, "sign">,
  read = readerOf(basis),
  pause = immediate,
): Promise<Signature | number> {
  const what = { basis: 0, head: head as NonNullable<typeof head>, sums };
  return await signTogether(pool, what, read, createBlockSummer(sums), pause);
}

/** What one thread makes. */
function signedAlone(): Signature | number {
  const steps = signBasis(readerOf(basis), head as NonNullable<typeof head>, createBlockSummer(sums));
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

describe("signTogether", () => {
  // Shares of 4 MiB: the worker takes all but the first, some, or none of the five.
  test.each([0, 2, 1000])("a worker that comes after %d pauses", async (pauses) => {
    expect(await signed(poolOf(pauses))).toEqual(signedAlone());
  });

  test("an error of either thread is that of the signature", async () => {
    const failing: ReadAt = () => -5;
    expect(await signed(poolOf(0, failing))).toBe(-5);
    expect(await signed(poolOf(2), failing)).toBe(-5);
  });

  test("a session that ends stops both, the worker first", async () => {
    let isOver = false;
    const pool = poolOf(3);
    const watched = { sign: async (order: SigningOrder) => await pool.sign(order).finally(() => (isOver = true)) };
    const pause = async (): Promise<void> => {
      await immediate();
      throw new Error("over");
    };
    await expect(signed(watched, readerOf(basis), pause)).rejects.toThrow("over");
    expect(isOver).toBe(true);
  });

  test("a worker that could not start is not needed, one that fails with a share is an error", async () => {
    const failure = Promise.reject(new Error("no thread"));
    failure.catch(() => {});
    expect(await signed({ sign: () => failure })).toEqual(signedAlone());
    const lost = async (order: SigningOrder): Promise<number> => {
      Atomics.add(order.numbers, 0, 1);
      throw new Error("gone");
    };
    await expect(signed({ sign: lost })).rejects.toThrow("gone");
  });
});
