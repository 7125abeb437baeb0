/** Memory regions and hash states of the kernels. */
import { describe, expect, test } from "vitest";
import { loadKernels } from "../../../../src/delta/kernels/kernels.ts";
import { TsyncError } from "../../../../src/errors.ts";

describe("loadKernels", () => {
  test("gives views of one memory that do not overlap", () => {
    const { buffer, extra, input, inputAddress, output, outputAddress } = loadKernels(100_000);
    expect(input.buffer).toBe(buffer);
    expect(output.buffer).toBe(buffer);
    expect(extra.buffer).toBe(buffer);
    expect(extra).toHaveLength(100_000);
    expect(extra.byteOffset).toBeGreaterThan(inputAddress + input.length);
    expect(input.byteOffset).toBe(inputAddress);
    expect(output.byteOffset).toBe(outputAddress);
    expect(input.length).toBe(256 * 1024);
    expect(outputAddress + output.length).toBeLessThanOrEqual(inputAddress);
  });

  test("hands out distinct states below the regions, and refuses when all are in use", () => {
    const kernels = loadKernels();
    const states = Array.from({ length: 64 }, () => kernels.takeState());
    expect(new Set(states).size).toBe(64);
    expect(Math.min(...states)).toBeGreaterThanOrEqual(64 * 1024);
    expect(Math.max(...states) + 1024).toBeLessThanOrEqual(kernels.outputAddress);
    expect(() => kernels.takeState()).toThrow(TsyncError);
    kernels.releaseState(states[0] ?? 0);
    expect(kernels.takeState()).toBe(states[0]);
  });

  test("gives each caller its own instance", () => {
    expect(loadKernels().buffer).not.toBe(loadKernels().buffer);
  });
});
