import { describe, expect, it } from "vitest";
import { TreeEstimate } from "../../../src/sync/tree-estimate.ts";

/** Lists of a tree whose directories hold `fan[depth]` directories, and 100 files where there are none; depth first. */
function* listsOf(fan: readonly number[]): Generator<readonly [entries: number, directories: number]> {
  const [directories = 0, ...below] = fan;
  yield directories === 0 ? [100, 0] : [directories, directories];
  for (let index = 0; index < directories; index++) yield* listsOf(below);
}

describe("TreeEstimate", () => {
  it.each([
    ["one level", [50], 5050],
    ["two levels", [10, 10], 10_110],
    ["as in the benchmark", [10, 10, 1], 10_210],
  ])("comes close after a twentieth of an even tree: %s", (_, fan, total) => {
    const estimate = new TreeEstimate();
    let scanned = 0;
    for (const [entries, directories] of listsOf(fan)) {
      estimate.listed(entries, directories);
      scanned += entries;
      if (scanned > total / 20) break;
    }
    expect((estimate.total ?? 0) / total).toBeGreaterThan(0.9);
    expect((estimate.total ?? 0) / total).toBeLessThan(1.5);
  });

  it("says nothing until there is something to go by, and the truth at the end", () => {
    const estimate = new TreeEstimate();
    estimate.listed(1000, 40);
    estimate.listed(5, 0);
    estimate.listed(5, 0);
    expect(estimate.total).toBeUndefined();
    estimate.listed(5, 0);
    expect(estimate.total).toBeCloseTo(1015 / (3 / 40));
    for (let index = 3; index < 40; index++) estimate.listed(5, 0);
    expect(estimate.total).toBeCloseTo(1200);
  });

  it("makes nothing of a scan that began elsewhere", () => {
    const estimate = new TreeEstimate();
    estimate.listed(1, 1);
    for (let index = 0; index < 20; index++) estimate.listed(10, 0);
    expect(estimate.total).toBe(201);
  });
});
