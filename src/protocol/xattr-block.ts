/**
 * Extended attributes of file-list entries (2-file-list 7.4). Equal lists are sent once: each side keeps those of a session
 * in the order in which they came. Values of more than 32 bytes are sent as MD5; who needs them asks (`xattr-values`).
 */
import type { ByteName } from "../bytes/byte-name.ts";
import { ExitCode, protocolError, type Role, streamError, TsyncError } from "../errors.ts";
import { limits } from "../limits.ts";
import type { AbbreviatedValue, Xattr } from "./file-entry.ts";
import type { MemoryBudget } from "./memory-budget.ts";
import type { WireReader } from "./wire-reader.ts";
import type { WireWriter } from "./wire-writer.ts";

/** Values up to this many bytes are in the list itself. */
export const plainValueBytes = 32;
/** Bytes of the MD5 that stands for others. */
export const valueDigestBytes = 16;
/** Memory of a list, and of each attribute besides its name and value. */
const listBytes = 50;
const xattrBytes = 250;

/** Writes the attributes of one direction. */
export class XattrWriter {
  private readonly md5: (bytes: Uint8Array) => Uint8Array;
  private readonly sent: Map<string, number> = new Map();

  constructor(md5: (bytes: Uint8Array) => Uint8Array) {
    this.md5 = md5;
  }

  /** The attributes in the order in which their values can be asked for. */
  write(writer: WireWriter, xattrs: readonly Xattr[]): void {
    const parts = xattrs.map(({ value }) => (value.length <= plainValueBytes ? value : this.md5(value)));
    const key = xattrs.map(({ name, value }, index) => `${name}\0${value.length}\0${latin1(parts[index])}`).join("");
    const index = this.sent.get(key);
    writer.varint(index === undefined ? 0 : index + 1);
    if (index !== undefined) return;
    this.sent.set(key, this.sent.size);
    writer.varint(xattrs.length);
    for (const [place, { name, value }] of xattrs.entries()) {
      writer.varint(name.length + 1);
      writer.varint(value.length);
      writer.name(name);
      writer.byte(0);
      writer.data(parts[place] as Uint8Array);
    }
  }
}

/**
 * An attribute of a peer. All entries with equal attributes share it: once its value is set, it is there for all, and once
 * it was asked for it must not be asked for again (2-file-list 7.5).
 */
export class ReceivedXattr implements Xattr {
  /** Under `--fake-super` it becomes the one under which the attribute is stored. */
  name: ByteName;
  value: Uint8Array;
  abbreviated: AbbreviatedValue | undefined;
  requested = false;
  /** The path of the entry at which the value was found here, until an item with that list has been told of (2-file-list 7.5). */
  foundAt: ByteName | undefined;

  constructor(name: ByteName, value: Uint8Array, abbreviated: AbbreviatedValue | undefined) {
    this.name = name;
    this.value = value;
    this.abbreviated = abbreviated;
  }

  /** The value has come, or was found on this side with the file of this path. */
  settle(value: Uint8Array, foundAt?: ByteName): void {
    this.value = value;
    this.abbreviated = undefined;
    this.foundAt = foundAt;
  }

  /** Whether the value must be asked for on behalf of the entry with this path. */
  isMissingAt(path: ByteName): boolean {
    if (this.requested) return false;
    return this.abbreviated !== undefined || (this.foundAt !== undefined && this.foundAt !== path);
  }
}

const noValue = new Uint8Array(0);

/** Reads the attributes of one direction. */
export class XattrReader {
  private readonly known: (readonly ReceivedXattr[])[] = [];
  private readonly budget: MemoryBudget;
  private open: { readonly list: ReceivedXattr[]; readonly count: number; bytes: number } | undefined;

  constructor(budget: MemoryBudget) {
    this.budget = budget;
  }

  /**
   * The next list; entries with equal attributes get the same array. Parts are kept (`commit`): while bytes are missing
   * it must be called again for the same entry.
   */
  read(reader: WireReader): readonly ReceivedXattr[] {
    const { known } = this;
    const { role } = reader;
    if (this.open === undefined) {
      const index = reader.varint();
      if (index !== 0) {
        const list = index < 0 ? undefined : known[index - 1];
        if (list === undefined) throw streamError(`xattr index out of range (${index}) [${role}]`, role);
        return list;
      }
      this.open = { list: [], count: reader.varintIn("xattrs", 0, limits.xattrCount), bytes: 0 };
      reader.commit();
    }
    const { open } = this;
    while (open.list.length < open.count) {
      const xattr = readXattr(reader);
      open.bytes += xattr.name.length + (xattr.abbreviated?.length ?? xattr.value.length);
      if (open.bytes > limits.xattrListBytes) throw protocolError(`xattrs of a file are too large [${role}]`, role);
      this.budget.take(xattrBytes + xattr.name.length + xattr.value.length, role);
      open.list.push(xattr);
      reader.commit();
    }
    this.open = undefined;
    this.budget.take(listBytes, role);
    known.push(open.list);
    return open.list;
  }
}

function readXattr(reader: WireReader): ReceivedXattr {
  const nameBytes = reader.varintIn("length of an xattr name", 1, limits.xattrNameBytes);
  const length = reader.varintIn("length of an xattr value", 0, limits.xattrValueBytes);
  const text = reader.name(nameBytes);
  const isPlain = length <= plainValueBytes;
  const bytes = reader.copy(isPlain ? length : valueDigestBytes);
  if (text.indexOf("\0") !== nameBytes - 1 || nameBytes === 1) throw invalidName(reader.role);
  const name = text.slice(0, -1) as ByteName;
  return isPlain
    ? new ReceivedXattr(name, bytes, undefined)
    : new ReceivedXattr(name, noValue, { length, digest: bytes });
}

function invalidName(role: Role): TsyncError {
  const message = `Invalid xattr name received (missing trailing \\0). [${role}]`;
  return new TsyncError("protocol", message, { exitCode: ExitCode.fileIo, role, plain: true });
}

function latin1(bytes: Uint8Array | undefined): string {
  return bytes === undefined ? "" : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
