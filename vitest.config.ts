import { defineConfig } from "vitest/config";

/** Comparisons that use both processors by themselves. */
const differential = "test/interop/differential*.test.ts";
/** Tests that mostly wait, or whose moments need not be met. */
const patient = ["test/hostile/kill.test.ts", "test/system/limits.test.ts", "test/system/ssh*.test.ts"];

/**
 * What processes do at the same time, rsync's among them, and what a busy machine makes of it, differs from run to run: one failure is
 * tried again, and told of by `npm test`.
 */
const retry = 1;

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
        // These run rsync and tsync one after the other in folders of their own.
        test: {
          name: "interop",
          include: ["test/interop/**/*.test.ts", ...patient],
          exclude: [differential],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          maxWorkers: 2,
          retry,
          sequence: { groupOrder: 1 },
        },
      },
      {
        // These mount drives, send signals at moments and measure time: after the others and one file at a time.
        test: {
          name: "real",
          include: [differential, "test/system/**/*.test.ts", "test/hostile/**/*.test.ts"],
          exclude: patient,
          testTimeout: 600_000,
          hookTimeout: 600_000,
          fileParallelism: false,
          retry,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
