/** The short way for a regular file that is already what it is to be. */
import type { ByteName } from "../bytes/byte-name.ts";
import { accessAclDiffers } from "../fs/acl.ts";
import type { Stat } from "../fs/syscalls/interface.ts";
import type { FileEntry } from "../protocol/file-entry.ts";
import { groupToSet, ownerToSet, xattrsDiffer } from "./compare.ts";
import type { EntryParts } from "./entry-parts.ts";
import { isRegular } from "./file-list.ts";

export class UnchangedCheck {
  private readonly parts: EntryParts;
  /** Whether equal attributes leave nothing to do and nothing to say. */
  private readonly suffices: boolean;

  constructor(parts: EntryParts) {
    this.parts = parts;
    const { options, wants } = parts.context;
    const { checksum, ignoreTimes, partialDirectory, info, alternates } = options;
    const silent = !wants.unchanged && info.name <= 1 && info.skip === 0;
    // What stands there gives way to what an alternate directory has.
    const replaced = alternates !== undefined && alternates.kind !== "copy";
    const plain = options.removeSource === "no" && !options.atimes && !replaced;
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
    const { acls, xattrs } = context.options;
    const present = existing.read(directory, name);
    // What could not be read is reported on the long way.
    if (present.unreadable === true) return false;
    if (acls && accessAclDiffers(entry.accessAcl, entry.mode, present.accessAcl, stat.mode)) return false;
    return xattrs === 0 || !xattrsDiffer(context, entry, present.xattrs);
  }
}
