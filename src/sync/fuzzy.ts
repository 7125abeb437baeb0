/**
 * `--fuzzy`: looks for a file to start from where the destination has none of the name, in the same directory and, given
 * twice, in those of the alternate directories (3-transfer 1.9). It is a basis only: what is built from it is verified.
 */
import { type ByteName, byteName, compareBytes, directoryName, joinName } from "../bytes/byte-name.ts";
import type { HeldDirectory } from "../fs/held-directory.ts";
import { emptyStat, type Stat } from "../fs/syscalls/interface.ts";
import { FileType } from "../protocol/file-entry.ts";
import type { Alternate } from "./alternates.ts";
import { noAttributes, sameTime } from "./compare.ts";
import { fullPath } from "./context.ts";
import { destinationDevice, deviceOf } from "./deletion-order.ts";
import { destinationNames } from "./destination-names.ts";
import { type EntryParts, type PlacedTurn, pathBelow, remark } from "./entry-parts.ts";
import { fileSuffix, nameDistance, one } from "./name-distance.ts";
import { refusesForeignLink } from "./place.ts";
import { readLinks } from "./read-links.ts";

const EACCES = -13;

/** What is farther away than this has nothing to do with the name. */
const farthest = 25 * one;
/** A difference in suffixes counts more than one in names. */
const suffixWeight = 10;

interface Candidate {
  readonly held: HeldDirectory;
  readonly directory: ByteName;
  readonly index: number;
  readonly name: ByteName;
  readonly stat: Stat;
}

export class FuzzyBases {
  private readonly parts: EntryParts;
  /** The directory that was searched last, its files, and the names that are written in it by now. */
  private path: ByteName | undefined;
  private candidates: Candidate[] = [];
  private held: HeldDirectory[] = [];
  private readonly requested = new Set<ByteName>();

  constructor(parts: EntryParts) {
    this.parts = parts;
  }

  /** Hears that a file is being transferred: it is no basis for others any more. */
  requests({ entry }: PlacedTurn): void {
    if (this.parts.context.options.fuzzy > 0) this.requested.add(entry.path);
  }

  /** The file that is likeliest to resemble the entry, its directory held until released. `linked`: it is one of a group. */
  find(turn: PlacedTurn, linked: boolean): Alternate | undefined {
    const { context, destination } = this.parts;
    const { options } = context;
    const { entry } = turn;
    // A whole file needs no basis, but without --perms it gets the mode of that, and one of a group leads if it has one.
    const needless = context.isRemote !== true && (options.dryRun || (options.wholeFile && options.permissions));
    const unneeded = needless && !linked;
    // rsync looks all the same, and reads the links that it finds, which their times of access show; or refuses to follow one;
    // or tells of mount points, or of what may not be read.
    const refuses = options.keepDirectoryLinks && !options.dryRun;
    const told = options.atimes || this.tellsMountPoints || refuses || !context.identity.privileged;
    const isIdle = unneeded && !told;
    if (options.fuzzy === 0 || isIdle) return undefined;
    this.look(turn);
    const path = directoryName(pathBelow(destination, entry));
    const free = this.candidates.filter(({ name, index }) => index >= 0 || !this.requested.has(joinName(path, name)));
    const { size, mtime, mtimeNanoseconds } = entry;
    const equal = free.find(
      ({ stat }) => stat.size === size && sameTime(mtime, mtimeNanoseconds, stat.mtime, stat.mtimeNanoseconds, options),
    );
    const found = equal ?? closest(free, entry.name);
    if (found === undefined) return undefined;
    const { held, directory, index, name, stat } = found;
    const isRefused = index < 0 && !options.dryRun && refusesForeignLink(context, destination, path);
    if (isRefused || unneeded) return undefined;
    const absolute = joinName(directory, name);
    return {
      level: 1,
      index,
      directory: held.retain(),
      name,
      absolute,
      stat,
      attributes: noAttributes(),
      similar: true,
    };
  }

