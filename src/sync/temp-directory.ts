/**
 * `--temp-dir`: where files are written before they take their names (3-transfer 5.2). The directory is the operator's
 * (4-traps O-01), opened once; in it nothing but a name of our own making is used.
 */
import { type ByteName, byteName, joinName } from "../bytes/byte-name.ts";
import { cleanPath } from "../bytes/paths.ts";
import { plainUsageError } from "../errors.ts";
import { emptyStat } from "../fs/syscalls/interface.ts";
import { absolutePath } from "../fs/working-directory.ts";
import { FileType } from "../protocol/file-entry.ts";
import type { RunContext } from "./context.ts";
import type { Destination } from "./destination.ts";

export class TempDirectory {
  /** Path for messages. */
  readonly absolute: ByteName;
  private readonly context: RunContext;
  private opened = -1;

  private constructor(context: RunContext, absolute: ByteName) {
    this.context = context;
    this.absolute = absolute;
  }

  /** The directory that was asked for, if any. Throws a usage error if there is none of the name. */
  static find(
    context: RunContext,
    { absolute, walker }: Pick<Destination, "absolute" | "walker">,
  ): TempDirectory | undefined {
    const { options, syscalls } = context;
    const given = options.tempDirectory;
    if (given === undefined) return undefined;
    // A dry run does not enter a destination that it would have to make.
    const path =
      walker === undefined ? absolutePath(syscalls, given) : given.startsWith("/") ? given : joinName(absolute, given);
    const stat = emptyStat();
    if (given === "" || syscalls.statPath(path, stat) < 0)
      throw plainUsageError(`The temp-dir does not exist: ${given}`, "Receiver");
    if ((stat.mode & FileType.mask) !== FileType.directory) {
      throw plainUsageError(`The temp-dir is not a directory: ${given}`, "Receiver");
    }
    return new TempDirectory(context, path);
  }

  /**
   * Its path below the destination, if it lies there and has its time set again for what is made in it: under incremental
   * recursion rsync sees only what changes in a directory while that is in hand, but for `--delete-delay`.
   */
  seenBelow(destination: ByteName): ByteName | undefined {
    const { incrementalRecursion, deleteTiming } = this.context.options;
    if (incrementalRecursion && deleteTiming !== "delay") return undefined;
    const path = cleanPath(this.absolute);
    if (path === destination) return byteName(".");
    return path.startsWith(`${destination}/`) ? byteName(path.slice(destination.length + 1)) : undefined;
  }

  /** Its descriptor, or a negative errno; then each file tries again. */
  open(): number {
    if (this.opened < 0) this.opened = this.context.operator.openDirectory(this.absolute);
    return this.opened;
  }

  close(): void {
    if (this.opened >= 0) this.context.syscalls.close(this.opened);
    this.opened = -1;
  }
}
