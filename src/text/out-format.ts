/**
 * `--out-format` and `--log-file-format` (3-transfer 9.6, 4-traps I-03): parsed once into pieces, then rendered for
 * items and deletions. `%`, then up to three `'`, then `-`, a width and a letter. What is no escape of a client stays
 * as typed. Names are inserted as they are: the caller escapes the finished line.
 */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import { type ChecksumName, digestBytes, printOrder } from "../delta/checksum.ts";
import { limits } from "../limits.ts";
import { type FileEntry, FileType } from "../protocol/file-entry.ts";
import { ItemFlag } from "../protocol/item-flags.ts";
import type { DeleteEvent, ItemEvent, TransferredEvent } from "../sync/events.ts";
import type { ClockText, LocalTime } from "./clock-text.ts";
import { deletingItem, type ItemizeStyle, itemize } from "./itemize.ts";
import { permissionText } from "./mode-text.ts";
import { humanNumber, type NumberStyle } from "./numbers.ts";

/** Literal text, or one escape. */
export type FormatPiece =
  | { readonly kind: "text"; readonly text: string }
  | {
      readonly kind: "escape";
      readonly letter: FormatLetter;
      /** 0 none, else the `-h` level that the quotes ask for. */
      readonly level: number;
      readonly left: boolean;
      /** Least width in columns. */
      readonly width: number;
    };

/** A parsed format. */
export interface OutFormat {
  readonly pieces: readonly FormatPiece[];
  /** It has `%b`, `%c` or `%C`: transfers are shown after their data, not before. */
  readonly needsTransferData: boolean;
  /** It has `%C`. */
  readonly needsDigest: boolean;
  /** It has `%i`. */
  readonly hasItemize: boolean;
  /** It has `%o`. */
  readonly hasOperation: boolean;
}

/** What rendering needs besides the event. */
export interface FormatContext extends ItemizeStyle {
  /** Process id. */
  readonly pid: number;
  /** The data comes from another machine. */
  readonly receives?: boolean;
  /** `--chmod`, which such a client applies to what it deletes too. */
  readonly changedMode?: (mode: number) => number;
  /** The whole-file checksum in use: it decides the width of `%C`, and the order in which a list digest is printed. */
  checksumName(): ChecksumName;
  readonly decimalComma: boolean;
  /** Whether the session is too old for digests of the data alone: these are not shown. */
  readonly hidesDigest?: () => boolean;
  /** `-o`, `-g`: else `%U` is 0 and `%G` is DEFAULT. */
  readonly ownerKept: boolean;
  readonly groupKept: boolean;
  /** The groups that files can get here; undefined: all of them. Any other is DEFAULT. */
  readonly groups?: readonly number[] | undefined;
  readonly clock: ClockText;
  /** Whole seconds since 1970. */
  now(): number;
}

type FormatLetter = "n" | "L" | "f" | "i" | "o" | "l" | "b" | "c" | "B" | "M" | "t" | "U" | "G" | "C" | "p" | "m";

