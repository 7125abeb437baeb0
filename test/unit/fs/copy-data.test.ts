import * as fs from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { byteName } from "../../../src/bytes/byte-name.ts";
import { type CopyOptions, DataCopier, type ZeroRun } from "../../../src/fs/copy-data.ts";
import type { Syscalls } from "../../../src/fs/syscalls/interface.ts";
import { limits } from "../../../src/limits.ts";
import { kinds, must, useFixture } from "./syscalls/back-ends.ts";

/** `over`: the target may hold data, and zeros at its end are made a hole, or left to the caller. */
interface TestOptions extends Omit<CopyOptions, "existing"> {
  readonly over?: "settled" | "open";
}

const KiB = 1024;
const MiB = 1024 * KiB;

describe.each(kinds)("DataCopier over %s", (kind) => {
  const f = useFixture(kind);
  const { readOnly, readWrite, create, exclusive } = f.calls.flags;

  function pattern(length: number, seed = 1): Buffer {
    const bytes = Buffer.alloc(length);
    for (let i = 0, state = seed; i < length; i++) {
      state = (state * 1_103_515_245 + 12_345) >>> 0;
      bytes[i] = (state >>> 16) | 1;
    }
    return bytes;
  }

  /** Copies `source` to `target` (made unless it exists) and returns the result, the steps and the side of a failure. */
  function copy(size: number, { over, ...given }: TestOptions = {}, calls: Syscalls = f.calls, small = false) {
    const run: ZeroRun | undefined = over === undefined ? undefined : { start: 0, length: 0 };
    const options = { ...given, existing: run };
    const from = must(f.calls.openAt(f.root, byteName("source"), readOnly));
    const flags = fs.existsSync(join(f.path, "target")) ? readWrite : readWrite | create | exclusive;
    const to = must(f.calls.openAt(f.root, byteName("target"), flags, 0o600));
    const copier = new DataCopier(calls);
    const steps: number[] = [];
    let result = small ? copier.copySmall(from, to, size) : -999;
    if (!small) {
      const copying = copier.copyData(from, to, size, options);
      for (;;) {
        const step = copying.next();
        if (step.done === true) {
          result = step.value;
          break;
        }
        steps.push(step.value);
      }
    }
    if (run !== undefined && over === "settled") expect(copier.settle(to, run)).toBe(0);
    f.calls.close(from);
    f.calls.close(to);
    return { result, steps, failed: copier.failed };
  }

  const content = () => fs.readFileSync(join(f.path, "target"));
  const allocated = () => fs.statSync(join(f.path, "target")).blocks * 512;

  it.each([0, 1, 1023, 65_536])("copySmall copies %d bytes", (size) => {
    const data = pattern(size);
    f.file("source", data);
    expect(copy(size, {}, f.calls, true).result).toBe(size);
    expect(content()).toEqual(data);
  });

  it("copySmall copies no more than asked and no more than there is", () => {
    f.file("source", pattern(5000));
    expect(copy(3000, {}, f.calls, true).result).toBe(3000);
    fs.rmSync(join(f.path, "target"));
    expect(copy(60_000, {}, f.calls, true).result).toBe(5000);
    expect(content()).toEqual(pattern(5000));
  });

  it.each([{}, { sparse: true }, { over: "settled" }, { sparse: true, over: "settled" }] as TestOptions[])(
    "copyData copies all sizes with %j",
    (options) => {
      for (const size of [0, 1, 1024, 65_537, 256 * KiB, MiB + 3]) {
        const data = pattern(size, size);
        fs.writeFileSync(join(f.path, "source"), data);
        fs.rmSync(join(f.path, "target"), { force: true });
        const { result, steps } = copy(size, options);
        expect(result).toBe(size);
        expect(steps.at(-1) ?? 0).toBe(size);
        expect(content().equals(data)).toBe(true);
        // Longer than it was asked for (it grew), and shorter (it shrank): L-10.
        if (size > 10) {
          fs.rmSync(join(f.path, "target"));
          expect(copy(size - 10, options).result).toBe(size - 10);
          expect(content().length).toBe(size - 10);
        }
        fs.rmSync(join(f.path, "target"));
        expect(copy(size + 5000, options).result).toBe(size);
        expect(content().equals(data)).toBe(true);
      }
    },
  );

  it("copyData yields after each piece", () => {
    const size = 2 * limits.copyChunkBytes + 5;
    fs.writeFileSync(join(f.path, "source"), "x");
    fs.truncateSync(join(f.path, "source"), size);
    const { result, steps } = copy(size);
    expect(result).toBe(size);
    expect(steps.length).toBeGreaterThanOrEqual(3);
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
  });

  it.each([{}, { sparse: true, over: "settled" }] as TestOptions[])(
    "copyData starts at an offset with %j",
    (options) => {
      const data = pattern(300_000);
      f.file("source", data);
      f.file("target", Buffer.alloc(100_000, "o"));
      expect(copy(300_000, { ...options, start: 100_000 }).result).toBe(300_000);
      expect(content().equals(Buffer.concat([Buffer.alloc(100_000, "o"), data.subarray(100_000)]))).toBe(true);
    },
  );

  it("copyData shows all data in order", () => {
    const data = Buffer.concat([pattern(300_000), Buffer.alloc(300_000), pattern(7)]);
    f.file("source", data);
    for (const sparse of [false, true]) {
      const seen: Buffer[] = [];
      fs.rmSync(join(f.path, "target"), { force: true });
      expect(copy(data.length, { sparse, onData: (bytes) => seen.push(Buffer.from(bytes)) }).result).toBe(data.length);
      expect(Buffer.concat(seen).equals(data)).toBe(true);
      expect(content().equals(data)).toBe(true);
    }
  });

  const layouts: Record<string, (Buffer | number)[]> = {
    "a hole in the middle": [pattern(4096), 64 * KiB, pattern(4096)],
    "a leading hole": [64 * KiB, pattern(1)],
    "a hole at the end": [pattern(10), 300 * KiB],
    "zeros only": [MiB],
    "runs across pieces": [pattern(200 * KiB + 7), 600 * KiB, pattern(3), 40 * KiB, pattern(99)],
    "short runs": [pattern(100), 500, pattern(100), 1024, pattern(5), 3000, pattern(9)],
  };
  const cases = Object.keys(layouts).flatMap((name) => [true, false].map((holes) => [name, holes] as const));
  it.each(cases)("sparse copies %s (source has holes: %s)", (name, holes) => {
    const parts = layouts[name] ?? [];
    const source = join(f.path, "source");
    const descriptor = fs.openSync(source, "w");
    let size = 0;
    for (const part of parts) {
      const length = typeof part === "number" ? part : part.length;
      if (typeof part !== "number") fs.writeSync(descriptor, part, 0, length, size);
      else if (!holes) fs.writeSync(descriptor, Buffer.alloc(length), 0, length, size);
      size += length;
    }
    fs.ftruncateSync(descriptor, size);
    fs.closeSync(descriptor);
    expect(copy(size, { sparse: true }).result).toBe(size);
    expect(content().equals(fs.readFileSync(source))).toBe(true);
    const holeBytes = parts.reduce<number>(
      (sum, part) => sum + (typeof part === "number" ? Math.max(part - 8192, 0) : 0),
      0,
    );
    expect(allocated()).toBeLessThanOrEqual(Math.max(size - holeBytes + 16 * KiB, 0));
    // The same over old data.
    fs.writeFileSync(join(f.path, "target"), pattern(size + 100_000, 9));
    expect(copy(size, { sparse: true, over: "settled" }).result).toBe(size);
    fs.truncateSync(join(f.path, "target"), size);
    expect(content().equals(fs.readFileSync(source))).toBe(true);
    if (f.calls.abilities.holes) expect(allocated()).toBeLessThanOrEqual(size - holeBytes + 32 * KiB);
  });

  it("leaves zeros at the end of reserved space alone, and holes before data", () => {
    if (!f.calls.abilities.holes) return;
    f.file("source", Buffer.concat([Buffer.alloc(64 * KiB), pattern(4096), Buffer.alloc(64 * KiB)]));
    f.file("target", "");
    const size = 132 * KiB;
    const target = must(f.calls.openAt(f.root, byteName("target"), readWrite));
    expect(f.calls.allocate(target, size, true)).toBe(0);
    f.calls.close(target);
    expect(copy(size, { sparse: true, over: "open" }).result).toBe(size);
    expect(content().equals(fs.readFileSync(join(f.path, "source")))).toBe(true);
    expect(allocated()).toBe(68 * KiB);
  });

  it("passOver makes holes of zeros that stand already", () => {
    if (!f.calls.abilities.holes) return;
    const parts = [Buffer.alloc(5000), pattern(3000), Buffer.alloc(40_000), pattern(1000), Buffer.alloc(9000)];
    const data = Buffer.concat(parts);
    f.file("target", data);
    const target = must(f.calls.openAt(f.root, byteName("target"), readWrite));
    const copier = new DataCopier(f.calls);
    const run = { start: 0, length: 0 };
    for (let at = 0; at < data.length; at += 700) {
      expect(copier.passOver(target, data.subarray(at, at + 700), at, run)).toBe(0);
    }
    expect(copier.settle(target, run)).toBe(0);
    f.calls.close(target);
    expect(content().equals(data)).toBe(true);
    expect(allocated()).toBe(12 * KiB);
  });

  it("sparse does not read the holes of a huge file", (context) => {
    if (!f.calls.abilities.holes) return context.skip();
    const size = 2 ** 40;
    f.file("source", "begin");
    fs.truncateSync(join(f.path, "source"), size);
    const from = fs.openSync(join(f.path, "source"), "r+");
    fs.writeSync(from, "end", size / 2);
    fs.closeSync(from);
    expect(copy(size, { sparse: true }).result).toBe(size);
    const copied = fs.openSync(join(f.path, "target"), "r");
    const back = Buffer.alloc(3);
    fs.readSync(copied, back, 0, 3, size / 2);
    fs.closeSync(copied);
    expect(back.toString()).toBe("end");
    expect(fs.statSync(join(f.path, "target")).size).toBe(size);
  });

  it("writes on after a short write", () => {
    const data = pattern(400_000);
    f.file("source", data);
    const short: Syscalls = {
      ...f.calls,
      abilities: { ...f.calls.abilities, kernelCopy: false },
      write: (descriptor, buffer, offset, length, position) =>
        f.calls.write(descriptor, buffer, offset, Math.min(length, 1000), position),
      read: (descriptor, buffer, offset, length, position) =>
        f.calls.read(descriptor, buffer, offset, Math.min(length, 3001), position),
    };
    for (const sparse of [false, true]) {
      expect(copy(data.length, { sparse }, short).result).toBe(data.length);
      expect(content().equals(data)).toBe(true);
      fs.rmSync(join(f.path, "target"));
    }
    expect(copy(60_000, {}, short, true).result).toBe(60_000);
    expect(content().equals(data.subarray(0, 60_000))).toBe(true);
  });

  it.each([
    ["write", -28],
    ["read", -5],
  ] as const)("returns a failing %s", (side, errno) => {
    f.file("source", pattern(400_000));
    let calls = 0;
    const call = (count: () => number) => () => (++calls > 1 ? errno : count());
    const failing: Syscalls = {
      ...f.calls,
      copyFileRange: () => -5,
      write: (...values) => (side === "write" ? call(() => f.calls.write(...values))() : f.calls.write(...values)),
      read: (...values) => (side === "read" ? call(() => f.calls.read(...values))() : f.calls.read(...values)),
    };
    for (const sparse of [false, true]) {
      calls = 0;
      const { result, failed } = copy(400_000, { sparse }, failing);
      expect([result, failed]).toEqual([errno, side]);
      fs.rmSync(join(f.path, "target"));
    }
    calls = 1;
    const { result, failed } = copy(60_000, {}, failing, true);
    expect([result, failed]).toEqual([errno, side]);
  });

  it("goes on through memory where the kernel stops", () => {
    const data = pattern(400_000);
    f.file("source", data);
    let calls = 0;
    const stopping: Syscalls = {
      ...f.calls,
      copyFileRange: (from, to, length) =>
        calls++ === 0 ? f.calls.copyFileRange(from, to, Math.min(length, 70_001)) : -95,
    };
    expect(copy(data.length, {}, stopping).result).toBe(data.length);
    expect(content().equals(data)).toBe(true);
  });
});
