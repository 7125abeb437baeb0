import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { byteName } from "../../../src/bytes/byte-name.ts";
import { OutputWriter, outputMode, type WriteCalls } from "../../../src/text/output-writer.ts";

/** A descriptor that takes at most `room` bytes a call and fails as told. */
class FakeCalls implements WriteCalls {
  written = "";
  calls = 0;
  pauses: number[] = [];
  time = 0;
  failures: string[] = [];
  room = Number.POSITIVE_INFINITY;
  write(_descriptor: number, bytes: Uint8Array, offset: number, length: number): number {
    this.calls++;
    const code = this.failures.shift();
    if (code !== undefined) throw Object.assign(new Error(code), { code });
    const count = Math.min(length, this.room);
    this.written += Buffer.from(bytes.subarray(offset, offset + count)).toString("latin1");
    return count;
  }
  pause(milliseconds: number): void {
    this.pauses.push(milliseconds);
  }
  now(): number {
    return this.time;
  }
}

function writerOf(mode: "none" | "line" | "block", calls: FakeCalls): OutputWriter {
  return new OutputWriter(1, mode, calls);
}

describe("OutputWriter", () => {
  test("keeps blocks until they are large", () => {
    const calls = new FakeCalls();
    const writer = writerOf("block", calls);
    const line = byteName(`${"x".repeat(99)}\n`);
    for (let count = 0; count < 655; count++) writer.write(line);
    expect(calls.calls).toBe(0);
    writer.write(line);
    expect(calls.calls).toBe(2);
    expect(calls.written).toHaveLength(65_600);
  });

  test("does not keep a block for long", () => {
    const calls = new FakeCalls();
    const writer = writerOf("block", calls);
    writer.write(byteName("a\n"));
    calls.time = 199;
    writer.write(byteName("b\n"));
    expect(calls.written).toBe("");
    calls.time = 200;
    writer.write(byteName("c\n"));
    expect(calls.written).toBe("a\nb\nc\n");
  });

  test("writes lines and progress at once in line mode", () => {
    const calls = new FakeCalls();
    const writer = writerOf("line", calls);
    writer.write(byteName("building ... "));
    expect(calls.written).toBe("");
    writer.write(byteName("done\n"));
    expect(calls.written).toBe("building ... done\n");
    writer.write(byteName("\r 12%"));
    expect(calls.written).toBe("building ... done\n\r 12%");
  });

  test("writes everything at once without buffering", () => {
    const calls = new FakeCalls();
    writerOf("none", calls).write(byteName("x"));
    expect(calls.written).toBe("x");
  });

  test("waits for a full pipe and goes on after short writes", () => {
    const calls = new FakeCalls();
    calls.failures = ["EAGAIN", "EAGAIN", "EINTR"];
    calls.room = 3;
    const writer = writerOf("block", calls);
    writer.write(byteName("abcdefgh"));
    writer.flush();
    expect(calls.written).toBe("abcdefgh");
    expect(calls.pauses).toEqual([1, 2]);
  });

  test.each(["EPIPE", "ENOSPC", "EBADF"])("drops everything after %s", (code) => {
    const calls = new FakeCalls();
    calls.failures = [code];
    const writer = writerOf("none", calls);
    writer.write(byteName("a"));
    writer.write(byteName("b"));
    writer.flush();
    expect(writer.closed).toBe(true);
    expect(calls.written).toBe("");
  });

  test("writes the very bytes to a real file", () => {
    const folder = mkdtempSync(join(tmpdir(), "tsync-writer-"));
    try {
      const descriptor = openSync(join(folder, "out"), "w");
      const writer = new OutputWriter(descriptor, "block");
      const every = byteName(Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join(""));
      for (let count = 0; count < 1000; count++) writer.write(every);
      writer.flush();
      closeSync(descriptor);
      expect(readFileSync(join(folder, "out")).equals(Buffer.from(every.repeat(1000), "latin1"))).toBe(true);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test("outputMode", () => {
  expect(outputMode(undefined, true)).toBe("line");
  expect(outputMode(undefined, false)).toBe("block");
  expect(outputMode("full", true)).toBe("block");
  expect(outputMode("none", false)).toBe("none");
  expect(outputMode("line", false)).toBe("line");
});
