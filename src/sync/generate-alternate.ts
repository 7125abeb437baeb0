/**
 * What the generator does with an entry that an alternate directory has (3-transfer 1.10): link it, copy it within the
 * machine, or leave it out. Nothing is asked of the sender then.
 */
import { type ByteName, byteName, directoryName, joinName } from "../bytes/byte-name.ts";
import { errnoText } from "../fs/errno.ts";
import { emptyStat, type Stat } from "../fs/syscalls/interface.ts";
import { type FileEntry, FileType } from "../protocol/file-entry.ts";
import { ItemFlag } from "../protocol/item-flags.ts";
import { type Alternate, AlternateLevel } from "./alternates.ts";
import { jobAttributes, setAttributes } from "./attributes.ts";
import { itemFlags, newItemFlags, postponeXattrs } from "./compare.ts";
import { fullPath, pauseIn } from "./context.ts";
import { type EntryParts, type PlacedTurn, pathBelow, remark } from "./entry-parts.ts";
import { isRegular } from "./file-list.ts";
import { mkstempText } from "./finish-file.ts";
import type { LinkGroup } from "./hard-links.ts";
import { replaceBy, sameInode } from "./make-special.ts";
import { NewAcls } from "./new-acls.ts";
import { refusesForeignLink } from "./place.ts";
import { FileReceiver } from "./receive-file.ts";
import type { JobResult, ReceiveJob } from "./receive-job.ts";
import { finish } from "./steps.ts";
import { verificationText } from "./verify-copy.ts";

const ENOENT = -2;
const EINVAL = -22;
const EEXIST = -17;
const ENOTDIR = -20;
const ELOOP = -40;

/** How an alternate took care of an entry; `failed` leaves it to be made or transferred. */
export type AlternateOutcome = "linked" | "copied" | "left-out" | "failed";

export class AlternateEntries {
  private readonly parts: EntryParts;
  private readonly newAcls: NewAcls;
  private receiver: FileReceiver | undefined;

  constructor(parts: EntryParts) {
    this.parts = parts;
    this.newAcls = new NewAcls(parts);
  }

  /** What resembles the entry most, to be released; something of the entry's kind at the destination narrows the search. */
  find(turn: PlacedTurn): Alternate | undefined {
    return finish(this.findInSteps(turn));
  }

  private *findInSteps(turn: PlacedTurn): Generator<void, Alternate | undefined> {
    const { alternates, context, destination } = this.parts;
    const given = context.options.alternates;
    if (given === undefined || (turn.exists && given.kind === "copy")) return undefined;
    const { entry, mode, exists } = turn;
    const found = yield* alternates.findInSteps({ entry, path: pathBelow(destination, entry), mode });
    if (found === undefined || !exists || found.level === AlternateLevel.attributes) return found;
    // What stands there already serves better than anything that would have to be changed too.
    found.directory.release();
    return undefined;
  }

  /**
   * The same for a regular file, where `stat` describes what stands there: another name of the alternate's file already, which counts
   * as any file that stands there, is none. Made in steps, as long as large files are digested.
   */
  *findFile(turn: PlacedTurn, stat: Stat, group: LinkGroup | undefined): Generator<void, Alternate | undefined> {
    const found = yield* this.findInSteps(turn);
    const isLinking =
      found?.level === AlternateLevel.attributes && this.parts.context.options.alternates?.kind === "link";
    if (!isLinking || !turn.exists || !sameInode(stat, found.stat)) return found;
    if (group !== undefined) group.alternate = found.stat;
    found.directory.release();
    return undefined;
  }

  /** Brings a regular file about from an alternate with the same content. A promise where that takes longer. */
  file(turn: PlacedTurn, found: Alternate): AlternateOutcome | Promise<AlternateOutcome> {
    const { context } = this.parts;
    const { alternates: given, dryRun } = context.options;
    if (found.level === AlternateLevel.attributes) {
      if (given?.kind === "compare") return this.leaveOut(turn);
      this.parts.context.gate?.alternate(turn.entry, true);
      if (given?.kind === "link") {
        const outcome = dryRun ? "linked" : this.link(turn, found);
        if (outcome !== undefined) return outcome;
      }
    }
    return dryRun ? "copied" : this.copy(turn, found);
  }

  /** The same for a symlink, device or special file, which is made by the caller if it is not linked. */
  special(turn: PlacedTurn, found: Alternate): AlternateOutcome {
    const { options, syscalls } = this.parts.context;
    if (options.alternates?.kind === "compare") return "left-out";
    if (options.alternates?.kind === "copy") return "copied";
    const { place } = turn;
    if (options.dryRun) return "linked";
    const { descriptor } = found.directory;
    const status = syscalls.linkAt(descriptor, found.name, place.directory, place.name);
    if (status === 0) turn.directory.dirty = true;
    return status === 0 ? "linked" : "failed";
  }

