import { describe, expect, test } from "vitest";
import { pieceBytes, Throttle } from "../../../src/sync/throttle.ts";

describe("Throttle", () => {
  test("lets short debts pass and sleeps for long ones", () => {
    let now = 1000;
    const throttle = new Throttle(10_000, () => now);
    expect(throttle.sent(500)).toBe(0);
    expect(throttle.sent(500)).toBeCloseTo(100);
    now += 100;
    expect(throttle.sent(2000)).toBeCloseTo(200);
  });

  test("keeps the rate on average, however late it is woken", () => {
    let now = 0;
    const throttle = new Throttle(100_000, () => now);
    for (let piece = 0; piece < 100; piece++) now += throttle.sent(10_000) * 1.01;
    expect(now).toBeGreaterThan(9800);
    expect(now).toBeLessThan(10_200);
  });

  test("does not make up for idle time", () => {
    let now = 0;
    const throttle = new Throttle(1000, () => now);
    throttle.sent(1);
    now = 60_000;
    expect(throttle.sent(1000)).toBeGreaterThan(800);
  });
});

test.each([
  [1024, 1024],
  [102_400, 10_240],
  [1 << 30, 131_072],
])("pieceBytes of %i a second: %i", (rate, bytes) => {
  expect(pieceBytes(rate)).toBe(bytes);
});
