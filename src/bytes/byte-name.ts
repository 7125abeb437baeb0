/**
 * Names as bytes (4-traps N-01, N-02). Inside tsync every path, link target, pattern and argument is a `ByteName`: a
 * string with one UTF-16 code unit (0..255) for each byte, so that comparison, concatenation and Map keys are exact
 * for names that are not UTF-8. Never print or hand one to node:fs without `toBytes`.
 */

declare const byteNameBrand: unique symbol;
/** A byte string, one code unit (0..255) a byte. */
export type ByteName = string & { readonly [byteNameBrand]: true };

/** Wraps text that is known to be ASCII (or already one unit a byte). */
export function byteName(text: string): ByteName {
  return text as ByteName;
}

/** The bytes of a name as a fresh Buffer owned by the caller. */
export function toBytes(name: ByteName): Buffer {
  return Buffer.from(name, "latin1");
}

/** The name that consists of these bytes. */
export function fromBytes(bytes: Uint8Array): ByteName {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1") as ByteName;
}

/** The name whose bytes are the UTF-8 form of ordinary text (library arguments, option text). */
export function fromText(text: string): ByteName {
  return Buffer.from(text, "utf8").toString("latin1") as ByteName;
}

/** The text of a name read as UTF-8; invalid bytes become U+FFFD, so this is for showing only. */
export function toText(name: ByteName): string {
  return Buffer.from(name, "latin1").toString("utf8");
}

/** Compares byte by byte, as unsigned bytes: negative, zero or positive. */
export function compareBytes(a: ByteName, b: ByteName): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** `directory/name`, without doubling the slash; an empty directory gives the name alone. */
export function joinName(directory: ByteName, name: ByteName): ByteName {
  if (directory === "") return name;
  return (directory.endsWith("/") ? directory + name : `${directory}/${name}`) as ByteName;
}

/** The text after the last slash. */
export function baseName(path: ByteName): ByteName {
  return path.slice(path.lastIndexOf("/") + 1) as ByteName;
}

/** The text before the last slash: `/` if that is the root, empty if there is no slash. */
export function directoryName(path: ByteName): ByteName {
  const slash = path.lastIndexOf("/");
  return (slash < 0 ? "" : slash === 0 ? "/" : path.slice(0, slash)) as ByteName;
}