  /** Lists the directory of an entry that is missing, and tells if that fails. */
  look({ entry, directory }: Pick<PlacedTurn, "entry" | "directory">): void {
    const { context, destination } = this.parts;
    if (context.options.fuzzy === 0) return;
    const path = directoryName(pathBelow(destination, entry));
    if (path !== this.path) this.read(path, directory.descriptor === undefined);
  }

  /** With `-xx` what the search lists leaves out mount points, and says so. */
  private get tellsMountPoints(): boolean {
    const { oneFileSystem, info } = this.parts.context.options;
    return oneFileSystem > 1 && info.mount > 0;
  }

  private tellMountPoints(directory: number, path: ByteName, names: readonly ByteName[]): void {
    const { context, destination, deleter } = this.parts;
    const { syscalls } = context;
    const stat = emptyStat();
    if (typeof destination.walker?.directory(byteName("")) !== "object") return;
    const own = deleter.topDevice || destinationDevice(syscalls, destination, stat);
    for (const name of names) {
      const isDirectory =
        syscalls.lstatAt(directory, name, stat) === 0 && (stat.mode & FileType.mask) === FileType.directory;
      if (!isDirectory || deviceOf(stat) === own) continue;
      const child = joinName(path, name);
      remark(context, "mount-point", `[generator] skipping mount-point dir ${child}`, child, true);
    }
  }

  close(): void {
    for (const held of this.held.splice(0)) held.release();
    this.candidates = [];
    this.path = undefined;
  }

  private read(path: ByteName, isMissing: boolean): void {
    const { context, destination, alternates } = this.parts;
    this.close();
    this.path = path;
    this.requested.clear();
    const own = destination.walker?.directory(path);
    if (typeof own === "object") this.add(own.retain(), fullPath(destination.absolute, path), -1, path);
    else if (own === EACCES && !isMissing) this.fail(fullPath(destination.absolute, path), own);
    if (context.options.fuzzy < 2) return;
    for (const { index, held, absolute } of alternates.directories(path)) {
      if (typeof held === "object") this.add(held, absolute, index);
      else if (held === EACCES) this.fail(absolute, held);
    }
  }

  private fail(directory: ByteName, status: number): void {
    const { ledger } = this.parts.context;
    const shown = this.path === "" ? joinName(directory, byteName(".")) : directory;
    ledger.systemError("generator", `opendir "${shown}" failed`, status, directory);
    ledger.readFailed();
  }

  /** Takes over the directory. `shown` is its name in remarks. */
  private add(held: HeldDirectory, directory: ByteName, index: number, shown = directory): void {
    const { syscalls, options } = this.parts.context;
    this.held.push(held);
    const names =
      index < 0 ? destinationNames(syscalls, held.descriptor, shown) : syscalls.readDirectory(held.descriptor);
    if (typeof names === "number") {
      this.fail(directory, names);
      return;
    }
    if (options.atimes) readLinks(syscalls, held.descriptor, names);
    if (this.tellsMountPoints) this.tellMountPoints(held.descriptor, shown, names);
    for (const name of names.sort(compareBytes)) {
      const stat = emptyStat();
      if (syscalls.lstatAt(held.descriptor, name, stat) < 0) continue;
      const usable = (stat.mode & FileType.mask) === FileType.regular && stat.size > 0;
      if (usable) this.candidates.push({ held, directory, index, name, stat });
    }
  }
}

function closest(candidates: readonly Candidate[], wanted: ByteName): Candidate | undefined {
  const suffix = fileSuffix(wanted);
  let limit = farthest;
  let best: Candidate | undefined;
  for (const candidate of candidates) {
    let distance = nameDistance(candidate.name, wanted, limit);
    if (distance > limit) continue;
    distance += nameDistance(fileSuffix(candidate.name), suffix, Number.MAX_SAFE_INTEGER) * suffixWeight;
    if (distance > limit) continue;
    limit = distance;
    best = candidate;
  }
  return best;
}
