/** Which ACL a file that is received gets (2-file-list 7.3, 4-traps T-14). */
import { accessAclName, accessAclToSet } from "../fs/acl.ts";
import type { FileEntry } from "../protocol/file-entry.ts";
import type { EntryParts, PlacedTurn } from "./entry-parts.ts";
import type { JobAttributes, ReceiveJob } from "./receive-job.ts";

/** ACLs remembered in the form in which they are set. */
const knownAcls = 1024;

interface KnownAcl {
  readonly mode: number;
  readonly value: Uint8Array | undefined;
}

export class NewAcls {
  private readonly parts: EntryParts;
  private readonly known = new Map<Uint8Array, KnownAcl>();

  constructor(parts: EntryParts) {
    this.parts = parts;
  }

  /** The ACL that a job of this method is to set. */
  of({ entry, mode, directory, place }: PlacedTurn, method: ReceiveJob["method"]): JobAttributes["accessAcl"] {
    if (this.parts.context.options.acls) {
      const value = entry.accessAcl === undefined ? undefined : this.toSet(entry.accessAcl, mode);
      if (value !== undefined) return value;
    } else if (!this.isXattrGone(entry)) return undefined;
    // A file just made has no ACL unless its directory gives it one.
    if (method !== "replace") return null;
    directory.givesAcl ??= this.parts.existing.hasDefaultAcl(place.directory);
    return directory.givesAcl ? null : undefined;
  }

  /** Whether rules for attributes let ACLs be sent as such, and this file has none. */
  private isXattrGone(entry: FileEntry): boolean {
    const { options, filters, identity } = this.parts.context;
    if (options.xattrs === 0 || !filters.storesXattr(accessAclName, options.xattrs, identity.privileged)) return false;
    return entry.xattrs?.some(({ name }) => name === accessAclName) !== true;
  }

  /** Files of one list share ACLs that are equal: the results are shared as well (bench case `attributes`). */
  private toSet(sent: Uint8Array, mode: number): Uint8Array | undefined {
    const known = this.known.get(sent);
    if (known?.mode === mode) return known.value;
    const isNoted = !this.parts.context.syscalls.abilities.descriptorAttributes;
    const value = accessAclToSet(sent, mode, isNoted);
    if (this.known.size >= knownAcls) this.known.clear();
    this.known.set(sent, { mode, value });
    return value;
  }
}
