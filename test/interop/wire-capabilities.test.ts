/**
 * File lists in the forms of older clients: a real `rsync --server --sender` that is told fewer capabilities sends byte flags, ends of
 * lists without errors and id lists without id 0; what we decode must always be the same tree.
 */
import { execFileSync, spawn } from "node:child_process";
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { byteName } from "../../src/bytes/byte-name.ts";
import type { FileEntry } from "../../src/protocol/file-entry.ts";
import { FileListDecoder } from "../../src/protocol/file-list-decoder.ts";
import type { FileListSettings } from "../../src/protocol/file-list-settings.ts";
import { writeFilterList } from "../../src/protocol/filter-list.ts";
import { FrameDecoder } from "../../src/protocol/frame-decoder.ts";
import { TransferRecordReader } from "../../src/protocol/item-record.ts";
import { writeNameList } from "../../src/protocol/name-list.ts";
import { NdxReader } from "../../src/protocol/ndx.ts";
import { readCompatFlags, readSeed, readVersion, writeVersion } from "../../src/protocol/session-start.ts";
import { CompatFlag, isIncremental } from "../../src/protocol/wire-context.ts";
import { notYet, WireReader } from "../../src/protocol/wire-reader.ts";
import { WireWriter } from "../../src/protocol/wire-writer.ts";

let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tsync-caps-"));
  const tree = join(folder, "s");
  mkdirSync(join(tree, "d/e"), { recursive: true });
  writeFileSync(join(tree, "a"), "12345");
  linkSync(join(tree, "a"), join(tree, "d/a2"));
  linkSync(join(tree, "a"), join(tree, "a3"));
  writeFileSync(join(tree, "d/long"), "x");
  execFileSync("setfattr", ["-n", "user.long", "-v", "v".repeat(50), join(tree, "d/long")]);
  symlinkSync("nowhere", join(tree, "d/e/l"));
  writeFileSync(join(tree, "d/e", "n".repeat(255)), "");
  for (const path of ["a", "d/long", "d/e", "d"]) utimesSync(join(tree, path), 1.6e9, 1.6e9 + 0.25);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** All entries that the server lists, by path. */
async function listed(protocol: number, capabilities: string): Promise<ReadonlyMap<string, FileEntry>> {
  const server = spawn("rsync", ["--server", "--sender", `-logDtprHXe${capabilities}`, ".", `${folder}/s/`]);
  server.stdin.on("error", () => undefined);
  const reader = new WireReader("Receiver");
  let frames: FrameDecoder | undefined;
  const input = server.stdout[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  const read = async <T>(decode: (from: WireReader) => T): Promise<T> => {
    for (;;) {
      const value = reader.poll(decode);
      if (value !== notYet) return value;
      const next = await input.next();
      if (next.done === true) throw new Error("the server ended");
      if (frames === undefined) reader.feed(next.value);
      else frames.push(next.value);
    }
  };
  const writer = new WireWriter();
  writeVersion(writer, protocol);
  server.stdin.write(writer.take());
  await read(readVersion);
  const compat = await read(readCompatFlags);
  if ((compat & CompatFlag.varintFlags) !== 0) {
    writeNameList(writer, ["md5"]);
    server.stdin.write(writer.take());
    await read((from) => from.vstring(255));
  }
  await read(readSeed);
  const early = reader.poll((from) => from.copy(from.available));
  frames = new FrameDecoder({ protocol, isServer: true }, "Receiver", {
    data: (bytes) => reader.feed(bytes),
    message: () => undefined,
  });
  if (early !== notYet) frames.push(early);
  writeFilterList(writer, []);
  server.stdin.write(writer.takeFrames());

  const settings: FileListSettings = { ...options, protocol, compat };
  const decoder = new FileListDecoder(settings);
  const entries: FileEntry[] = [];
  let firstNdx = isIncremental(settings) ? 1 : 0;
  const readList = async (directory: string | undefined): Promise<void> => {
    decoder.startList({ firstNdx, directory: directory === undefined ? undefined : byteName(directory) });
    for (;;) {
      const entry = await read((from) => decoder.read(from));
      if (entry === undefined) break;
      entries.push(entry);
      firstNdx++;
    }
    firstNdx++;
    await read((from) => decoder.readTail(from));
  };
  await readList(isIncremental(settings) ? "" : undefined);
  if (isIncremental(settings)) {
    const records = new TransferRecordReader(settings, new NdxReader(protocol));
    const directories = [".", "d", "d/e"];
    for (;;) {
      const record = await read((from) => records.read(from));
      if (record.kind === "lists-end") break;
      if (record.kind !== "list") throw new Error(`unexpected ${record.kind}`);
      await readList(directories[record.directory]);
    }
  }
  const tellsRoot = isIncremental(settings) || (compat & CompatFlag.id0Names) !== 0;
  if (process.getuid?.() === 0) expect(decoder.names.users.get(0)).toBe(tellsRoot ? "root" : undefined);
  server.kill();
  // Group numbers depend on the form of the list; which entries belong together does not.
  const first = entries.find(({ linkGroup }) => linkGroup >= 0)?.linkGroup;
  return new Map(
    entries.map((entry) => [entry.path, { ...entry, linkGroup: entry.linkGroup === first ? 0 : entry.linkGroup }]),
  );
}

const options = {
  owner: true,
  group: true,
  devices: true,
  specials: true,
  links: true,
  hardLinks: true,
  atimes: false,
  acls: false,
  xattrs: true,
  checksumBytes: 0,
  numericIds: false,
  relative: false,
  recursive: true,
  missingArguments: false,
};

describe.each([30, 31, 32])("protocol %d", (protocol) => {
  test.each([".iLsfxCIvu", ".iLsfxCI", ".iLsfxCIu", ".iLs", ".LsfxCIvu", ".LsfxCI", ".LsfxCIu", ".Ls", ".LsfC"])(
    "capabilities %s",
    async (capabilities) => {
      const expected = await listed(protocol, ".LsfxCIvu");
      expect(expected.size).toBe(9);
      expect(expected.get("d/long")?.xattrs).toMatchObject([{ abbreviated: { length: 50 } }]);
      expect(["a", "a3", "d/a2"].map((path) => expected.get(path)?.linkGroup)).toEqual([0, 0, 0]);
      const entries = await listed(protocol, capabilities);
      expect([...entries].sort()).toEqual([...expected].sort());
    },
  );
});
