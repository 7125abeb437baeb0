/**
 * The records of a rule file (2-file-list 1.4): `--exclude-from`, `--include-from`, merge and dir-merge files.
 *
 * Line mode: records end at LF, CR or CRLF, comments begin with `#` or `;` in the first byte. NUL mode (`--from0`):
 * at NUL. Word-split mode: at any white space, no comments. Empty records are skipped.
 */
import { type ByteName, byteName, fromBytes } from "../bytes/byte-name.ts";
import { limits } from "../limits.ts";

/** One record and its line number, counted from 1. */
export interface FileRecord {
  readonly text: ByteName;
  readonly line: number;
  /** Longer than `limits.ruleBytes`: to be discarded with a message. */
  readonly overlong: boolean;
}

/** Splits the content of a rule file into its records. */
export function splitRecords(content: Uint8Array, wordSplit: boolean, nulTerminated: boolean): FileRecord[] {
  const text = fromBytes(content);
  const ends = wordSplit ? (nulTerminated ? /[\s\0]/g : /\s/g) : nulTerminated ? /\0/g : /\r\n|\n|\r/g;
  const records: FileRecord[] = [];
  let start = 0;
  for (let line = 1; start <= text.length; line++) {
    const end = ends.exec(text);
    const record = text.slice(start, end === null ? text.length : end.index);
    start = end === null ? text.length + 1 : end.index + end[0].length;
    const nul = record.indexOf("\0");
    const cut = nul < 0 ? record : record.slice(0, nul);
    const overlong = record.length >= limits.ruleBytes;
    // Its length counts before what is in it.
    if (!overlong && (cut === "" || (!wordSplit && (cut[0] === "#" || cut[0] === ";")))) continue;
    records.push({ text: byteName(cut), line, overlong });
  }
  return records;
}

/** The words of a `CVSIGNORE` value or `.cvsignore` file. */
export function splitWords(text: ByteName): ByteName[] {
  return text
    .split(/[ \t\n\v\f\r]+/)
    .filter((word) => word !== "")
    .map(byteName);
}
