/** What the flags of a directory entry mean to a receiver (2-file-list 3.3), as `EntryFlag` bits. */
import type { ByteName } from "../bytes/byte-name.ts";
import { WireFlag } from "./entry-flags.ts";
import { EntryFlag } from "./file-entry.ts";
import type { FileListSettings } from "./file-list-settings.ts";

/** From protocol 30 on each directory says it all. */
export function directoryMarks(flags: number): number {
  const isTop = (flags & WireFlag.top) !== 0;
  if ((flags & WireFlag.noContent) !== 0) return isTop ? EntryFlag.implied : 0;
  return isTop ? EntryFlag.content | EntryFlag.top : EntryFlag.content;
}

/** Before, only the roots are marked: what follows below a root has content too, if the transfer is recursive. */
export class OldHierarchy {
  private readonly settings: FileListSettings;
  /** The root that later directories may lie below. */
  private root: ByteName | undefined;

  constructor(settings: FileListSettings) {
    this.settings = settings;
  }

  /** The marks of the next directory. Asking again for the same one gives the same. */
  marks(path: ByteName, flags: number): number {
    const { recursive, relative } = this.settings;
    if ((flags & WireFlag.top) !== 0) {
      this.root = recursive ? path : undefined;
      return EntryFlag.content | EntryFlag.top;
    }
    const { root } = this;
    if (root === undefined) return 0;
    const isBelow = !relative || root === "." || root === "/." || path.startsWith(`${root}/`);
    if (!isBelow) this.root = undefined;
    return isBelow ? EntryFlag.content : 0;
  }
}
