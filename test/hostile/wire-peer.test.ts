/**
 * Peers over a remote shell that lie, die or fall silent (4-traps H, S-10, X-03): the run ends in time with the right code, nothing
 * outside the destination is touched, old files stay whole and no temporary file is left.
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { LiedTo } from "../support/lying-server.ts";

const folder = mkdtempSync(join(tmpdir(), "tsync-wire-peer-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeEach(() => {
  rmSync(join(folder, "d"), { recursive: true, force: true });
  mkdirSync(join(folder, "d"));
  writeFileSync(join(folder, "d/old"), "old content");
  writeFileSync(join(folder, "f"), "a file");
});

const client = new LiedTo(folder);
const run = client.run.bind(client);
const shell = client.shell.bind(client);
const sends = client.sends.bind(client);

const text = (words: string): string => Buffer.from(words, "latin1").toString("hex");
/** Version 31, flags 0xfe (varint, no incremental recursion), md5 for all, seed 1. */
const start = `1f000000 80fe 03${text("md5")} 01000000`;
/** One frame of data. */
const frame = (hex: string): string => {
  const length = hex.replaceAll(" ", "").length / 2;
  return `${Buffer.from([length & 255, length >> 8, 0, 7]).toString("hex")}${hex}`;
};
/** An entry of 3 bytes, mode 0644, the end of the list, and no names of users and groups. */
const listed = (name: string, mode = "a4810000"): string =>
  `9818 ${Buffer.from([name.length]).toString("hex")}${text(name)} 000300 5f01105e ${mode} 0000 0000`;

describe("a server that lies to a client", () => {
  test.each([
    ["a banner in place of the protocol", text("Welcome!\n"), 2],
    ["a path that leads out", `${start}${frame(listed("../x"))}`, 4],
    ["a name that nobody asked for", `${start}${frame(listed("other"))}`, 4],
    ["a file type that does not exist", `${start}${frame(listed("old", "a4910000"))}`, 2],
    [
      "an entry with the mode of the one before the first",
      `${start}${frame(`1a 03 ${text("old")} 000300 5f01105e 0000 0000`)}`,
      2,
    ],
    ["an unknown message", `${start}0000003f`, 12],
    ["data for a file that was not asked for", `${start}${frame(`${listed("old")} 06 0080`)}`, 2],
    ["half a list", `${start}${frame("98180363")}`, undefined],
  ])("%s", async (_name, hex, code) => {
    const done = await run(["-a", "--timeout=3", "-e", sends(hex), "h:old", "d/"]);
    expect(done).toMatchObject({ code: code ?? 30 });
    expect(done.stderr).not.toMatch(/internal|at .*\.m?[jt]s/);
    expect(done.seconds).toBeLessThan(15);
    expect(readdirSync(join(folder, "d"))).toEqual(["old"]);
    expect(readFileSync(join(folder, "d/old"), "utf8")).toBe("old content");
    expect(readdirSync(folder).sort()).toEqual(["d", "f", "shell"]);
  });
});

describe("a peer that dies or falls silent", () => {
  test.each([
    ["push", ["f", "h:d/"]],
    ["pull", ["h:f", "d/"]],
  ])("before it says anything, %s: 12", async (_name, operands) => {
    const done = await run(["-a", "-e", shell("exit 0"), ...operands]);
    expect(done.code).toBe(12);
    expect(done.stderr).toMatch(/connection unexpectedly closed \(0 bytes received so far\)/);
  });

  test("the status of the remote shell says more", async () => {
    expect(await run(["-a", "-e", shell("exit 127"), "f", "h:d/"])).toMatchObject({ code: 127 });
  });

  test("a remote shell that does not exist: 14", async () => {
    expect(await run(["-a", "-e", "/nonexistent/shell", "f", "h:d/"])).toMatchObject({ code: 14 });
  });

  test.each([
    ["push", ["f", "h:d/"]],
    ["pull", ["h:f", "d/"]],
  ])("silence with --timeout, %s: 30", async (_name, operands) => {
    const done = await run(["-a", "--timeout=1", "-e", shell("exec sleep 20"), ...operands]);
    expect(done.code).toBe(30);
    expect(done.seconds).toBeLessThan(15);
  });

  // What one socket holds is gone for the client; the rest fits into what Node holds back. Less than that fits into the socket.
  test.each([100_000, 300_000])(
    "a server that asks for a file of %d bytes and then stops reading, with --timeout: 30",
    async (size) => {
      writeFileSync(join(folder, "big"), Buffer.alloc(size, "x"));
      const asks = client.sends(`${start} ${frame(`01 0080 ${"00".repeat(16)}`)}`);
      const done = await run(["-a", "--timeout=2", "-e", asks, "big", "h:d/"]);
      rmSync(join(folder, "big"));
      expect(done.code).toBe(30);
      expect(done.seconds).toBeLessThan(15);
    },
  );

  test("a signal while the peer is silent: 20", async () => {
    const done = await run(["-a", "-e", shell("exec sleep 20"), "f", "h:d/"], (child) => {
      setTimeout(() => child.kill("SIGINT"), 1500);
    });
    expect(done.code).toBe(20);
    expect(done.seconds).toBeLessThan(15);
  });
});
