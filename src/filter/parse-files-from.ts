/**
 * The names of a `--files-from` file (2-file-list 2.3): records, and names that cannot climb out of the base directory.
 * Pure: the caller reads the file.
 */
import { type ByteName, byteName, fromBytes } from "../bytes/byte-name.ts";
import { limits } from "../limits.ts";

/** How a list of names is read. */
export interface FilesFromSettings {
  /** `--from0`: records end at NUL, else at CR or LF. */
  readonly nulTerminated: boolean;
  /** `-R`: components `.` are kept, for they mark where the transfer path begins. */
  readonly relative: boolean;
  /**
   * For another machine: there every record is a name, also one that is a comment here, and each ends at a NUL. A name with `..` is not
   * resolved: what it is over there was not asked for.
   */
  readonly forwarded?: boolean;
}

/**
 * The source arguments that a list stands for, in order, duplicates included. Empty records and those that begin with
 * `#` or `;` are skipped, over-long ones cut. A name ends with a slash if the contents of a directory are meant.
 */
export function parseFilesFrom(content: Uint8Array, settings: FilesFromSettings): ByteName[] {
  const names: ByteName[] = [];
  const { nulTerminated, forwarded = false } = settings;
  for (const record of fromBytes(content).split(nulTerminated ? "\0" : forwarded ? /[\r\n\0]/ : /[\r\n]/)) {
    const nul = record.indexOf("\0");
    const text = (nul < 0 ? record : record.slice(0, nul)).slice(0, limits.pathBytes - 1);
    const isComment = !forwarded && (text[0] === "#" || text[0] === ";");
    if (text === "" || isComment) continue;
    const isAsWritten = forwarded && text.split("/").includes("..");
    names.push(isAsWritten ? byteName(text) : cleanListedName(text, settings.relative));
  }
  return names;
}

/** Removes leading and doubled slashes, resolves `..` without ever leaving the base; nothing left: `.`. */
export function cleanListedName(text: string, relative: boolean): ByteName {
  const parts: string[] = [];
  let endsInside = false;
  for (const part of text.split("/")) {
    endsInside = part === "" || part === ".." || (part === "." && !relative);
    if (part === "..") parts.pop();
    else if (!endsInside) parts.push(part);
  }
  if (parts.length === 0) return byteName(".");
  return byteName(parts.join("/") + (endsInside ? "/" : ""));
}
