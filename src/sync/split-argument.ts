/** Takes a source argument apart by its text alone (2-file-list 9.1). */
import { type ByteName, baseName, byteName, directoryName, joinName } from "../bytes/byte-name.ts";
import { collapseSlashes, components } from "../bytes/paths.ts";
import { plainUsageError } from "../errors.ts";

/** One argument taken apart. */
export interface Argument {
  /** Directory to start from, as the operator wrote it; empty is the working directory. */
  readonly base: ByteName;
  /** Transfer path; `.` for the content of the base. */
  readonly path: ByteName;
  /** Ends with a slash or `.`: the content is meant, and a link is followed. */
  readonly content: boolean;
}

/** Takes an argument apart without `--relative` (2-file-list 9.1). */
export function splitPlain(text: ByteName): Argument {
  let full: string = text;
  if (full === "" || full.endsWith("/")) full += ".";
  else if (full === ".." || full.endsWith("/..")) full += "/.";
  const base = directoryName(full as ByteName);
  const path = baseName(full as ByteName);
  return { base, path, content: path === "." };
}

/** Takes an argument apart under `--relative`; a `..` component is refused. */
export function splitRelative(base: ByteName, text: ByteName): Argument {
  const cut = text.indexOf("/./");
  let start = base;
  let path: string = text;
  if (cut >= 0) {
    start = joinBase(base, (text.slice(0, cut) || "/") as ByteName);
    path = text.slice(cut + 3).replace(/^\/+/, "");
  }
  const content = path === "" || /(^|\/)\.?$/.test(path);
  path = collapseSlashes(path as ByteName);
  if (path === "/") path = "/.";
  if (components(path as ByteName).includes(byteName(".."))) {
    throw plainUsageError(`found ".." dir in relative path: ${path}`, "sender");
  }
  return { base: start, path: path as ByteName, content };
}

/** A path below a base directory; an absolute one stays. */
export function joinBase(base: ByteName, path: ByteName): ByteName {
  return path.startsWith("/") ? path : joinName(base, path);
}

/** The list that an entry belongs to: the path of its parent, `.` for top names. */
export function parentOfEntry(path: ByteName): ByteName {
  const parent = directoryName(path);
  return parent === "" || parent === "/" ? byteName(".") : parent;
}

/** Path of a child in the transfer. */
export function childPath(parent: ByteName, name: ByteName): ByteName {
  return parent === "." ? name : joinName(parent, name);
}

/** What `%f` puts before the transfer path; not `hiddenBase`, the cleaned base directory of `--files-from` (else empty). */
export function shownBase(text: ByteName, hiddenBase: ByteName): ByteName {
  if (text === "") return text;
  const shown = collapseSlashes(text);
  if (hiddenBase === "" && shown !== ".") return shown;
  if (shown === "." || shown === hiddenBase) return byteName("");
  return shown.startsWith(`${hiddenBase}/`) ? byteName(shown.slice(hiddenBase.length + 1)) : shown;
}
