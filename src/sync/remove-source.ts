/**
 * Removes source files that are at the destination now: `--remove-source-files` (3-transfer 5.5). A name is removed through
 * its open directory, and only while it is what the list says; the destination itself never is (4-traps R-05, L-13).
 */
import { type ByteName, baseName, byteName, directoryName } from "../bytes/byte-name.ts";
import { emptyStat, type Stat } from "../fs/syscalls/interface.ts";
import { limits } from "../limits.ts";
import type { FileEntry } from "../protocol/file-entry.ts";
import type { RunContext } from "./context.ts";
import { isDirectory } from "./file-list.ts";
import { RemovalPaths } from "./removal-paths.ts";
import type { SourceRoots } from "./source-root.ts";

/** What was done for an entry: `handled` is everything that leaves it at the destination, `sent` its data or a new symlink. */
export type Success = "sent" | "handled";

const ENOENT = -2;
const ELOOP = -40;

/** An entry with the index under which the sender knows it. */
export interface Arrival {
  readonly entry: FileEntry;
  readonly ndx: number;
}

/** Hears of entries that are at the destination. */
export interface Arrivals {
  /** An entry is there, under this name in this open directory. */
  succeeded(arrival: Arrival, success: Success, directory: number, name: ByteName): void;
  /**
   * The same for an entry whose data was sent: its source stays until `flush`, for files that are asked for together may be
   * one (`-L`).
   */
  arrived(arrival: Arrival, success: Success, directory: number, name: ByteName): void;
  /** The same for a hard link: its leader may be one of those that wait, and comes before it. */
  linked(arrival: Arrival, directory: number, name: ByteName): void;
  /** Nothing that was asked for is under way. */
  flush(): void;
}

/** Whether an entry that was brought about so is to be removed from the source. */
export function isRemoved({ options }: RunContext, entry: FileEntry, success: Success): boolean {
  const { removeSource, dryRun } = options;
  return removeSource !== "no" && !dryRun && (removeSource === "all" || success === "sent") && !isDirectory(entry);
}

export class SourceRemover implements Arrivals {
  private readonly context: RunContext;
  private readonly roots: SourceRoots;
  private readonly paths: RemovalPaths;
  private readonly source: Stat = emptyStat();
  private readonly copy: Stat = emptyStat();
  private waitingBytes = 0;
  private readonly waiting: { readonly entry: FileEntry; readonly copy: Stat | undefined }[] = [];

  constructor(context: RunContext, roots: SourceRoots) {
    this.context = context;
    this.roots = roots;
    this.paths = new RemovalPaths(context.syscalls, context.options.insecureLinks);
  }

  succeeded({ entry }: Arrival, success: Success, directory: number, name: ByteName): void {
    if (!isRemoved(this.context, entry, success)) return;
    const { syscalls } = this.context;
    this.remove(entry, syscalls.lstatAt(directory, name, this.copy) === 0 ? this.copy : undefined);
  }

  arrived({ entry }: Arrival, success: Success, directory: number, name: ByteName): void {
    if (!isRemoved(this.context, entry, success)) return;
    const copy = emptyStat();
    const found = this.context.syscalls.lstatAt(directory, name, copy) === 0;
    this.waiting.push({ entry, copy: found ? copy : undefined });
    this.waitingBytes += entry.size;
  }

  linked(arrival: Arrival, directory: number, name: ByteName): void {
    if (this.waiting.length > 0) this.arrived(arrival, "handled", directory, name);
    else this.succeeded(arrival, "handled", directory, name);
  }

  flush(): void {
    for (const { entry, copy } of this.waiting.splice(0)) this.remove(entry, copy);
    this.waitingBytes = 0;
  }

  /**
   * The same once there are many: what two arguments name is found and sent under both, as by rsync, whose sender hears of
   * its arrivals some files later.
   */
  flushMany(): void {
    const { filesAhead, largeFilesAhead, largeFilesBytes } = limits;
    const { length } = this.waiting;
    if (length > filesAhead || (length > largeFilesAhead && this.waitingBytes >= largeFilesBytes)) this.flush();
  }

  /** Removes a source file that is at the destination, or was said to be. */
  remove(entry: FileEntry, copy: Stat | undefined): void {
    const { syscalls, options, ledger } = this.context;
    const { path } = entry;
    const held = this.paths.directory(this.roots.get(entry.root), directoryName(path));
    if (typeof held === "number") {
      if (held === ELOOP) ledger.systemError("sender", `sender failed to secure-open-parent ${path}`, held, path);
      else this.failed(entry, held);
      return;
    }
    const leaf = baseName(path);
    const status = options.copyLinks
      ? syscalls.statAt(held.descriptor, leaf, this.source)
      : syscalls.lstatAt(held.descriptor, leaf, this.source);
    if (status < 0) {
      this.failed(entry, status);
    } else if (copy !== undefined && sameObject(this.source, copy)) {
      ledger.error("sender", `ERROR: Skipping sender remove of destination file: ${path}`, path);
    } else if (changed(entry, this.source)) {
      ledger.error("sender", `ERROR: Skipping sender remove for changed file: ${path}`, path);
    } else {
      const removed = syscalls.unlinkAt(held.descriptor, leaf);
      if (removed < 0) this.failed(entry, removed);
      else if (options.info.remove > 0) this.notice(`sender removed ${path}`, entry);
    }
  }

  /** Closes what is open. */
  close(): void {
    this.paths.close();
  }

  private failed(entry: FileEntry, errno: number): void {
    const { path } = entry;
    if (errno === ENOENT) this.notice(`sender file already removed: ${path}`, entry);
    else this.context.ledger.systemError("sender", `sender failed to remove ${path}`, errno, path);
  }

  private notice(text: string, { path }: FileEntry): void {
    this.context.emit({ type: "notice", role: "sender", code: "source-removed", path, text: byteName(text) });
  }
}

function sameObject(a: Stat, b: Stat): boolean {
  return (
    a.inodeLow === b.inodeLow &&
    a.inodeHigh === b.inodeHigh &&
    a.deviceMajor === b.deviceMajor &&
    a.deviceMinor === b.deviceMinor
  );
}

function changed(entry: FileEntry, stat: Stat): boolean {
  const sized = entry.size !== stat.size;
  return sized || entry.mtime !== stat.mtime || entry.mtimeNanoseconds !== stat.mtimeNanoseconds;
}
