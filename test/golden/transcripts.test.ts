/**
 * Sessions of the real rsync 3.5.0, explained to the last byte: all records decode, files have the content and the digest that they
 * should, lists hold the fixture tree, and what was decoded is encoded to the same bytes again.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { type ByteName, byteName } from "../../src/bytes/byte-name.ts";
import { type FileEntry, FileType } from "../../src/protocol/file-entry.ts";
import { FileListEncoder } from "../../src/protocol/file-list-encoder.ts";
import type { IdKind } from "../../src/protocol/file-list-settings.ts";
import { formatAcl } from "../../src/protocol/posix-acl.ts";
import { isIncremental } from "../../src/protocol/wire-context.ts";
import { written } from "../support/wire.ts";
import { type ExplainedSession, explainSession, parseTranscript } from "./explain-session.ts";
import { type FixtureObject, fixtureTree, oldDelta } from "./fixture-tree.ts";

const folder = fileURLToPath(new URL("transcripts/", import.meta.url));
const transcripts = readdirSync(folder).map(
  (file) => [file.slice(0, -4), readFileSync(folder + file, "utf8")] as const,
);

const md5 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash("md5").update(bytes).digest());
const objects: ReadonlyMap<string, FixtureObject> = new Map(fixtureTree.map((object) => [object.path, object]));
const typeBits = {
  file: FileType.regular,
  directory: FileType.directory,
  symlink: FileType.symlink,
  fifo: FileType.fifo,
  block: FileType.block,
  character: FileType.character,
} as const;

describe.each(transcripts)("%s", (_name, text) => {
  const transcript = parseTranscript(text);
  const explain = (pieceBytes: number): Promise<ExplainedSession> => explainSession(transcript, oldDelta, pieceBytes);

  test("is explained to the last byte, however it is cut", async () => {
    const whole = await explain(1_000_000);
    for (const pieceBytes of [1, 3, 100]) {
      expect({ ...(await explain(pieceBytes)), transfer: undefined }).toEqual({ ...whole, transfer: undefined });
    }
  });

  test("lists the tree", async () => {
    const session = await explain(1_000_000);
    const { settings } = session;
    const entries = session.lists.flatMap((list) => list.entries);
    expect(entries.map(({ path }) => path).sort()).toEqual([...objects.keys()].sort());
    for (const entry of entries) expect(entry).toMatchObject(expected(entry, session));
    if (settings.hardLinks) {
      const groups = entries.filter(({ path }) => /h[123]$/.test(path)).map(({ linkGroup }) => linkGroup);
      expect(new Set(groups).size).toBe(1);
      expect(groups[0]).toBeGreaterThanOrEqual(0);
    }
    if (!settings.numericIds) expect(session.names.users.get(1)).toBe("daemon");
  });

  test("sends the files", async () => {
    const session = await explain(1_000_000);
    const regular = fixtureTree.filter(({ type }) => type === "file");
    const wanted = session.settings.hardLinks ? regular.filter(({ linkedTo }) => linkedTo === undefined) : regular;
    const contents = session.files.map(({ content }) => content.toString("latin1")).sort();
    expect(contents).toEqual(wanted.map(({ content }) => content?.toString("latin1")).sort());
    expect(session.files.every(({ verified }) => verified)).toBe(true);
    expect(session.files.filter(({ head }) => head.count > 0)).toHaveLength(1);
  });

  test("is encoded to the same records", async () => {
    const { request, transfer, compression } = await explain(1_000_000);
    expect(request.again.toString("hex")).toBe(request.bytes.toString("hex"));
    if (compression === "none") expect(transfer.again.toString("hex")).toBe(transfer.bytes.toString("hex"));
  });

  test("is encoded to the same lists", async () => {
    const session = await explain(1_000_000);
    const { settings, lists } = session;
    // Before protocol 30 the numbers of devices and inodes are not kept.
    if (settings.hardLinks && settings.protocol < 30) return;
    const encoder = new FileListEncoder(settings, { nameOf: (kind, id) => nameOf(session, kind, id), md5 });
    for (const list of lists) {
      const bytes = written((writer) => {
        encoder.startList(list.firstNdx);
        for (const entry of list.entries) encoder.writeEntry(writer, withValues(entry));
        encoder.endList(writer, list.ioError);
      });
      expect(bytes.toString("hex")).toBe(list.bytes.toString("hex"));
    }
  });
});

function nameOf(session: ExplainedSession, kind: IdKind, id: number): ByteName | undefined {
  const name = (kind === "user" ? session.names.users : session.names.groups).get(id);
  return name ?? (id === 0 && !isIncremental(session.settings) ? byteName("root") : undefined);
}

/** An entry with the long values of attributes that the list has as digests. */
function withValues(entry: FileEntry): FileEntry {
  const object = objects.get(entry.path);
  const xattrs = entry.xattrs?.map(({ name, value, abbreviated }) => ({
    name,
    value: abbreviated === undefined ? value : Buffer.from(object?.xattrs?.[name] ?? ""),
  }));
  return { ...entry, xattrs };
}

function expected({ path, mode }: FileEntry, { settings }: ExplainedSession): Partial<FileEntry> {
  const object = objects.get(path) as FixtureObject;
  const source = object.linkedTo === undefined ? object : (objects.get(object.linkedTo) as FixtureObject);
  const isDevice = object.type === "block" || object.type === "character";
  // `setfacl` makes the group bits show the mask.
  expect(mode).toBe(typeBits[object.type] | object.mode);
  return {
    uid: source.uid,
    gid: source.gid,
    mtime: object.mtime,
    mtimeNanoseconds: settings.protocol >= 31 ? source.nanoseconds : 0,
    ...(object.type === "directory" ? {} : { size: object.content?.length ?? object.target?.length ?? 0 }),
    target: object.target === undefined ? undefined : byteName(object.target),
    rdevMajor: isDevice ? (object.device?.[0] ?? 0) : 0,
    rdevMinor: isDevice ? (object.device?.[1] ?? 0) : 0,
    ...(settings.xattrs ? { xattrs: expectedXattrs(object) } : { xattrs: undefined }),
    accessAcl: settings.acls && object.acl !== undefined ? wireAcl : undefined,
    defaultAcl: settings.acls && object.defaultAcl !== undefined ? defaultAcl : undefined,
  } as Partial<FileEntry>;
}

function expectedXattrs(object: FixtureObject): unknown {
  return Object.entries(object.xattrs ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => {
      const bytes = new Uint8Array(Buffer.from(value));
      return bytes.length <= 32
        ? { name, value: bytes, abbreviated: undefined }
        : { name, value: new Uint8Array(0), abbreviated: { length: bytes.length, digest: md5(bytes) } };
    });
}

/** The example of 2-file-list 7.3, without what the mode tells. */
const wireAcl = formatAcl({
  userObj: undefined,
  groupObj: 4,
  mask: undefined,
  other: undefined,
  named: [
    { kind: "user", id: 1, perm: 7 },
    { kind: "user", id: 12345, perm: 4 },
    { kind: "group", id: 2, perm: 5 },
  ],
});
const defaultAcl = formatAcl({
  userObj: 7,
  groupObj: 5,
  mask: 7,
  other: 0,
  named: [{ kind: "user", id: 1, perm: 6 }],
});
