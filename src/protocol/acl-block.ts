/**
 * ACLs of file-list entries (2-file-list 7.1). Equal ones are sent once: each side keeps those of a session in the order in
 * which they came, access and default ACLs apart. What the mode tells already is left out before (7.2), not here.
 */
import { streamError } from "../errors.ts";
import { limits } from "../limits.ts";
import type { IdNameReader, IdNameWriter } from "./id-names.ts";
import type { MemoryBudget } from "./memory-budget.ts";
import { type Acl, formatAcl, type NamedAclEntry, parseAcl } from "./posix-acl.ts";
import type { WireReader } from "./wire-reader.ts";
import type { WireWriter } from "./wire-writer.ts";

export type AclKind = "access" | "default";

const Present = { userObj: 1, groupObj: 2, mask: 4, other: 8, named: 16 } as const;
const nameFollows = 1;
const isUser = 2;
const permMax = 7;
/** Memory of an ACL, and of each named entry in it. */
const aclBytes = 150;
const namedBytes = 50;

/** Writes the ACLs of one direction. */
export class AclWriter {
  private readonly names: IdNameWriter;
  private readonly sent: Readonly<Record<AclKind, Map<string, number>>> = { access: new Map(), default: new Map() };

  constructor(names: IdNameWriter) {
    this.names = names;
  }

  /** `value`: the attribute's form (`FileEntry.accessAcl`); undefined: nothing beyond the mode. */
  write(writer: WireWriter, kind: AclKind, value: Uint8Array | undefined): void {
    const key = value === undefined ? "" : Buffer.from(value).toString("latin1");
    const sent = this.sent[kind];
    const index = sent.get(key);
    writer.varint(index === undefined ? 0 : index + 1);
    if (index !== undefined) return;
    sent.set(key, sent.size);
    this.writeLiteral(writer, value === undefined ? undefined : parseAcl(value));
  }

  private writeLiteral(writer: WireWriter, acl: Acl | undefined): void {
    if (acl === undefined) {
      writer.byte(0);
      return;
    }
    const { userObj, groupObj, mask, other, named } = acl;
    writer.byte(
      (userObj === undefined ? 0 : Present.userObj) |
        (groupObj === undefined ? 0 : Present.groupObj) |
        (mask === undefined ? 0 : Present.mask) |
        (other === undefined ? 0 : Present.other) |
        (named.length === 0 ? 0 : Present.named),
    );
    for (const perm of [userObj, groupObj, mask, other]) if (perm !== undefined) writer.varint(perm);
    if (named.length === 0) return;
    writer.varint(named.length);
    for (const { kind, id, perm } of named) {
      const name = this.names.use(kind, id);
      writer.varint(id);
      writer.varint((perm << 2) | (name === undefined ? 0 : nameFollows) | (kind === "user" ? isUser : 0));
      if (name !== undefined) this.names.writeName(writer, name);
    }
  }
}

/** An ACL of which the named entries are still coming. */
interface OpenAcl {
  readonly acl: Acl;
  readonly named: NamedAclEntry[];
  readonly count: number;
}

/** Reads the ACLs of one direction. */
export class AclReader {
  private readonly names: IdNameReader;
  private readonly known: Readonly<Record<AclKind, (Uint8Array | undefined)[]>> = { access: [], default: [] };
  private readonly budget: MemoryBudget;
  private open: OpenAcl | undefined;

  constructor(names: IdNameReader, budget: MemoryBudget) {
    this.names = names;
    this.budget = budget;
  }

  /**
   * The next ACL in the attribute's form, undefined for an empty one. Parts are kept (`commit`): while bytes are
   * missing it must be called again for the same entry and kind.
   */
  read(reader: WireReader, kind: AclKind): Uint8Array | undefined {
    const known = this.known[kind];
    if (this.open === undefined) {
      const index = reader.varint();
      if (index !== 0) {
        if (index < 0 || index > known.length) {
          throw streamError(`${kind}_index out of range (${index}) [${reader.role}]`, reader.role);
        }
        return known[index - 1];
      }
      this.open = readHead(reader);
      reader.commit();
    }
    const { acl, named, count } = this.open;
    while (named.length < count) {
      named.push(this.readNamed(reader));
      this.budget.take(namedBytes, reader.role);
      reader.commit();
    }
    this.open = undefined;
    this.budget.take(aclBytes, reader.role);
    const value = isEmpty(acl) && count === 0 ? undefined : formatAcl({ ...acl, named });
    known.push(value);
    return value;
  }

  private readNamed(reader: WireReader): NamedAclEntry {
    const id = reader.varint() >>> 0;
    const word = reader.varintIn("permissions of an ACL entry", 0, (permMax << 2) | nameFollows | isUser);
    const kind = (word & isUser) === 0 ? "group" : "user";
    if ((word & nameFollows) !== 0) this.names.readName(reader, kind, id);
    return { kind, id, perm: word >> 2 };
  }
}

function readHead(reader: WireReader): OpenAcl {
  const flags = reader.byte();
  const perm = (bit: number): number | undefined =>
    (flags & bit) === 0 ? undefined : reader.varintIn("permissions of an ACL", 0, permMax);
  const acl = {
    userObj: perm(Present.userObj),
    groupObj: perm(Present.groupObj),
    mask: perm(Present.mask),
    other: perm(Present.other),
    named: [],
  };
  const count = (flags & Present.named) === 0 ? 0 : reader.varintIn("ACL entries", 0, limits.aclEntries);
  return { acl, named: [], count };
}

function isEmpty({ userObj, groupObj, mask, other }: Acl): boolean {
  return userObj === undefined && groupObj === undefined && mask === undefined && other === undefined;
}