  /** Item flags for what was found. */
  flags(turn: PlacedTurn, found: Alternate, outcome: AlternateOutcome): number {
    const { entry, mode } = turn;
    const { context } = this.parts;
    const initial = {
      linked: ItemFlag.local | ItemFlag.nameFollows,
      copied: ItemFlag.local,
      "left-out": 0,
      failed: ItemFlag.local,
    }[outcome];
    // A time that is not kept is told of files that are copied, not of what is equal otherwise.
    const equal = found.level === AlternateLevel.attributes && !(outcome === "copied" && isRegular(entry));
    return itemFlags(context, entry, mode, found.stat, found.attributes, initial, equal ? byteName("") : undefined);
  }

  /** Gives a linked file, and so that of the alternate, the source's time of access, and the mode that a copy would get. */
  setAccessTime({ entry, place, mode: ownMode, copyMode: mode = ownMode }: PlacedTurn, found: Alternate): void {
    const { context } = this.parts;
    if (!context.options.atimes || context.options.dryRun) return;
    setAttributes(context, place, entry, mode, { ...found.stat }, found.attributes, "by-window");
  }

  private leaveOut({ entry, place, exists, cleared, directory }: PlacedTurn): AlternateOutcome {
    const { options, syscalls, gate } = this.parts.context;
    if (exists || cleared === true) gate?.alternate(entry, false);
    if (!exists || options.dryRun) return "left-out";
    const removed = syscalls.unlinkAt(place.directory, place.name);
    if (removed === 0) directory.dirty = true;
    // What cannot be removed is compared and brought up to date where it stands.
    return removed === 0 || removed === ENOENT ? "left-out" : "failed";
  }

  /**
   * Makes the name another link of the alternate. Where that cannot be done (undefined) it will be copied, which is no error
   * (P-08).
   */
  private link({ entry, place, exists, directory }: PlacedTurn, found: Alternate): "linked" | "failed" | undefined {
    const { context, destination } = this.parts;
    const { syscalls, options } = context;
    const { descriptor } = found.directory;
    const make = (leaf: typeof place.name) => syscalls.linkAt(descriptor, found.name, place.directory, leaf);
    const isRefused = refusesForeignLink(context, destination, directoryName(pathBelow(destination, entry)));
    let status = isRefused ? ELOOP : exists ? EEXIST : make(place.name);
    if (status === EEXIST) {
      const replaced = replaceBy(syscalls, place.directory, place.name, make);
      status = typeof replaced === "object" ? replaced.status : replaced;
    }
    if (status === 0) {
      directory.dirty = true;
      return "linked";
    }
    // What cannot be removed is compared and brought up to date where it stands. Removing a directory of that name asks whether
    // it can be, and leaves everything but a directory alone.
    const isKept = exists && !isRefused;
    if (isKept && syscalls.removeDirectoryAt(place.directory, place.name) !== ENOTDIR) return "failed";
    const reason = `failed: ${errnoText(-status)}`;
    const text = `rsync: [generator] link "${place.absolute}" => ${found.absolute} ${reason}`;
    remark(context, "other", text, entry.path, options.info.name > 0);
    return undefined;
  }

  private copy(turn: PlacedTurn, found: Alternate): AlternateOutcome | Promise<AlternateOutcome> {
    const { context } = this.parts;
    const source = this.open(found);
    if (source < 0) {
      const { entry, place } = turn;
      context.ledger.systemError("generator", `open "${found.absolute}"`, source, found.absolute);
      const target = joinName(
        directoryName(pathBelow(this.parts.destination, entry)),
        `.${place.name.replace(/^\./, "")}.XXXXXX` as ByteName,
      );
      const text = `rsync: [generator] copy_file "${found.absolute}" => ${target}: ${errnoText(-source)}`;
      remark(context, "other", text, entry.path, context.options.info.copy > 0);
      return "failed";
    }
    this.receiver ??= new FileReceiver(context.syscalls, context.operator);
    // rsync reads an empty file too, which its time of access shows.
    if (found.stat.size === 0) context.syscalls.read(source, new Uint8Array(1), 0, 1, 0);
    const steps = this.receiver.steps(this.job(turn, found, source));
    const first = steps.next();
    return first.done === true ? this.copied(turn, first.value) : this.copyOn(turn, steps);
  }

