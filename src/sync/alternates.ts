/**
 * The alternate directories of `--compare-dest`, `--copy-dest` and `--link-dest` (3-transfer 1.10): which of them has
 * something that resembles an entry, and how much. The directories themselves are the operator's (4-traps O-01); below
 * them no link is followed, and only regular files are opened (S-15).
 */
import { type ByteName, baseName, byteName, directoryName, joinName } from "../bytes/byte-name.ts";
import { DirectoryWalker, type HeldDirectory } from "../fs/held-directory.ts";
import { emptyStat, type Stat } from "../fs/syscalls/interface.ts";
import { limits } from "../limits.ts";
import type { TransferOptions } from "../options/transfer-options.ts";
import { type FileEntry, FileType } from "../protocol/file-entry.ts";
import { ItemFlag } from "../protocol/item-flags.ts";
import { type Fingerprint, fingerprintOf } from "./change-gate.ts";
import { type ExistingAttributes, itemFlags, quickCheck, sameTime } from "./compare.ts";
import type { RunContext } from "./context.ts";
import type { Destination } from "./destination.ts";
import type { ExistingReader } from "./existing.ts";
import { FileDigester, quickDigestBytes } from "./file-digest.ts";
import { isDirectory, isRegular } from "./file-list.ts";
import { classOf, sameInode, sameSpecial } from "./make-special.ts";
import { finish } from "./steps.ts";

const ELOOP = -40;

/** How much something in an alternate directory resembles an entry: its kind, its content too, its attributes too. */
export const AlternateLevel = { kind: 1, content: 2, attributes: 3 } as const;

/** The best that was found. */
export interface Alternate {
  readonly level: 1 | 2 | 3;
  /** Which of the directories, from 0. */
  readonly index: number;
  /** Its name in the open directory that contains it, which is held until `release`. */
  readonly directory: HeldDirectory;
  readonly name: ByteName;
  /** Its path for messages. */
  readonly absolute: ByteName;
  readonly stat: Stat;
  readonly attributes: ExistingAttributes;
  /** It is a file of another name; then index -1 is the destination directory itself. */
  readonly similar?: boolean;
}

/** A directory of the same path in an alternate directory. */
export interface AlternateDirectory {
  readonly index: number;
  /** Or a negative errno. */
  readonly held: HeldDirectory | number;
  /** Its path for messages. */
  readonly absolute: ByteName;
}

/** What is looked for. */
export interface Wanted {
  readonly entry: FileEntry;
  /** Path below the destination. */
  readonly path: ByteName;
  /** The mode that the entry is to get. */
  readonly mode: number;
  /** Only this very file will do. */
  readonly file?: Stat | undefined;
}

/** One directory, opened when it is first asked for. */
interface Root {
  /** As messages show it. */
  readonly text: ByteName;
  walker: DirectoryWalker | undefined;
  /** It is outside of the directory of `--confine-root`, which was said. */
  told: boolean;
}

/** The directories as messages show them, each at `placeOf` its path; tells which of them do not exist. */
export function alternatePlaces(
  { options, syscalls, ledger }: RunContext,
  placeOf: (path: ByteName) => ByteName,
): ByteName[] {
  const { kind, directories } = options.alternates ?? { kind: "link", directories: [] };
  const places = directories.map(placeOf);
  const stat = emptyStat();
  for (const text of places) {
    const found = syscalls.statPath(text, stat) === 0;
    if (found && (stat.mode & FileType.mask) === FileType.directory) continue;
    const trouble = found ? "is not a dir" : "does not exist";
    // Told before the two sides talk to each other: no log has it.
    ledger.warning("Receiver", `--${kind}-dest arg ${trouble}: ${text}`);
  }
  return places;
}

export class Alternates {
  private readonly context: RunContext;
  private readonly existing: ExistingReader;
  private readonly digester: FileDigester;
  private readonly roots: readonly Root[];
  /** What rsync takes for the ACLs and extended attributes of each further directory: those that it has compared first, all else being equal. */
  private compared: { acls?: ExistingAttributes; xattrs?: ExistingAttributes } = {};

  /** Tells which of the directories do not exist; the others are still searched. */
  constructor(context: RunContext, destination: Destination, existing: ExistingReader) {
    this.context = context;
    this.existing = existing;
    this.digester = new FileDigester(context.syscalls, context.options.listChecksum);
    this.roots = alternatePlaces(context, (path) => placeOf(path, destination)).map((text) => ({
      text,
      walker: undefined,
      told: false,
    }));
  }

  /** The directory `path` of every alternate directory, in order, open if it can be; each is held until released. */
  *directories(path: ByteName): Generator<AlternateDirectory> {
    for (const [index, root] of this.roots.entries()) {
      const found = this.open(root, path);
      const held = typeof found === "number" ? found : found.retain();
      yield { index, held, absolute: path === "" ? root.text : joinName(root.text, path) };
    }
  }

  /** The first of the best matches; to be released. */
  find(wanted: Wanted): Alternate | undefined {
    return finish(this.findInSteps(wanted));
  }

  /** The same in steps, as long as large files are digested. */
  *findInSteps(wanted: Wanted): Generator<void, Alternate | undefined> {
    let best: Alternate | undefined;
    let isThrough = false;
    this.compared = {};
    try {
      for (const [index, root] of this.roots.entries()) {
        if (best?.level === AlternateLevel.attributes) break;
        const found = yield* this.look(wanted, index, root, best?.level ?? 0);
        if (found === undefined) continue;
        best?.directory.release();
        best = found;
      }
      isThrough = true;
    } finally {
      if (!isThrough) best?.directory.release();
    }
    if (best !== undefined && isDirectory(wanted.entry))
      best = { ...best, attributes: this.asCompared(best.attributes) };
    const { options, syscalls } = this.context;
    // It is looked at once more after its sums were made, which its time of access shows.
    if (options.atimes && best !== undefined && best.level !== AlternateLevel.attributes)
      syscalls.lstatAt(best.directory.descriptor, best.name, best.stat);
    return best;
  }

