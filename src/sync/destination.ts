/** Where the transfer goes: the destination rules (2-file-list 9.4, 3-transfer 5.8). */
import { type ByteName, baseName, byteName, directoryName } from "../bytes/byte-name.ts";
import { cleanPath, components } from "../bytes/paths.ts";
import { ExitCode, selectionError, TsyncError } from "../errors.ts";
import { errnoText } from "../fs/errno.ts";
import { DirectoryWalker } from "../fs/held-directory.ts";
import { emptyStat } from "../fs/syscalls/interface.ts";
import { absolutePath } from "../fs/working-directory.ts";
import { isItemized } from "../options/itemized.ts";
import { FileType } from "../protocol/file-entry.ts";
import type { RunContext } from "./context.ts";

const ENOENT = -2;
const EEXIST = -17;
const ENOTDIR = -20;
const ELOOP = -40;

export interface Destination {
  /** Below it everything is written; undefined in a dry run into a directory that does not exist. */
  readonly walker: DirectoryWalker | undefined;
  /** Absolute path of the directory, for messages. */
  readonly absolute: ByteName;
  /** Single-file mode: the name under which the only entry is written. */
  readonly singleName: ByteName | undefined;
  /** The directory as the operator wrote it. */
  readonly text: ByteName;
  /** The directory was just made (or would be). */
  readonly created: boolean;
}

/** What the file list says about the number of entries. */
export interface ListedCount {
  /** More than one entry. */
  readonly many: boolean;
  /** Exactly one, a directory. */
  readonly oneDirectory: boolean;
  readonly none: boolean;
}

/** Resolves the destination argument; links in it are followed, the operator named it. */
export function resolveDestination(context: RunContext, text: ByteName, listed: ListedCount): Destination {
  const { syscalls, options } = context;
  const absolute = cleanPath(absolutePath(syscalls, text));
  const slash = text.endsWith("/");
  const stat = emptyStat();
  let status = syscalls.statPath(text === "" ? byteName(".") : text, stat);
  if (status < 0 && options.makePath && (listed.many || text.includes("/"))) {
    makeParents(context, text, absolute, listed);
    status = options.dryRun ? ENOENT : syscalls.statPath(text, stat);
  }
  if (status === 0) {
    if ((stat.mode & FileType.mask) === FileType.directory) return open(context, text, absolute, undefined);
    if (listed.many) throw selectionError("ERROR: destination must be a directory when copying more than 1 file");
    if (listed.oneDirectory) throw selectionError("ERROR: cannot overwrite non-directory with a directory");
    return single(context, text, absolute);
  }
  if (status !== -2) {
    const shown = absolutePath(syscalls, options.makePath && !listed.many && !slash ? leftOfFile(text) : text);
    throw selectionError(`[Receiver] ERROR: cannot stat destination "${shown}": ${errnoText(-status)}`);
  }
  if (listed.many || slash) {
    if (!options.dryRun) {
      context.gate?.creating();
      makeDestination(context, text, absolute);
    }
    context.emit({ type: "created-directory", path: slash ? (text.replace(/\/+$/, "") as ByteName) : text });
    return options.dryRun
      ? missing(absolute, text, true)
      : open(context, text, absolute, undefined, true, "change_dir#2");
  }
  if (options.dryRun && options.makePath && text.includes("/")) {
    const parent = directoryName(text);
    if (parent !== "" && syscalls.statPath(parent, stat) < 0) {
      const walker = undefined;
      return { walker, absolute: directoryName(absolute), singleName: baseName(text), text: parent, created: false };
    }
  }
  return single(context, text, absolute);
}

