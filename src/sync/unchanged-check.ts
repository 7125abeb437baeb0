/** The short way for a regular file that is already what it is to be. */
import type { ByteName } from "../bytes/byte-name.ts";
import { accessAclDiffers } from "../fs/acl.ts";
import { isXattrList, type Stat } from "../fs/syscalls/interface.ts";
import type { FileEntry, Xattr } from "../protocol/file-entry.ts";
import { type ExistingAttributes, groupToSet, ownerToSet, xattrsDiffer } from "./compare.ts";
import type { EntryParts } from "./entry-parts.ts";
import { isRegular } from "./file-list.ts";

/** Lists of attributes whose last comparison is remembered. */
const knownLists = 1024;

/** What a list of attributes was found to be equal to. */
type Equal = Pick<FileEntry, "mode" | "accessAcl" | "xattrs">;

export class UnchangedCheck {
  private readonly parts: EntryParts;
  /** Whether equal attributes leave nothing to do and nothing to say. */
  private readonly suffices: boolean;
  private readonly equal = new Map<readonly Xattr[], Equal>();

  constructor(parts: EntryParts) {
    this.parts = parts;
    const { options, wants, syscalls } = parts.context;
    const { checksum, ignoreTimes, partialDirectory, info, debug, alternates } = options;
    const silent = !wants.unchanged && info.name <= 1 && info.skip === 0 && debug.filter === 0;
    // What stands there gives way to what an alternate directory has.
    const replaced = alternates !== undefined && alternates.kind !== "copy";
    // A file that stands for another may have to lose what it is by itself.
    const real = syscalls.abilities.descriptorAttributes;
    const plain = real && options.removeSource === "no" && !options.atimes && !replaced;
    this.suffices = silent && plain && !checksum && !ignoreTimes && partialDirectory === undefined;
  }

  /**
   * Whether the file with this stat is the entry's in everything that is preserved: then what follows would find nothing
   * to do. Most files of most runs end here (bench cases `unchanged`, `attributes-unchanged`).
   */
  holds(entry: FileEntry, stat: Stat, directory: number | undefined, name: ByteName): boolean {
    const { context, existing } = this.parts;
    return (
      this.suffices &&
      stat.mode === entry.mode &&
      stat.size === entry.size &&
      stat.mtime === entry.mtime &&
      stat.mtimeNanoseconds === entry.mtimeNanoseconds &&
      isRegular(entry) &&
      ownerToSet(context, entry, stat) < 0 &&
      groupToSet(context, entry, stat) < 0 &&
      (!existing.needed || (directory !== undefined && this.hasSameAttributes(entry, stat, directory, name)))
    );
  }

  private hasSameAttributes(entry: FileEntry, stat: Stat, directory: number, name: ByteName): boolean {
    const { context, existing } = this.parts;
    if (!context.filters.hasXattrRules && !existing.readsAhead) {
      // Most files have the attributes of others: then their lists are the same objects on both sides.
      const list = existing.list(directory, name);
      if (!isXattrList(list)) return false;
      const known = this.equal.get(list);
      const { mode, accessAcl, xattrs } = entry;
      if (known?.mode === mode && known.accessAcl === accessAcl && known.xattrs === xattrs) return true;
      if (!this.areSame(entry, stat, existing.split(list))) return false;
      if (this.equal.size >= knownLists) this.equal.clear();
      this.equal.set(list, { mode, accessAcl, xattrs });
      return true;
    }
    const present = existing.read(directory, name);
    // What could not be read is reported on the long way.
    return present.unreadable !== true && this.areSame(entry, stat, present);
  }

  private areSame(entry: FileEntry, stat: Stat, present: ExistingAttributes): boolean {
    const { context } = this.parts;
    const { acls, xattrs } = context.options;
    if (acls && accessAclDiffers(entry.accessAcl, entry.mode, present.accessAcl, stat.mode)) return false;
    return xattrs === 0 || !xattrsDiffer(context, entry, present.xattrs);
  }
}
