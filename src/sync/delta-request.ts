/**
 * The generator's part of a delta transfer in a local run (3-transfer 1.7 steps 18, 23, 26): which file is the basis of
 * an entry, and what the item then takes on the wire (`%b`, `%c`).
 */
import type { ByteName } from "../bytes/byte-name.ts";
import { digestBytes } from "../delta/checksum.ts";
import { literalRunBytes } from "../delta/match-blocks.ts";
import { sumHeadFor } from "../delta/signature.ts";
import { emptyStat, type Stat } from "../fs/syscalls/interface.ts";
import { isItemized } from "../options/itemized.ts";
import { type FileEntry, FileType, isDeviceMode } from "../protocol/file-entry.ts";
import { BasisType } from "../protocol/item-record.ts";
import { checkBlockAllocation } from "./allocation-limit.ts";
import type { Alternate } from "./alternates.ts";
import type { Backups } from "./backup.ts";
import type { Basis } from "./channel.ts";
import type { RunContext } from "./context.ts";
import { type EntryParts, type PlacedTurn, pathBelow, shownName } from "./entry-parts.ts";
import { openRegular } from "./generate-alternate.ts";
import { systemProblem } from "./ledger.ts";
import { openPartialDirectory } from "./partial-directory.ts";
import type { DeltaJob, DeltaResult, JobResult, ReceiveJob } from "./receive-job.ts";
import type { OpenSource } from "./sender.ts";
import { deviceSize } from "./source-stat.ts";

const EPERM = -1;
const tokenBytes = 4;
/** Protocol whose block sizes hold within one machine. */
const newestProtocol = 32;

/** Makes the delta part of jobs; one for a run. */
export class DeltaRequests {
  private readonly context: RunContext;
  private readonly backups: Backups;
  private readonly parts: EntryParts;
  private readonly seed: number;
  /** How a basis is opened besides for reading. */
  private readonly howToOpen: number;

  constructor(parts: EntryParts) {
    this.parts = parts;
    this.context = parts.context;
    this.backups = parts.backups;
    const { checksumSeed, openNoAtime } = parts.context.options;
    this.howToOpen = openNoAtime ? parts.context.syscalls.flags.noAccessTime : 0;
    // Another seed each time, so that an unlucky pair of blocks is not unlucky for ever.
    this.seed = checksumSeed === 0 ? Math.floor(Date.now() / 1000) | 0 : checksumSeed;
  }

  /** What a sender that is not here must know of the basis (3-transfer 1.1). */
  describe(turn: PlacedTurn, partial: boolean, phase: "normal" | "redo", delta: DeltaJob | undefined): Basis {
    const { options } = this.context;
    const { basis } = turn;
    if (basis?.similar === true) return { type: BasisType.fuzzy + basis.index + 1, name: basis.name, delta };
    if (basis !== undefined) return { type: basis.index, name: undefined, delta };
    if (partial) return { type: BasisType.partial, name: undefined, delta };
    // A file in place that is empty has a copy, too, but no sums.
    const hasCopy = delta !== undefined || (turn.exists && turn.oldBytes === 0 && !options.wholeFile);
    const copied = hasCopy && options.inplace && options.backup && phase === "normal";
    return { type: copied ? BasisType.backup : BasisType.destination, name: undefined, delta };
  }

  /** The delta part of a job with its basis open; undefined: the file is sent whole. `forSums`: nothing else is read from it. */
  make(turn: PlacedTurn, partial: boolean, phase: "normal" | "redo", forSums = false): DeltaJob | undefined {
    const { options, syscalls } = this.context;
    const { transferChecksum: checksumName, blockSize } = options;
    const hasBasis = turn.exists || partial || turn.basis !== undefined;
    if (options.wholeFile || checksumName === "none" || !hasBasis) return undefined;
    // A sender that appends takes no block sums: what another file has in common cannot be used (3-transfer 3.5).
    if (options.append !== "no" && phase === "normal" && turn.basis !== undefined) return undefined;
    let basis = this.open(turn, partial, phase, forSums);
    if (basis < 0) return undefined;
    const stat = emptyStat();
    const status = syscalls.fstat(basis, stat);
    const isFile = (stat.mode & FileType.mask) === FileType.regular;
    const isDevice = turn.device !== undefined && isDeviceMode(stat.mode);
    if (isDevice) stat.size = deviceSize(syscalls, stat);
    if (status < 0 || stat.size <= 0 || !(isFile || isDevice)) {
      syscalls.close(basis);
      return undefined;
    }
    const updating =
      partial || (turn.basis === undefined && options.inplace && !(options.backup && phase === "normal"));
    const append = phase === "normal" && options.append !== "no" ? options.append : undefined;
    if (append === undefined) this.checkAllocation(basis, stat.size, phase);
    const basisBytes = partial || isDevice ? stat.size : (turn.oldBytes ?? stat.size);
    const quiet = this.wasShown(turn, partial, stat) ? this.openQuietly(turn) : -1;
    if (quiet >= 0) {
      syscalls.close(basis);
      basis = quiet;
    }
    const leavesNoTrace = quiet >= 0;
    return { basis, updating, blockSize, checksumName, seed: this.seed, phase, append, basisBytes, leavesNoTrace };
  }

