import { describe, expect, test } from "vitest";
import { byteName } from "../../../src/bytes/byte-name.ts";
import { Random } from "../../support/random.ts";
import { planScenario } from "../../support/scenario.ts";

describe("Random", () => {
  test("repeats itself for the same label and seed only", () => {
    const draw = (label: string, seed: number): number[] => {
      const random = new Random(label, seed);
      return [random.next(), random.next(), random.next()];
    };
    expect(draw("a", 1)).toEqual(draw("a", 1));
    expect(draw("a", 1)).not.toEqual(draw("a", 2));
    expect(draw("a", 1)).not.toEqual(draw("b", 1));
  });

  test("stays in range and reaches both ends", () => {
    const random = new Random("range", 1);
    const drawn = Array.from({ length: 500 }, () => random.between(3, 6));
    expect([...new Set(drawn)].sort()).toEqual([3, 4, 5, 6]);
  });

  test("weighs its choices", () => {
    const random = new Random("weights", 1);
    const drawn = Array.from({ length: 1000 }, () =>
      random.weighted([
        [9, "often"],
        [1, "seldom"],
        [0, "never"],
      ]),
    );
    const count = (word: string): number => drawn.filter((one) => one === word).length;
    expect(count("never")).toBe(0);
    expect(count("seldom")).toBeGreaterThan(50);
    expect(count("seldom")).toBeLessThan(200);
  });
});

describe("planScenario", () => {
  test("gives the same case for the same seed", () => {
    const plan = (): unknown => planScenario(42, "root", byteName("/case"));
    expect(plan()).toEqual(plan());
  });
});
