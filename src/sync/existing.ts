/** Reads the ACLs and extended attributes of what stands at the destination, a directory's names in one go. */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import { defaultAclPermissions } from "../fs/acl.ts";
import { followedPath } from "../fs/followed-links.ts";
import { isXattrList, type UnreadableXattr } from "../fs/syscalls/interface.ts";
import type { Xattr } from "../protocol/file-entry.ts";
import { accessAclName, defaultAclName } from "./attributes.ts";
import { type ExistingAttributes, noAttributes } from "./compare.ts";
import type { RunContext } from "./context.ts";
import type { NoticeEvent } from "./events.ts";
import { judgedXattr } from "./scan-texts.ts";

export class ExistingReader {
  private readonly context: RunContext;
  /** Whether anybody asks for them. */
  readonly needed: boolean;
  /** Whether the names of a directory are read at once. */
  readonly readsAhead: boolean;
  private directory = -1;
  private ahead = new Map<ByteName, ExistingAttributes>();
  private readonly judged: NoticeEvent[] = [];

  private readonly plainWanted: (attribute: ByteName) => boolean;

  constructor(context: RunContext) {
    this.context = context;
    const { filters, identity, options } = context;
    this.plainWanted = (name) =>
      (options.acls && isAcl(name)) ||
      (options.xattrs > 0 && filters.storesXattr(name, options.xattrs, identity.privileged));
    this.readsAhead = context.syscalls.kind !== "koffi";
    this.needed = context.options.acls || context.options.xattrs > 0;
  }

  /** Which attributes are read: the same function only as long as its answers are the same. */
  private get wanted(): (attribute: ByteName) => boolean {
    const { plainWanted } = this;
    const { filters } = this.context;
    if (!filters.hasXattrRules) return plainWanted;
    if (!this.tellsNames) return (name) => plainWanted(name);
    this.tellJudged();
    return (name) => {
      const verdict = filters.checkXattr(name);
      if (verdict !== 0) this.judged.push(judgedXattr("generator", name, verdict > 0, filters.lastRuleText));
      return plainWanted(name);
    };
  }

  /** Whether it is told what rules say of attributes. */
  private get tellsNames(): boolean {
    const { options, filters } = this.context;
    return options.debug.filter > 0 && options.xattrs > 0 && filters.hasXattrRules;
  }

  /** Tells what rules have said of the attributes that were read last: rsync reads them when it has told of the entry. */
  tellJudged(): void {
    if (this.judged.length === 0) return;
    for (const event of this.judged.splice(0)) this.context.emit(event);
  }

  /** Reads many names at once: with streaming helper programs a call costs the same for one name or a thousand. */
  prefetch(directory: number, entries: readonly { readonly name: ByteName }[]): void {
    this.ahead = new Map();
    this.directory = directory;
    if (!this.needed || !this.readsAhead || entries.length === 0 || this.tellsNames) return;
    const names = entries.map((entry) => entry.name);
    const lists = this.context.syscalls.readXattrs(directory, names, this.wanted);
    for (const [index, name] of names.entries()) {
      const list = lists[index];
      if (isXattrList(list)) this.ahead.set(name, this.split(list));
    }
  }

  /**
   * The attributes of one existing object; empty when they are not preserved or cannot be read, which is reported if the
   * object's absolute path is given.
   */
  read(directory: number, name: ByteName, absolute?: ByteName): ExistingAttributes {
    if (!this.needed) return noAttributes();
    const known = directory === this.directory ? this.ahead.get(name) : undefined;
    return known ?? this.readFresh(directory, name, absolute);
  }

  /** As `read`, of a directory that no names are read ahead of. */
  readFresh(directory: number, name: ByteName, absolute?: ByteName): ExistingAttributes {
    if (!this.needed) return noAttributes();
    const list = this.list(directory, name);
    if (isXattrList(list)) return this.split(list);
    if (list === undefined || typeof list === "number") return noAttributes();
    if (absolute !== undefined) {
      const text = `get_xattr_data: lgetxattr("${absolute}","${list.attribute}",0) failed`;
      this.context.ledger.systemError("generator", text, list.errno, absolute);
    }
    return { ...noAttributes(), unreadable: true };
  }

  /** Those of a link that counts as the directory it leads to: the ACLs are that directory's, all else (`own`) is the link's. */
  readLinked(directory: number, name: ByteName, own: ExistingAttributes): ExistingAttributes {
    const { options, syscalls } = this.context;
    if (!options.acls) return own;
    const opened = syscalls.openPath(followedPath(directory, name), syscalls.flags.path | syscalls.flags.directory);
    if (opened < 0) return own;
    const [list] = syscalls.readXattrs(opened, [byteName(".")], isAcl);
    syscalls.close(opened);
    return isXattrList(list) ? { ...own, ...this.split(list), xattrs: own.xattrs } : own;
  }

  /** The attributes as they were read, lists that are equal mostly one object; or why they could not be read. */
  list(directory: number, name: ByteName): readonly Xattr[] | UnreadableXattr | number | undefined {
    return this.context.syscalls.readXattrs(directory, [name], this.wanted)[0];
  }

  /** Permission bits that new entries of a directory, or of `name` in it, may have: the umask's, or its default ACL's (T-14). */
  defaultPermissions(directory: number, name: ByteName = byteName(".")): number {
    const { identity, options, syscalls } = this.context;
    const fromUmask = 0o777 & ~identity.umask;
    if (options.permissions) return fromUmask;
    // What counts is the ACL that the system knows, not one that is kept for others.
    const readXattrs = syscalls.readOwnXattrs ?? syscalls.readXattrs;
    const [list] = readXattrs(directory, [name], isAcl);
    const acl = isXattrList(list) ? list.find((item) => item.name === defaultAclName)?.value : undefined;
    return acl === undefined ? fromUmask : defaultAclPermissions(acl);
  }

  /** Whether what is made in a directory gets an ACL from it. */
  hasDefaultAcl(directory: number): boolean {
    const [list] = this.context.syscalls.readXattrs(directory, [byteName(".")], isDefaultAcl);
    return !isXattrList(list) || list.length > 0;
  }

  /** The parts of a list. */
  split(list: readonly Xattr[]): ExistingAttributes {
    let accessAcl: Uint8Array | undefined;
    let defaultAcl: Uint8Array | undefined;
    for (const { name, value } of list) {
      if (name === accessAclName) accessAcl = value;
      else if (name === defaultAclName) defaultAcl = value;
    }
    return { accessAcl, defaultAcl, xattrs: list };
  }
}

function isDefaultAcl(attribute: ByteName): boolean {
  return attribute === defaultAclName;
}

function isAcl(attribute: ByteName): boolean {
  return attribute.startsWith("system.posix_acl_");
}