  /** Large files: other work is let in between the pieces. */
  private async copyOn(turn: PlacedTurn, steps: Generator<number, JobResult>): Promise<AlternateOutcome> {
    try {
      for (;;) {
        await pauseIn(this.parts.context);
        const step = steps.next();
        if (step.done === true) return this.copied(turn, step.value);
      }
    } finally {
      // Of a copy that is stopped nothing stays behind.
      steps.return(nothing);
    }
  }

  private copied({ entry, place, directory }: PlacedTurn, { done, failures }: JobResult): AlternateOutcome {
    const { context, destination, temp } = this.parts;
    const { ledger } = context;
    for (const { step, errno, detail } of failures) {
      if (step === "compare" && errno === 0) {
        ledger.error("generator", verificationText(place.absolute), place.absolute);
        continue;
      }
      // rsync's receiver sets attributes that the alternate file lacks, or cannot give.
      if (step === "xattr") {
        const call = `rsync_xal_set: fsetxattr("${place.absolute}","${detail ?? ""}") failed`;
        ledger.systemError("receiver", call, errno, place.absolute);
        continue;
      }
      const above = fullPath(destination.absolute, directory.path);
      const opened = context.options.inplace
        ? `open "${place.absolute}"`
        : mkstempText(place.name, above, temp?.absolute);
      const text = step === "open" ? opened : `${step} "${place.absolute}" failed`;
      ledger.systemError("generator", text, errno, place.absolute);
    }
    if (done) directory.dirty = true;
    // What the copy lacks is asked for with its item.
    if (done && context.options.xattrs > 0) postponeXattrs(context, entry);
    return done ? "copied" : "failed";
  }

  private job(turn: PlacedTurn, found: Alternate, source: number): ReceiveJob {
    const { entry, place, copyMode: mode = turn.mode } = turn;
    const { context, temp, tree, destination } = this.parts;
    const inside = temp?.seenBelow(destination.absolute);
    if (inside !== undefined) tree.touch(inside);
    return {
      id: -1,
      source,
      size: found.stat.size,
      directory: place.directory,
      name: place.name,
      tempDirectory: temp?.open(),
      method: "replace",
      // As in rsync, which makes holes of what is transferred only.
      sparse: false,
      preallocate: context.options.preallocate,
      fsync: context.options.fsync,
      verify: context.options.verify,
      reflink: context.options.reflink,
      attributes: jobAttributes(context, entry, mode, this.newAcls.of(turn, "replace")),
      keepPartial: "no",
      partialDirectory: undefined,
      delayed: false,
      wantDigest: false,
    };
  }

  /** Only a regular file is opened for its data (S-15). Where rsync guards against links, it does so without `--open-noatime`. */
  private open({ directory, name }: Alternate): number {
    const { syscalls, options } = this.parts.context;
    const isQuiet = options.openNoAtime && options.insecureLinks;
    return openRegular(syscalls, directory.descriptor, name, isQuiet ? syscalls.flags.noAccessTime : 0);
  }
}

/** Flags of a directory that is to be made; one that an alternate directory has is compared with that. */
export function newDirectoryFlags(
  parts: Pick<EntryParts, "alternates" | "context">,
  entry: FileEntry,
  path: ByteName,
  mode: number,
): number {
  const { alternates, context } = parts;
  const found = alternates.find({ entry, path, mode });
  if (found === undefined) return newItemFlags(context, entry, ItemFlag.local);
  found.directory.release();
  const equal = found.level === AlternateLevel.attributes;
  if (equal) remark(context, "up-to-date", `${path}/ is uptodate`, entry.path, context.options.info.name > 1);
  const linkName = equal ? byteName("") : undefined;
  return itemFlags(context, entry, mode, found.stat, found.attributes, ItemFlag.local, linkName);
}

/** Opens a regular file for reading; a negative errno for anything else. */
export function openRegular(
  syscalls: EntryParts["context"]["syscalls"],
  directory: number,
  name: Alternate["name"],
  moreFlags = 0,
): number {
  const descriptor = syscalls.openAt(directory, name, syscalls.flags.readOnly | syscalls.flags.nonBlock | moreFlags);
  if (descriptor < 0) return descriptor;
  const stat = emptyStat();
  const status = syscalls.fstat(descriptor, stat);
  if (status === 0 && (stat.mode & FileType.mask) === FileType.regular) return descriptor;
  syscalls.close(descriptor);
  return status < 0 ? status : EINVAL;
}

const nothing: JobResult = { id: -1, done: false, written: 0, failures: [], tempName: undefined, digest: undefined };
