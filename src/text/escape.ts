/**
 * Display escaping (3-transfer 9.3, 4-traps I-02): how a byte string becomes text that is safe on a terminal or as one
 * line of a log. Escapes are `\#ooo`, three octal digits; a backslash that would read as such an escape is escaped
 * itself. The terminal form follows the locale, the log form does not.
 */
import { type ByteName, byteName, fromText } from "../bytes/byte-name.ts";

/** Which bytes from 0x80 on are shown raw: all (`-8`), those of valid UTF-8, or none. */
export type HighBytes = "raw" | "utf8" | "escaped";

/** The text that lets nothing through which a terminal could take as a command: C0 except TAB, and high bytes as told. */
export function escapeForTerminal(text: ByteName, highBytes: HighBytes): ByteName {
  if (!suspiciousForTerminal.test(text)) return text;
  // A CR at the very start is let through, as in rsync: it begins a progress line.
  if (text.startsWith("\r")) return byteName(`\r${escapeForTerminal(byteName(text.slice(1)), highBytes)}`);
  const backslashed = escapeBackslashes(text, pieceBytes);
  const controlled = backslashed.replace(controls, escapeByte);
  if (highBytes === "raw") return byteName(controlled);
  if (highBytes === "escaped") return byteName(controlled.replace(high, escapeByte));
  return byteName(controlled.replace(highUtf8, (bytes) => (bytes.length > 1 ? bytes : escapeByte(bytes))));
}

/** The text as a log line shows it: control bytes and 0x80-0x9f escaped, whatever the locale. */
export function escapeForLog(text: ByteName): ByteName {
  if (!suspiciousForLog.test(text)) return text;
  return byteName(escapeBackslashes(text, text.length).replace(logControls, escapeByte));
}

/** A message may come from Node and hold ordinary text: then it is shown as UTF-8. */
export function asBytes(text: string): ByteName {
  return /[^\x00-\xff]/.test(text) ? fromText(text) : byteName(text);
}

/** rsync brings its messages to the terminal in pieces of so many bytes, each escaped by itself (seen in rsync 3.5.0). */
const pieceBytes = 1023;
/** A backslash, `#` and three digits. */
const lookAlikeBytes = 5;

const suspiciousForTerminal = /[\x00-\x08\x0a-\x1f\x80-\xff]|\\#[0-9]{3}/;
const suspiciousForLog = /[\x00-\x08\x0a-\x1f\x80-\x9f]|\\#[0-9]{3}/;
const controls = /[\x00-\x08\x0a-\x1f]/g;
const high = /[\x80-\xff]/g;
const logControls = /[\x00-\x08\x0a-\x1f\x80-\x9f]/g;
/**
 * One valid character of two or more bytes, or else one high byte. As in the C library, sequences of up to six bytes
 * are valid if they are not longer than needed, and the surrogates U+D800-DFFF are not.
 */
const highUtf8 = new RegExp(
  [
    "[\\xc2-\\xdf][\\x80-\\xbf]",
    "\\xe0[\\xa0-\\xbf][\\x80-\\xbf]",
    "\\xed[\\x80-\\x9f][\\x80-\\xbf]",
    "[\\xe1-\\xec\\xee\\xef][\\x80-\\xbf]{2}",
    "\\xf0[\\x90-\\xbf][\\x80-\\xbf]{2}",
    "[\\xf1-\\xf7][\\x80-\\xbf]{3}",
    "\\xf8[\\x88-\\xbf][\\x80-\\xbf]{3}",
    "[\\xf9-\\xfb][\\x80-\\xbf]{4}",
    "\\xfc[\\x84-\\xbf][\\x80-\\xbf]{4}",
    "\\xfd[\\x80-\\xbf]{5}",
    "[\\x80-\\xff]",
  ].join("|"),
  "g",
);

/** Of what would read as an escape but lies across two pieces, the backslash is shown as it is. */
function escapeBackslashes(text: string, piece: number): string {
  return text.replace(/\\(?=#[0-9]{3})/g, (backslash, at: number) =>
    at % piece > piece - lookAlikeBytes ? backslash : "\\#134",
  );
}

function escapeByte(byte: string): string {
  return `\\#${byte.charCodeAt(0).toString(8).padStart(3, "0")}`;
}