  /** Whether what is done with other names shows that a file in place has been read for its sums (`showReading`). */
  private wasShown(turn: PlacedTurn, partial: boolean, stat: Stat): boolean {
    const { options, isRemote } = this.context;
    const isInPlace = turn.basis === undefined && !partial && !options.inplace && options.append === "no";
    return isInPlace && options.atimes && isRemote !== true && stat.linkCount > 1;
  }

  private openQuietly({ place }: PlacedTurn): number {
    const { syscalls } = this.context;
    return syscalls.openAt(place.directory, place.name, this.readFlags | syscalls.flags.noAccessTime);
  }

  /**
   * With `-U` it shows that rsync reads the basis of a file whose source turns out not to be readable: its sums are made before that is
   * known. Only the first bytes are read here.
   */
  touch(turn: PlacedTurn, partial: boolean, phase: "normal" | "redo"): void {
    const { options, syscalls, isRemote } = this.context;
    // A backup in place has read it.
    const wasRead = options.inplace && options.backup;
    if (!options.atimes || options.append !== "no" || wasRead || isRemote === true) return;
    const { basis } = this.make(turn, partial, phase) ?? {};
    if (basis === undefined) return;
    syscalls.read(basis, new Uint8Array(1), 0, 1, 0);
    syscalls.close(basis);
  }

  /**
   * With `-U`: rsync reads a similar file when it asks for the entry, so that the file's own turn, if it is yet to come, gives it back its
   * time of access, and once more when data of it are used.
   */
  touchSimilar(turn: PlacedTurn, result?: JobResult): void {
    const { syscalls } = this.context;
    if (!this.isOwnSimilar(turn) || (result !== undefined && (result.delta?.matchedBytes ?? 0) === 0)) return;
    const basis = openRegular(syscalls, turn.place.directory, turn.basis.name, this.howToOpen);
    if (basis < 0) return;
    syscalls.read(basis, new Uint8Array(1), 0, 1, 0);
    syscalls.close(basis);
  }

  /** Whether the basis is a similar file of the same directory, of which times of access matter. */
  private isOwnSimilar(turn: PlacedTurn): turn is PlacedTurn & { readonly basis: Alternate } {
    const { isRemote, options } = this.context;
    const counts = options.atimes && isRemote !== true && !options.wholeFile && options.transferChecksum !== "none";
    return counts && options.append === "no" && turn.basis?.similar === true && turn.basis.index < 0;
  }

  /** `--max-alloc` counts the block sums of a basis, which a job that is not to be closes. */
  private checkAllocation(basis: number, bytes: number, phase: "normal" | "redo"): void {
    const { syscalls, options } = this.context;
    const { blockSize, transferChecksum, maxAlloc } = options;
    const shape = { blockSize, protocol: newestProtocol, digestBytes: digestBytes[transferChecksum], phase };
    try {
      checkBlockAllocation(sumHeadFor(bytes, shape)?.count ?? 0, maxAlloc);
    } catch (error) {
      syscalls.close(basis);
      throw error;
    }
  }

  /**
   * Whether the file in place can be a basis; one that cannot be opened counts as absent, which is told but is no error
   * (3-transfer 1.7 step 26). Nothing is looked at when files are sent whole.
   */
  canRead({ place, entry }: PlacedTurn): boolean {
    const { options, syscalls } = this.context;
    if (options.wholeFile || options.dryRun) return true;
    const descriptor = syscalls.openAt(place.directory, place.name, this.readFlags);
    this.showReading(descriptor);
    return this.opened(descriptor, place.absolute, entry);
  }

  /** With `-U` the other names of a file that are yet to come show that rsync reads it for its sums when it asks for it. */
  private showReading(descriptor: number): void {
    const { options, syscalls, isRemote } = this.context;
    // A backup in place reads it in its own way.
    const hasCopy = options.inplace && options.backup;
    if (!options.atimes || options.append !== "no" || hasCopy || isRemote === true || descriptor < 0) return;
    const stat = emptyStat();
    if (options.transferChecksum === "none" || syscalls.fstat(descriptor, stat) < 0) return;
    const isRead = (stat.mode & FileType.mask) === FileType.regular && stat.size > 0;
    if (isRead && stat.linkCount > 1) syscalls.read(descriptor, new Uint8Array(1), 0, 1, 0);
  }

  /** The same for a file of an alternate directory. */
  canReadBasis({ directory, name, absolute }: Alternate, entry: FileEntry): boolean {
    const { options, syscalls } = this.context;
    if (options.wholeFile || options.dryRun) return true;
    return this.opened(openRegular(syscalls, directory.descriptor, name, this.howToOpen), absolute, entry);
  }

  /** Whether the receiving side could read this basis, for files that are sent whole. */
  isReadable({ directory, name }: Alternate): boolean {
    const { syscalls } = this.context;
    const descriptor = openRegular(syscalls, directory.descriptor, name, this.howToOpen);
    if (descriptor >= 0) syscalls.close(descriptor);
    return descriptor >= 0;
  }

