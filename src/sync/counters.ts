/** The numbers that `--stats`, the summary and the progress lines show (3-transfer 9.7). */
import { type FileEntry, FileType } from "../protocol/file-entry.ts";
import type { KindCounts } from "./events.ts";

/** Mutable counts by kind. */
export class KindCounter implements KindCounts {
  regular = 0;
  directories = 0;
  links = 0;
  devices = 0;
  specials = 0;

  add(mode: number): void {
    switch (mode & FileType.mask) {
      case FileType.directory:
        this.directories++;
        break;
      case FileType.symlink:
        this.links++;
        break;
      case FileType.block:
      case FileType.character:
        this.devices++;
        break;
      case FileType.fifo:
      case FileType.socket:
        this.specials++;
        break;
      default:
        this.regular++;
    }
  }

  get total(): number {
    return this.regular + this.directories + this.links + this.devices + this.specials;
  }
}

export class RunCounters {
  readonly files: KindCounter = new KindCounter();
  readonly created: KindCounter = new KindCounter();
  readonly deleted: KindCounter = new KindCounter();
  transferredFiles = 0;
  /** Bytes of all listed regular files and link texts. */
  totalSize = 0;
  transferredSize = 0;
  literalBytes = 0;
  /** What delta transfers found: bytes and blocks of bases, and how the search went (3-transfer 9.5). */
  matchedBytes = 0;
  matches = 0;
  hashHits = 0;
  falseAlarms = 0;
  /** Deletions skipped by `--max-delete`. */
  skippedDeletions = 0;
  /** Deletions that `--delete-guard` held back. */
  withheld = 0;
  private readonly missingIsSpecial: boolean;
  /** When the run last let other work in, on the steady clock, in milliseconds. */
  pausedAt = 0;

  /** `missingIsSpecial`: a missing argument that comes from another machine counts as a special file, as in rsync. */
  constructor(missingIsSpecial = false) {
    this.missingIsSpecial = missingIsSpecial;
  }

  /** Counts an entry of an arriving list. */
  list(entry: FileEntry): void {
    this.files.add(entry.mode === 0 && this.missingIsSpecial ? FileType.fifo : entry.mode);
    const type = entry.mode & FileType.mask;
    if (type === FileType.regular || type === FileType.symlink) this.totalSize += entry.size;
  }
}
