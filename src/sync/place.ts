/**
 * Where the generator's directories lie: transfer paths below the destination, their open parents, and what stands in place of
 * a directory and is kept (3-transfer 1.7 step 7).
 */
import { type ByteName, baseName, byteName, directoryName } from "../bytes/byte-name.ts";
import { errnoText } from "../fs/errno.ts";
import { DirectoryWalker, type HeldDirectory } from "../fs/held-directory.ts";
import { emptyStat, type Stat, type Syscalls } from "../fs/syscalls/interface.ts";
import { FileType } from "../protocol/file-entry.ts";
import { ItemFlag } from "../protocol/item-flags.ts";
import { directoryText, fullPath, type RunContext } from "./context.ts";
import type { Destination } from "./destination.ts";

const ENOENT = -2;
const EACCES = 13;
const EXDEV = -18;
const ENOTDIR = -20;
const ELOOP = -40;

/** A directory's name in its open parent, which is held until released. */
export interface Place {
  readonly held: HeldDirectory;
  readonly descriptor: number;
  readonly name: ByteName;
}

/**
 * What became of a directory: usable, not there (dry run), to be left alone with all its contents, or what lets each entry
 * below it fail by itself: a non-directory that `--ignore-existing` keeps, or a link of `--keep-dirlinks` that leads out of
 * the destination.
 */
export type DirectoryState = "ok" | "missing" | "skipped" | "no-directory" | "outside";

/** What each entry below fails with. */
export const refusals: { readonly "no-directory": number; readonly outside: number } = {
  "no-directory": ENOTDIR,
  outside: ELOOP,
};

/**
 * Transfer path below the destination: a leading slash of `--relative` goes. The only entry of single-file mode may be an
 * empty directory; whatever its name, it gets the single one.
 */
export function belowDestination({ singleName }: Destination, path: ByteName): ByteName {
  if (singleName !== undefined) return singleName;
  return path.startsWith("/") ? (path.replace(/^\/+/, "") as ByteName) : path;
}

/** Absolute path of a directory of the destination, for messages. */
export function shownDirectory({ absolute, singleName }: Destination, path: ByteName): ByteName {
  return singleName === undefined ? directoryText(absolute, path) : fullPath(absolute, singleName);
}

/** Where a path lies (to be released): the open parent and its name, or a negative errno. */
export function findPlace(destination: Destination, path: ByteName, root: boolean): Place | number {
  const { walker, singleName } = destination;
  if (walker === undefined) return ENOENT;
  const below = belowDestination(destination, path);
  if (singleName !== undefined) {
    const held = walker.directory(byteName(""));
    return typeof held === "number" ? held : { held: held.retain(), descriptor: held.descriptor, name: singleName };
  }
  const held = walker.directory(root ? byteName("") : directoryName(below));
  if (typeof held === "number") return held;
  return { held: held.retain(), descriptor: held.descriptor, name: root ? byteName(".") : baseName(below) };
}

/** Opens the non-directory that is kept where a directory should be: each call in it fails as it should. */
export function openKept({ syscalls }: RunContext, destination: Destination, path: ByteName): number | undefined {
  const where = findPlace(destination, path, false);
  if (typeof where === "number") return undefined;
  const opened = syscalls.openAt(where.descriptor, where.name, syscalls.flags.path);
  where.held.release();
  return opened < 0 ? undefined : opened;
}

/**
 * What becomes of a directory in whose place `--ignore-existing` keeps something else: each entry fails, also behind a link that
 * leads out of the destination; a link to a directory of the destination is left alone with that, since a link must not choose
 * where is written.
 */
export function keptState(
  { syscalls }: RunContext,
  destination: Destination,
  path: ByteName,
  stat: Stat,
): DirectoryState {
  if ((stat.mode & FileType.mask) !== FileType.symlink) return "no-directory";
  const top = destination.walker?.directory(byteName(""));
  if (typeof top !== "object") return "skipped";
  const walker = new DirectoryWalker(syscalls, syscalls.duplicate(top.descriptor), "inside");
  const held = walker.directory(belowDestination(destination, path));
  walker.dispose();
  return held === EXDEV || held === ELOOP ? "outside" : held === ENOTDIR ? "no-directory" : "skipped";
}

/** What rsync says when it looks for a default ACL in what is no directory, a link that leads nowhere, or not there. */
export function warnOfPermissions(
  { ledger, syscalls, options }: RunContext,
  destination: Destination,
  path: ByteName,
): void {
  const where = findPlace(destination, path, false);
  const stat = emptyStat();
  const status = typeof where === "number" ? where : syscalls.statAt(where.descriptor, where.name, stat);
  if (typeof where === "object") where.held.release();
  if (status === 0 && (stat.mode & FileType.mask) === FileType.directory) return;
  const call = `default_perms_for_dir: sys_acl_get_file(${belowDestination(destination, path)}, ACL_TYPE_DEFAULT)`;
  // What a link out of the destination leads to is not looked at.
  const errno = status === EXDEV ? -ENOENT : status < 0 ? -status : EACCES;
  // In a dry run a directory may yet be missing.
  if (errno === -ENOENT && options.dryRun) return;
  const reason = errnoText(errno).replace(/ \(\d+\)$/, "");
  ledger.warning("generator", `${call}: ${reason}, falling back on umask`);
}

