/**
 * Names of users and groups: in entries and ACLs with incremental recursion, as lists behind the file list without it
 * (2-file-list 5). Which number an id becomes here is decided elsewhere.
 */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import { protocolError } from "../errors.ts";
import { limits } from "../limits.ts";
import type { FileListSettings, FileListSource, IdKind } from "./file-list-settings.ts";
import { CompatFlag, isIncremental } from "./wire-context.ts";
import type { WireReader } from "./wire-reader.ts";
import type { WireWriter } from "./wire-writer.ts";

/** Longest name that a length byte can announce. */
const nameBytesMax = 255;

/** What the sender has told of ids, and must still tell. */
export class IdNameWriter {
  private readonly settings: FileListSettings;
  private readonly source: FileListSource;
  private readonly inline: boolean;
  private readonly seen: Readonly<Record<IdKind, Set<number>>> = { user: new Set(), group: new Set() };

  constructor(settings: FileListSettings, source: FileListSource) {
    this.settings = settings;
    this.source = source;
    this.inline = isIncremental(settings) && !settings.numericIds;
  }

  /** An id is about to be sent: the name that must follow it, if any. */
  use(kind: IdKind, id: number): ByteName | undefined {
    const seen = this.seen[kind];
    if (seen.has(id)) return undefined;
    seen.add(id);
    return this.inline ? this.nameOf(kind, id) : undefined;
  }

  writeName(writer: WireWriter, name: ByteName): void {
    writer.byte(name.length);
    writer.name(name);
  }

  /** The lists behind a file list without incremental recursion, the newest id first as in rsync. */
  writeLists(writer: WireWriter): void {
    const { settings } = this;
    if (settings.numericIds) return;
    if (settings.owner || settings.acls) this.writeList(writer, "user");
    if (settings.group || settings.acls) this.writeList(writer, "group");
  }

  private writeList(writer: WireWriter, kind: IdKind): void {
    const { protocol, compat } = this.settings;
    const putId = (id: number): void => (protocol >= 30 ? writer.varint(id) : writer.int32(id));
    for (const id of [...this.seen[kind]].reverse()) {
      const name = id === 0 ? undefined : this.nameOf(kind, id);
      if (name === undefined) continue;
      putId(id);
      this.writeName(writer, name);
    }
    putId(0);
    if ((compat & CompatFlag.id0Names) !== 0) this.writeName(writer, this.nameOf(kind, 0) ?? byteName(""));
  }

  private nameOf(kind: IdKind, id: number): ByteName | undefined {
    const name = this.source.nameOf(kind, id);
    return name === undefined || name === "" || name.length > nameBytesMax ? undefined : name;
  }
}

/** The names that a peer told. */
export class IdNameReader {
  readonly users: Map<number, ByteName> = new Map();
  readonly groups: Map<number, ByteName> = new Map();
  private readonly settings: FileListSettings;
  /** Lists that are still to be read; undefined: not begun. */
  private pending: IdKind[] | undefined;

  constructor(settings: FileListSettings) {
    this.settings = settings;
  }

  /** A name that follows an id. Names that no account can have count as none (4-traps H-19). */
  readName(reader: WireReader, kind: IdKind, id: number): void {
    const name = reader.name(reader.byte());
    const names = kind === "user" ? this.users : this.groups;
    if (name === "" || /[\0\n:]/.test(name) || names.has(id)) return;
    if (names.size >= limits.knownIds) {
      throw protocolError(`More than ${limits.knownIds} ${kind} names [${reader.role}]`, reader.role);
    }
    names.set(id, name);
  }

  /** The lists behind a file list; through `poll`, again until it succeeds. */
  readLists(reader: WireReader): void {
    const { settings } = this;
    if (this.pending === undefined) {
      this.pending = [];
      if (settings.numericIds) return;
      if (settings.owner || settings.acls) this.pending.push("user");
      if (settings.group || settings.acls) this.pending.push("group");
    }
    for (let kind = this.pending[0]; kind !== undefined; kind = this.pending[0]) {
      this.readList(reader, kind);
      this.pending.shift();
      reader.commit();
    }
  }

  private readList(reader: WireReader, kind: IdKind): void {
    for (;;) {
      const id = (this.settings.protocol >= 30 ? reader.varint() : reader.int32()) >>> 0;
      if (id === 0) {
        if ((this.settings.compat & CompatFlag.id0Names) !== 0) this.readName(reader, kind, 0);
        return;
      }
      this.readName(reader, kind, id);
      reader.commit();
    }
  }
}
