/** Summary and statistics as rsync 3.5.0 printed them for a small tree. */
import { describe, expect, test } from "vitest";
import { logTotals, statisticsLines, summaryLines } from "../../../src/text/summary.ts";
import { summaryOf } from "./samples.ts";

const style = (level: number): { level: number; decimalComma: boolean } => ({ level, decimalComma: false });

describe("summaryLines", () => {
  test.each([
    [1, "sent 340,362 bytes  received 87 bytes  680,898.00 bytes/sec", "total size is 340,005  speedup is 1.00"],
    [0, "sent 340362 bytes  received 87 bytes  680898.00 bytes/sec", "total size is 340005  speedup is 1.00"],
    [2, "sent 340.36K bytes  received 87 bytes  680.90K bytes/sec", "total size is 340.00K  speedup is 1.00"],
    [3, "sent 332.38K bytes  received 87 bytes  664.94K bytes/sec", "total size is 332.04K  speedup is 1.00"],
  ])("at level %d", (level, sent, total) => {
    expect(summaryLines(summaryOf(), style(level))).toEqual([sent, total]);
  });

  test("counts whole seconds and marks a dry run", () => {
    const summary = summaryOf({ bytesSent: 162, bytesReceived: 59, elapsedSeconds: 0.9, dryRun: true });
    expect(summaryLines(summary, style(1))).toEqual([
      "sent 162 bytes  received 59 bytes  442.00 bytes/sec",
      "total size is 340,005  speedup is 1,538.48 (DRY RUN)",
    ]);
    expect(summaryLines({ ...summary, elapsedSeconds: 2.7 }, style(1))[0]).toContain("  88.40 bytes/sec");
  });

  test("has no speed-up of nothing", () => {
    expect(summaryLines(summaryOf({ bytesSent: 0, bytesReceived: 0 }), style(1))[1]).toContain("speedup is 0.00");
  });
});

describe("statisticsLines", () => {
  test("of a first copy", () => {
    expect(statisticsLines(summaryOf(), style(1), true).join("\n")).toBe(`Number of files: 6 (reg: 3, dir: 2, link: 1)
Number of created files: 6 (reg: 3, dir: 2, link: 1)
Number of deleted files: 0
Number of regular files transferred: 3
Total file size: 340,005 bytes
Total transferred file size: 340,004 bytes
Literal data: 340,004 bytes
Matched data: 0 bytes
File list size: 0
File list generation time: 0.001 seconds
File list transfer time: 0.000 seconds
Total bytes sent: 340,362
Total bytes received: 87`);
  });

  test.each([
    [28, false, false],
    [29, true, false],
    [30, true, false],
    [31, true, true],
  ])("at protocol %i", (protocol, created, deleted) => {
    const text = statisticsLines(summaryOf({ protocol, listBytes: 1234 }), style(1), true).join("\n");
    expect(text.includes("created files")).toBe(created);
    expect(text.includes("deleted files")).toBe(deleted);
    expect(text).toContain("File list size: 1,234\n");
  });

  test("with units only for bytes, and every kind", () => {
    const kinds = { regular: 1234, directories: 2, links: 1, devices: 1, specials: 5 };
    const lines = statisticsLines(
      summaryOf({ files: kinds, transferredFiles: 1234, listBuildSeconds: 0 }),
      style(2),
      true,
    );
    expect(lines[0]).toBe("Number of files: 1,243 (reg: 1,234, dir: 2, link: 1, dev: 1, special: 5)");
    expect(lines[3]).toBe("Number of regular files transferred: 1,234");
    expect(lines[4]).toBe("Total file size: 340.00K bytes");
    expect(lines.some((line) => line.startsWith("File list generation"))).toBe(false);
  });
});

test("logTotals uses plain digits", () => {
  expect(logTotals(summaryOf())).toBe("sent 340362 bytes  received 87 bytes  total size 340005");
});
