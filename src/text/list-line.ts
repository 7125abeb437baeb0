/** One line of `--list-only` (3-transfer 9.9). */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import { type FileEntry, FileType } from "../protocol/file-entry.ts";
import type { ClockText } from "./clock-text.ts";
import { modeText } from "./mode-text.ts";
import { humanNumber, type NumberStyle } from "./numbers.ts";

/**
 * `-rw-r--r--          1,234 2026/11/22 23:58:29 NAME[ -> TARGET]`, without the newline; with the access time of what is no
 * directory in a column more, if `showAccess`. A missing argument has only its name (2-file-list 3.4).
 */
export function listLine(
  entry: FileEntry,
  showTarget: boolean,
  style: NumberStyle,
  clock: ClockText,
  showAccess = false,
): ByteName {
  const size = humanNumber(entry.size, style).padStart(style.level > 0 ? 14 : 11);
  const { date, time } = clock.format(entry.mtime);
  const accessed = showAccess ? ` ${accessText(entry, clock)}` : "";
  const columns = `${modeText(entry.mode)} ${size} ${date} ${time}${accessed}`;
  // The receiver has taken the slash in front away (2-file-list 9.3).
  const name = entry.path.replace(/^\/+/, "");
  if (entry.mode === 0) return byteName(`${"*missing".padEnd(columns.length)} ${name}`);
  const arrow = showTarget && entry.target !== undefined ? ` -> ${entry.target}` : "";
  return byteName(`${columns} ${name}${arrow}`);
}

function accessText(entry: FileEntry, clock: ClockText): string {
  const { date, time } = clock.format(entry.atime);
  const text = `${date} ${time}`;
  return (entry.mode & FileType.mask) === FileType.directory ? " ".repeat(text.length) : text;
}
