/** Progress lines of rsync 3.5.0, captured with `cat -A`, from the same byte counts at the same moments. */
import { describe, expect, test } from "vitest";
import { byteName } from "../../../src/bytes/byte-name.ts";
import type { PhaseEvent, ProgressEvent } from "../../../src/sync/events.ts";
import { Progress } from "../../../src/text/progress.ts";

const style = { level: 1, decimalComma: false };

/** A progress with a clock that the test moves. */
function at(level: number): { progress: Progress; time: { now: number } } {
  const time = { now: 5000 };
  return { progress: new Progress(level, style, () => time.now), time };
}

function update(done: number, total: number, runDone = done, runTotal = total): ProgressEvent {
  return {
    type: "progress",
    path: byteName("f"),
    done,
    total,
    finished: false,
    runDone,
    runTotal,
    transferIndex: 0,
    leftToCheck: 0,
    listedCount: 0,
    listComplete: true,
  };
}

function finished(
  event: ProgressEvent,
  transferIndex: number,
  leftToCheck: number,
  listedCount: number,
): ProgressEvent {
  return { ...event, finished: true, transferIndex, leftToCheck, listedCount };
}

function phase(runDone: number, runTotal: number, transferCount: number, parts: Partial<PhaseEvent> = {}): PhaseEvent {
  return {
    type: "phase",
    runDone,
    runTotal,
    transferCount,
    leftToCheck: 0,
    listedCount: 6,
    listComplete: true,
    last: false,
    isShown: false,
    ...parts,
  };
}

describe("Progress of each file", () => {
  test("counts the first file from its first report, later ones from the end of the file before", () => {
    const { progress, time } = at(1);
    expect(progress.file(update(32_768, 300_000))).toBe("\r         32,768  10%    0.00kB/s    0:00:00  ");
    expect(progress.file(finished(update(300_000, 300_000), 1, 4, 6))).toBe(
      "\r        300,000 100%  254.85MB/s    0:00:00 (xfr#1, to-chk=4/6)\n",
    );
    expect(progress.file(update(4, 4))).toBe("\r              4 100%    3.91kB/s    0:00:00  ");
    expect(progress.file(finished(update(4, 4), 2, 3, 6))).toBe(
      "\r              4 100%    3.91kB/s    0:00:00 (xfr#2, to-chk=3/6)\n",
    );
    time.now += 1;
    expect(progress.file(update(32_768, 40_000))).toBe("\r         32,768  81%   31.25MB/s    0:00:00  ");
    expect(progress.file(finished(update(40_000, 40_000), 3, 0, 6))).toBe(
      "\r         40,000 100%   38.15MB/s    0:00:00 (xfr#3, to-chk=0/6)\n",
    );
  });

  test("updates once a second, with the rate since the oldest sample and the time that is left", () => {
    const { progress, time } = at(1);
    progress.file(update(32_768, 600_000));
    time.now += 999;
    expect(progress.file(update(150_000, 600_000))).toBeUndefined();
    time.now = 5000 + 1191;
    expect(progress.file(update(229_376, 600_000))).toBe("\r        229,376  38%  161.21kB/s    0:00:02  ");
    time.now = 5000 + 2258;
    expect(progress.file(update(393_216, 600_000))).toBe("\r        393,216  65%  155.89kB/s    0:00:01  ");
    time.now = 5000 + 3324;
    expect(progress.file(update(557_056, 600_000))).toBe("\r        557,056  92%  154.03kB/s    0:00:00  ");
    time.now = 5000 + 3537;
    expect(progress.file(finished(update(600_000, 600_000), 1, 2, 4))).toBe(
      "\r        600,000 100%  156.61kB/s    0:00:03 (xfr#1, to-chk=2/4)\n",
    );
  });

  test("forgets samples older than the last five", () => {
    const { progress, time } = at(1);
    const big = 100 * 1024 * 1024;
    progress.file(update(0, big));
    let line: string | undefined;
    for (let second = 1; second <= 10; second++) {
      time.now = 5000 + second * 1000;
      // Slow for five seconds, then 2 MiB a second.
      line = progress.file(update(second <= 5 ? second : (second - 5) * 2 * 1024 * 1024, big));
    }
    expect(line).toContain("   2.00MB/s");
  });

  test("an empty file has one line, 100 percent", () => {
    const { progress } = at(1);
    expect(progress.file(finished(update(0, 0), 1, 0, 2))).toBe(
      "\r              0 100%    0.00kB/s    0:00:00 (xfr#1, to-chk=0/2)\n",
    );
  });

  test("says ir-chk while the list grows", () => {
    const { progress } = at(1);
    expect(progress.file({ ...finished(update(0, 0), 1, 5, 9), listComplete: false })).toContain(
      " (xfr#1, ir-chk=5/9)\n",
    );
  });

  test("says nothing at the end of a phase", () => {
    expect(at(1).progress.phase(phase(1, 2, 1))).toBeUndefined();
  });
});

describe("Progress of the run", () => {
  test("keeps one line, from the first report to the last phase", () => {
    const { progress } = at(2);
    const total = 340_005;
    expect(progress.file(update(32_768, 300_000, 32_768, total))).toBe(
      "\r         32,768   9%    0.00kB/s    0:00:00  ",
    );
    expect(progress.file(finished(update(300_000, 300_000, 300_000, total), 1, 4, 6))).toBe(
      "\r        300,000  88%  254.85MB/s    0:00:00 (xfr#1, to-chk=4/6)",
    );
    expect(progress.file(update(4, 4, 300_004, total))).toBeUndefined();
    expect(progress.file(finished(update(4, 4, 300_004, total), 2, 3, 6))).toBe(
      "\r        300,004  88%  254.86MB/s    0:00:00 (xfr#2, to-chk=3/6)",
    );
    expect(progress.file(finished(update(40_000, 40_000, 340_004, total), 3, 0, 6))).toBe(
      "\r        340,004  99%  293.00MB/s    0:00:00 (xfr#3, to-chk=0/6)",
    );
    expect(progress.phase(phase(340_004, total, 3, { last: true, isShown: true }))).toBe("\n");
    expect(progress.phase(phase(340_004, total, 3, { last: true }))).toBe(
      "\r        340,004  99%  293.00MB/s    0:00:00 (xfr#3, to-chk=0/6)\n",
    );
  });

  test("a run without a transfer", () => {
    expect(at(2).progress.phase(phase(0, 340_005, 0))).toBe(
      "\r              0   0%    0.00kB/s    0:00:00 (xfr#0, to-chk=0/6)",
    );
    expect(at(2).progress.phase(phase(340_004, 340_005, 3))).toBe(
      "\r        340,004  99%  324.25MB/s    0:00:00 (xfr#3, to-chk=0/6)",
    );
  });

  test("pads the counters over longer ones before", () => {
    const { progress } = at(2);
    progress.file(update(6, 6, 6, 720));
    progress.file(finished(update(6, 6, 126, 720), 20, 100, 122));
    expect(progress.file(finished(update(6, 6, 126, 720), 21, 99, 122))?.endsWith(" (xfr#21, to-chk=99/122) ")).toBe(
      true,
    );
    expect(progress.file(finished(update(6, 6, 132, 720), 22, 98, 122))?.endsWith(" (xfr#22, to-chk=98/122)")).toBe(
      true,
    );
  });
});