/** Bytes that rsync's buffer of one field with a width has; what does not fit is cut off at its end. */
const fieldBytes = 4095;
/** Widths above leave nothing of what they stand before. */
const widthMax = 2 * fieldBytes;
const letters: ReadonlySet<string> = new Set("nLfiolbcBMtUGCpm");
const escapePattern = /%(?:%|('{0,3})'*(-?)(\d*)([A-Za-z]))/g;

/** Parses a format; every text is a valid format. */
export function parseOutFormat(format: ByteName): OutFormat {
  const pieces: FormatPiece[] = [];
  let text = "";
  let end = 0;
  for (const match of format.matchAll(escapePattern)) {
    text += format.slice(end, match.index);
    end = match.index + match[0].length;
    const letter = match[4];
    if (letter === undefined) {
      text += "%";
      continue;
    }
    if (!isFormatLetter(letter)) {
      text += match[0];
      continue;
    }
    if (text !== "") pieces.push({ kind: "text", text });
    text = "";
    const quotes = (match[1] ?? "").length;
    pieces.push({
      kind: "escape",
      letter,
      level: quotes,
      left: match[2] === "-",
      width: Math.min(Number(match[3] ?? 0), widthMax),
    });
  }
  text += format.slice(end);
  if (text !== "") pieces.push({ kind: "text", text });
  const has = (letter: FormatLetter): boolean => pieces.some((p) => p.kind === "escape" && p.letter === letter);
  return {
    pieces,
    needsTransferData: has("b") || has("c") || has("C"),
    needsDigest: has("C"),
    hasItemize: has("i"),
    hasOperation: has("o"),
  };
}

/** The line of an item, without the newline. `transferred` brings what is only known after the data was sent. */
export function renderItem(
  format: OutFormat,
  item: ItemEvent,
  transferred: TransferredEvent | undefined,
  dryRun: boolean,
  context: FormatContext,
): ByteName {
  const { entry } = item;
  return render(format, (letter, level) => {
    switch (letter) {
      case "n":
        return shownName(item.path, isDirectory(entry));
      case "L":
        return arrow(item);
      case "f":
        return item.sourcePath;
      case "i":
        return itemize(item.flags, entry, item.linkedTo !== undefined, context);
      case "o":
        return context.receives === true ? "recv" : "send";
      case "l":
        return number(entry.size, level, context);
      case "b":
        return number(transferred?.wireBytes ?? 0, level, context);
      case "c":
        return number(transferred?.checksumBytes ?? 0, level, context);
      case "B":
        return permissionText(entry.mode);
      case "M":
        return joined(context.clock.format(entry.mtime), "-");
      case "U":
        return String(context.ownerKept ? entry.uid : 0);
      case "G":
        return context.groupKept && (context.groups?.includes(entry.gid) ?? true) ? String(entry.gid) : "DEFAULT";
      case "C":
        return digestText(item, transferred, dryRun, context);
      default:
        return common(letter, context);
    }
  });
}

/** The line of a deletion: the format if it has `%i` or `%o`, else `deleting NAME`; without the newline. */
export function renderDelete(format: OutFormat | undefined, event: DeleteEvent, context: FormatContext): ByteName {
  const name = shownName(event.path, event.directory);
  if (format === undefined || !(format.hasItemize || format.hasOperation)) return byteName(`deleting ${name}`);
  return render(format, (letter, level) => {
    switch (letter) {
      case "n":
        return name;
      case "L":
        return "";
      case "f":
        return event.path;
      case "i":
        return deletingItem;
      case "o":
        return "del.";
      case "l":
      case "b":
      case "c":
        return number(0, level, context);
      case "B":
        return permissionText(context.receives === true ? (context.changedMode?.(event.mode ?? 0) ?? 0) : 0);
      case "M":
        return joined(context.clock.format(0), "-");
      case "U":
        return "0";
      case "G":
        return context.groupKept ? "0" : "DEFAULT";
      case "C":
        return " ".repeat(2 * digestBytes[context.checksumName()]);
      default:
        return common(letter, context);
    }
  });
}

/** `NAME`, or `NAME/` for a directory whose name is not as long as names can be. */
export function shownName(path: ByteName, directory: boolean): string {
  return directory && !path.endsWith("/") && path.length < limits.pathBytes - 1 ? `${path}/` : path;
}

/** Bytes as lower-case hexadecimal digits, in the order given. */
export function hexText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

function render(format: OutFormat, value: (letter: FormatLetter, level: number) => string): ByteName {
  let line = "";
  for (const piece of format.pieces) {
    if (piece.kind === "text") {
      line += piece.text;
      continue;
    }
    const shown = value(piece.letter, piece.level);
    if (piece.width === 0) line += shown;
    else if (piece.letter === "L") line += padArrow(shown, piece.width, piece.left).slice(0, fieldBytes);
    else line += (piece.left ? shown.padEnd(piece.width) : shown.padStart(piece.width)).slice(0, fieldBytes);
  }
  return byteName(line);
}

/** The arrow keeps its four columns; the width is that of the name behind it. */
function padArrow(shown: string, width: number, left: boolean): string {
  const name = shown.slice(4);
  return (shown === "" ? "    " : shown.slice(0, 4)) + (left ? name.padEnd(width) : name.padStart(width));
}

function arrow(item: ItemEvent): string {
  // The name of an absolute argument under --relative begins with a slash, its place in the destination does not.
  if (item.linkedTo !== undefined && item.linkedTo !== "") return ` => ${item.linkedTo.replace(/^\//, "")}`;
  return item.entry.target === undefined ? "" : ` -> ${item.entry.target}`;
}

function number(value: number, level: number, context: FormatContext): string {
  return humanNumber(value, quoteStyle(level, context));
}

function quoteStyle(level: number, context: FormatContext): NumberStyle {
  return { level, decimalComma: context.decimalComma };
}

function digestText(
  item: ItemEvent,
  transferred: TransferredEvent | undefined,
  dryRun: boolean,
  context: FormatContext,
): string {
  if (context.hidesDigest?.() === true) return " ".repeat(2 * digestBytes[context.checksumName()]);
  if (transferred?.digest !== undefined) return hexText(transferred.digest);
  if (item.entry.checksum !== undefined) return hexText(printOrder(context.checksumName(), item.entry.checksum));
  const isTransfer = (item.flags & ItemFlag.transfer) !== 0;
  const checksumName = context.checksumName();
  const filler = dryRun && isTransfer && checksumName !== "none" ? "0" : " ";
  return filler.repeat(2 * digestBytes[checksumName]);
}

function common(letter: FormatLetter, context: FormatContext): string {
  if (letter === "p") return String(context.pid);
  if (letter === "t") return joined(context.clock.format(context.now()), " ");
  // %m, the module: empty on a client.
  return "";
}

function joined(local: LocalTime, separator: string): string {
  return local.date + separator + local.time;
}

function isDirectory(entry: FileEntry): boolean {
  return (entry.mode & FileType.mask) === FileType.directory;
}

function isFormatLetter(letter: string): letter is FormatLetter {
  return letters.has(letter);
}