  /** What stands at a path below the destination in each of the directories. */
  fingerprints(path: ByteName): (Fingerprint | undefined)[] {
    const isRoot = path === "." || path === "";
    const stat = emptyStat();
    return this.roots.map((root) => {
      const held = this.open(root, isRoot ? byteName("") : directoryName(path));
      if (typeof held === "number") return undefined;
      const name = isRoot ? byteName(".") : baseName(path);
      return this.context.syscalls.lstatAt(held.descriptor, name, stat) < 0 ? undefined : fingerprintOf(stat);
    });
  }

  close(): void {
    for (const { walker } of this.roots) walker?.dispose();
  }

  private *look(
    { entry, path, mode, file }: Wanted,
    index: number,
    root: Root,
    than: number,
  ): Generator<void, Alternate | undefined> {
    const { context, existing } = this;
    const isRoot = path === "." || path === "";
    const found = this.open(root, isRoot ? byteName("") : directoryName(path));
    if (typeof found === "number") return undefined;
    const name = isRoot ? byteName(".") : baseName(path);
    const stat = emptyStat();
    if (context.syscalls.lstatAt(found.descriptor, name, stat) < 0) return undefined;
    if (classOf(entry.mode) !== classOf(stat.mode) || (file !== undefined && !sameInode(stat, file))) return undefined;
    const directory = found.retain();
    let isBetter = false;
    try {
      const content = yield* this.sameContent(entry, directory.descriptor, name, stat);
      if (!content && than >= AlternateLevel.kind) return undefined;
      const absolute = isRoot ? root.text : joinName(root.text, path);
      const own = existing.readFresh(directory.descriptor, name);
      const attributes = isDirectory(entry) ? this.asCompared(own) : own;
      const differences = itemFlags(context, entry, mode, stat, attributes, 0) & ~ItemFlag.accessTime;
      const isOther = hasOtherOmittedTime(entry, stat, context.options);
      if ((differences & ~ItemFlag.xattr & ~ItemFlag.acl) === 0 && !isOther) this.compared.acls ??= attributes;
      if ((differences & ~ItemFlag.xattr) === 0 && !isOther) this.compared.xattrs ??= attributes;
      const level = !content
        ? AlternateLevel.kind
        : differences === 0 && !isOther
          ? AlternateLevel.attributes
          : AlternateLevel.content;
      isBetter = level > than;
      return isBetter ? { level, index, directory, name, absolute, stat, attributes } : undefined;
    } finally {
      if (!isBetter) directory.release();
    }
  }

  private asCompared(own: ExistingAttributes): ExistingAttributes {
    const { acls = own, xattrs = own } = this.compared;
    return { ...own, accessAcl: acls.accessAcl, defaultAcl: acls.defaultAcl, xattrs: xattrs.xattrs };
  }

  private *sameContent(entry: FileEntry, directory: number, name: ByteName, stat: Stat): Generator<void, boolean> {
    const { syscalls, options } = this.context;
    if (isDirectory(entry)) return true;
    if (!isRegular(entry)) return sameSpecial(syscalls, entry, directory, name, stat);
    const { size } = entry;
    const isLong = options.checksum && size > quickDigestBytes && size === stat.size;
    const made = isLong ? yield* this.digester.apart().stepsAt(directory, name, false, options.openNoAtime) : undefined;
    const digest = () => made ?? this.digester.digestAt(directory, name, false, options.openNoAtime);
    return quickCheck(options, entry, stat, digest);
  }

  /**
   * The directory `path` below one of the directories, or a negative errno. One that cannot be opened is tried again each time, which tells
   * each time that a link in it is not followed.
   */
  private open(root: Root, path: ByteName): HeldDirectory | number {
    if (root.walker !== undefined) return root.walker.directory(path);
    const { operator, ledger } = this.context;
    const descriptor = operator.openDirectory(root.text);
    // What the user does not get although it is there is no small matter.
    if (descriptor === ELOOP && operator.confined && !root.told) {
      ledger.systemError("generator", `open "${root.text}"`, ELOOP, root.text);
      root.told = true;
    }
    if (descriptor < 0) return descriptor;
    // All of them together hold no more than another walk (4-traps X-05).
    const heldMax = Math.floor(limits.heldDirectories / this.roots.length);
    root.walker = new DirectoryWalker(this.context.syscalls, descriptor, "none", heldMax);
    return root.walker.directory(path);
  }
}

/** A directory of another time is not the same one, even if `--omit-dir-times` leaves its time alone. */
function hasOtherOmittedTime(entry: FileEntry, stat: Stat, options: TransferOptions): boolean {
  if (!isDirectory(entry) || !options.times || !options.omitDirectoryTimes) return false;
  return !sameTime(entry.mtime, entry.mtimeNanoseconds, stat.mtime, stat.mtimeNanoseconds, options);
}

/** A relative directory is one of the destination's; a first `..` of one that a dry run does not make leaves its name. */
function placeOf(path: ByteName, destination: Destination): ByteName {
  if (path.startsWith("/")) return path;
  let base = destination.absolute;
  let rest: string = path;
  const parent = destination.walker === undefined ? /^\.\.\/+/.exec(rest) : null;
  if (parent !== null) {
    base = directoryName(base) || byteName("/");
    rest = rest.slice(parent[0].length);
  }
  return byteName(`${base === "/" ? "" : base}/${rest}`);
}