/** Says that what is kept in place of a directory cannot be searched for deletions. */
export function failSearch({ ledger }: RunContext, destination: Destination, path: ByteName): void {
  const absolute = fullPath(destination.absolute, belowDestination(destination, path));
  ledger.systemError("generator", `opendir "${absolute}" failed`, ENOTDIR, absolute);
  ledger.readFailed();
}

/**
 * `--keep-dirlinks`: whether a directory lies behind a link out of the destination. What is there is not looked at for
 * deletions, which is told: it must not pass for success. Where the link leads to the source itself (`isSource`) nothing is missing.
 */
export function failBehindLink(
  { ledger, syscalls }: RunContext,
  destination: Destination,
  path: ByteName,
  isSource: (stat: Stat) => boolean,
): boolean {
  const below = belowDestination(destination, path);
  const held = destination.walker?.directory(below);
  if (held !== EXDEV && held !== ELOOP) return false;
  const stat = emptyStat();
  if (statBehindLink(syscalls, destination, below, stat) === 0 && isSource(stat)) return true;
  const absolute = fullPath(destination.absolute, below);
  ledger.systemError("generator", `opendir "${absolute}" failed`, ELOOP, absolute);
  return true;
}

/** `--keep-dirlinks`: looks at what lies behind a link out of the destination; a negative errno if there is nothing. */
export function statBehindLink(syscalls: Syscalls, { walker }: Destination, below: ByteName, stat: Stat): number {
  // The link, and the way on from there: only what it leads to is looked at.
  let link = below;
  let above = walker?.parent(link);
  while (typeof above === "number" && link.includes("/")) {
    link = directoryName(link);
    above = walker?.parent(link);
  }
  if (typeof above !== "object") return above ?? ENOENT;
  const rest = below.slice(directoryName(link).length).replace(/^\//, "");
  return syscalls.statPath(byteName(`/proc/self/fd/${above.descriptor}/${rest}`), stat);
}

/**
 * `--keep-dirlinks`: whether a directory lies behind a link of somebody else, which is told. rsync neither links into it nor starts from a
 * file there that it has found by `--fuzzy`: both are done by path, as the operator's are (4-traps O-01).
 */
export function refusesForeignLink(
  { options, operator, syscalls }: RunContext,
  { walker }: Destination,
  below: ByteName,
): boolean {
  const top = options.keepDirectoryLinks ? walker?.directory(byteName("")) : undefined;
  if (typeof top !== "object") return false;
  const { directory, path: nameOnly } = syscalls.flags;
  const path = byteName(`/proc/self/fd/${top.descriptor}/${below}`);
  const opened = operator.unconfined.open(path, directory | nameOnly);
  if (opened >= 0) syscalls.close(opened);
  return opened === ELOOP;
}

/**
 * Opens what stands in place of a parent that `--no-implied-dirs` leaves out: the directory, or the one that a link of the
 * destination leads to (3-transfer 1.7 step 4). A negative errno otherwise.
 */
export function impliedDirectory(
  { options }: RunContext,
  { walker, ...destination }: Destination,
  path: ByteName,
): HeldDirectory | number {
  const below = belowDestination({ walker, ...destination }, path);
  const held = walker?.directory(below) ?? ENOENT;
  if ((held !== ENOTDIR && held !== ELOOP) || options.keepDirectoryLinks) return held;
  walker?.passLink(below, options.insecureLinks ? "any" : "inside");
  return walker?.directory(below) ?? ENOENT;
}

/** Says that such a parent cannot be made, if `errno` is a negative one: in what is no directory, or leads out of the destination, or may not be entered. */
export function failBelowKept({ ledger }: RunContext, destination: Destination, path: ByteName, errno: number): void {
  if (errno >= 0) return;
  const absolute = shownDirectory(destination, path);
  ledger.systemError("generator", `recv_generator: mkdir "${absolute}" failed`, errno, absolute);
}

/**
 * Says that a directory cannot be made. rsync's receiver, who sets extended attributes (`flags` of the item), comes to it all the
 * same; `seen` is what looking for it gives.
 */
export function failDirectory(
  { ledger }: RunContext,
  absolute: ByteName,
  made: number,
  seen: number,
  flags: number,
): void {
  ledger.systemError("generator", `recv_generator: mkdir "${absolute}" failed`, made, absolute);
  if ((flags & ItemFlag.xattr) !== 0) ledger.systemError("receiver", `stat "${absolute}" failed`, seen, absolute);
}