  /** Why the file in place cannot be read: a negative errno, 0 if it can. */
  openError({ place }: PlacedTurn): number {
    const { syscalls } = this.context;
    const descriptor = syscalls.openAt(place.directory, place.name, this.readFlags);
    return descriptor < 0 ? descriptor : Math.min(syscalls.close(descriptor), 0);
  }

  private get readFlags(): number {
    const { readOnly, nonBlock } = this.context.syscalls.flags;
    return readOnly | nonBlock | this.howToOpen;
  }

  private opened(descriptor: number, absolute: ByteName, entry: FileEntry): boolean {
    if (descriptor >= 0) {
      this.context.syscalls.close(descriptor);
      return true;
    }
    const problem = systemProblem("generator", `failed to open "${absolute}", continuing`, descriptor, entry.path);
    this.context.ledger.record({ ...problem, severity: "warning", countsBefore30: true });
    return false;
  }

  /** Counts what a job found. */
  count(result: JobResult): void {
    const { counters } = this.context;
    const { delta } = result;
    if (delta === undefined) {
      counters.literalBytes += Math.max(result.written, 0);
      return;
    }
    counters.literalBytes += delta.literalBytes;
    counters.matchedBytes += delta.matchedBytes;
    counters.matches += delta.matches;
    counters.hashHits += delta.hashHits;
    counters.falseAlarms += delta.falseAlarms;
  }

  /**
   * Whether a result that is not what the sender has is to be asked for again (3-transfer 5.4); tells so, and the second
   * time that it is an error.
   */
  mustRedo(turn: PlacedTurn, job: ReceiveJob, result: JobResult, phase: "normal" | "redo"): boolean {
    if (!result.failures.some(({ step }) => step === "verify")) return false;
    const { ledger, options, readsBatch } = this.context;
    const shown = shownName(this.parts.destination, turn.entry);
    const inplace = job.method === "inplace";
    const start = `${shown} failed verification -- update`;
    if (phase === "redo") {
      // rsync says so of a file that `--partial` keeps, too.
      const fate = job.keepPartial === "directory" ? "put into partial-dir" : "discarded";
      ledger.error("receiver", `ERROR: ${start} ${inplace ? "retained" : fate}.`, turn.entry.path);
      return false;
    }
    if (options.info.name > 0 || isItemized(options)) {
      const chance = readsBatch ? "may" : "will";
      ledger.warning("receiver", `WARNING: ${start} ${inplace ? "retained" : "discarded"} (${chance} try again).`);
    }
    return true;
  }

  private open(turn: PlacedTurn, partial: boolean, phase: DeltaJob["phase"], forSums: boolean): number {
    const { options, syscalls, operator } = this.context;
    const { directory, name } = turn.place;
    const flags = syscalls.flags.readOnly | syscalls.flags.nonBlock | this.howToOpen;
    if (turn.basis !== undefined) {
      const { directory: above, name: similar } = turn.basis;
      const unseen = this.isOwnSimilar(turn) ? syscalls.flags.noAccessTime : 0;
      const basis = openRegular(syscalls, above.descriptor, similar, this.howToOpen | unseen);
      // Only its owner may read a file without a trace.
      return basis === EPERM ? openRegular(syscalls, above.descriptor, similar, this.howToOpen) : basis;
    }
    if (partial && options.partialDirectory !== undefined) {
      const held = openPartialDirectory(syscalls, operator, directory, options.partialDirectory, false);
      if (held < 0) return held;
      const descriptor = syscalls.openAt(held, name, flags);
      syscalls.close(held);
      return descriptor;
    }
    if (options.inplace && options.backup && phase === "normal") {
      // The copy stays whole while the file itself is overwritten (basis type 0x82). rsync makes its sums while it makes the copy.
      const path = pathBelow(this.parts.destination, turn.entry);
      const unseen = forSums ? syscalls.flags.noAccessTime : 0;
      let copy = this.backups.openCopy(directory, name, path, this.howToOpen | unseen);
      if (copy === EPERM) copy = this.backups.openCopy(directory, name, path, this.howToOpen);
      if (copy >= 0) return copy;
    }
    return syscalls.openAt(directory, name, flags);
  }
}

/**
 * What a transferred file takes on the wire, and the block sums that went the other way. A receiver of what another machine sends
 * sends nothing itself: its generator does (3-transfer 9.6).
 */
export function wireNumbers(source: OpenSource, delta: DeltaResult | undefined): { wire: number; checksums: number } {
  const { wireBytes, size, tokens } = source;
  if (tokens !== undefined) return { wire: tokens.bytesTaken, checksums: 0 };
  if (delta === undefined) return { wire: wireBytes, checksums: 16 };
  const whole = size + tokenBytes * Math.ceil(size / literalRunBytes);
  const data = delta.literalBytes + tokenBytes * (delta.literalRuns + delta.matches);
  return { wire: wireBytes - whole + data, checksums: delta.checksumBytes };
}