/** `--mkpath`: makes (in a dry run: counts) the directories that are missing on the way, and the last where it is to be one. */
function makeParents(context: RunContext, text: ByteName, absolute: ByteName, listed: ListedCount): void {
  const { syscalls, options } = context;
  const trimmed = text.replace(/\/+$/, "") as ByteName;
  const whole = listed.many || text.endsWith("/");
  const path = whole ? trimmed : directoryName(trimmed);
  const stat = emptyStat();
  const { directory, path: nameOnly } = syscalls.flags;
  const fail = (status: number, shown: ByteName): never => {
    const message = `[Receiver] mkdir "${shown}" failed: ${errnoText(-status)}`;
    throw new TsyncError("file", message, { exitCode: ExitCode.fileIo, role: "Receiver", path: absolute });
  };
  const asTyped = absolutePath(syscalls, whole || options.dryRun ? text : leftOfFile(text));
  const inWay = syscalls.statPath(text, stat);
  if (options.dryRun && inWay !== ENOENT) fail(inWay, asTyped);
  let made = path.startsWith("/") ? "/" : "";
  let count = 0;
  let below = components(path).length;
  for (const part of components(path)) {
    below--;
    const parent = (made === "" ? "." : made) as ByteName;
    made = `${made === "" || made === "/" ? made : `${made}/`}${part}`;
    const there = part === "." || part === ".." ? 0 : syscalls.statPath(made as ByteName, stat);
    if (there === 0) {
      const isDirectory = part === "." || part === ".." || (stat.mode & FileType.mask) === FileType.directory;
      // rsync asks for the whole, and then from the end towards the beginning, without following links.
      if (!isDirectory) fail([EEXIST, ENOTDIR][below] ?? ELOOP, asTyped);
      continue;
    }
    count++;
    if (options.dryRun) continue;
    if (count === 1) context.gate?.creating();
    const held = syscalls.openPath(parent, nameOnly | directory);
    const status = held < 0 ? held : syscalls.makeDirectoryAt(held, part, 0o777);
    if (held >= 0) syscalls.close(held);
    // A link that leads nowhere is in the way.
    if (status === EEXIST && below > 0) fail(there, asTyped);
    else if (status === EEXIST && !whole) return;
    else if (status < 0) fail(status, status === EEXIST ? absolutePath(syscalls, trimmed) : asTyped);
  }
  const shown = byteName(`created ${count} director${count === 1 ? "y" : "ies"} for ${listed.none ? trimmed : path}`);
  if (count > 0 && (options.info.name > 0 || isItemized(options))) {
    context.emit({ type: "notice", role: "Receiver", code: "other", path, text: shown });
  }
}

/** What rsync shows of the path of a file once its parents have been looked at: of `a//b` only `a`. */
function leftOfFile(text: ByteName): ByteName {
  return text.replace(/(?<=[^/])\/{2,}[^/]+$/, "") as ByteName;
}

function makeDestination(context: RunContext, text: ByteName, absolute: ByteName): void {
  const { syscalls } = context;
  const trimmed = (text.replace(/\/+$/, "") || "/") as ByteName;
  const { readOnly, directory, path } = syscalls.flags;
  let parent = syscalls.openPath(directoryName(trimmed) || byteName("."), readOnly | directory);
  if (parent === -13) parent = syscalls.openPath(directoryName(trimmed) || byteName("."), directory | path);
  const status = parent < 0 ? parent : syscalls.makeDirectoryAt(parent, baseName(trimmed), 0o777);
  if (parent >= 0) syscalls.close(parent);
  if (status < 0) {
    const message = `[Receiver] mkdir "${absolutePath(syscalls, trimmed)}" failed: ${errnoText(-status)}`;
    throw new TsyncError("file", message, { exitCode: ExitCode.fileIo, role: "Receiver", path: absolute });
  }
}

/** Single-file mode: the only entry is written under the last component. */
function single(context: RunContext, text: ByteName, absolute: ByteName): Destination {
  const parent = directoryName(text) || byteName(".");
  const parentAbsolute = directoryName(absolute) || byteName("/");
  return open(context, parent, parentAbsolute, baseName(text), false, "change_dir#3");
}

function missing(absolute: ByteName, text: ByteName, created: boolean): Destination {
  return { walker: undefined, absolute, singleName: undefined, text, created };
}

function open(
  context: RunContext,
  text: ByteName,
  absolute: ByteName,
  singleName: ByteName | undefined,
  created = false,
  operation = "change_dir#1",
): Destination {
  const { syscalls, options } = context;
  const where = text === "" ? byteName(".") : text;
  const descriptor = context.operator.unconfined.openDirectory(where);
  if (descriptor < 0) {
    const named = created ? (where.replace(/(?<=.)\/+$/, "") as ByteName) : where;
    const shown = named === "." ? absolute : absolutePath(syscalls, named);
    throw selectionError(`[Receiver] ${operation} "${shown}" failed: ${errnoText(-descriptor)}`);
  }
  const followed = !options.keepDirectoryLinks ? "none" : options.insecureLinks ? "any" : "inside";
  return {
    walker: new DirectoryWalker(syscalls, descriptor, followed),
    absolute,
    singleName,
    text: where,
    created,
  };
}
