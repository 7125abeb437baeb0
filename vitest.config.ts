import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "fast",
          include: ["test/unit/**/*.test.ts", "test/property/**/*.test.ts", "test/golden/**/*.test.ts"],
          // A machine that is busy with something else must not turn a test red.
          testTimeout: 60_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        // These run programs, mount drives and measure time: after the others and one file at a time.
        test: {
          name: "real",
          include: ["test/interop/**/*.test.ts", "test/system/**/*.test.ts", "test/hostile/**/*.test.ts"],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
