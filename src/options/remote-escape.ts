/** How words are escaped that a shell at the other end takes apart again (1-session 2.5). */
import type { ByteName } from "../bytes/byte-name.ts";

/** `default`: everything; `old`: option values only; `none`: nothing (secluded, or `--old-args` twice). */
export type EscapeMode = "default" | "old" | "none";

/** Escapes a path. Wildcards stay the remote shell's, and so does a backslash just before one. */
export function escapePath(path: ByteName, mode: EscapeMode, guardTilde: boolean): ByteName {
  const plain = path.startsWith("-") ? `./${path}` : path;
  if (mode !== "default") return plain as ByteName;
  const escaped = plain.replace(/\\(?=[*?[\]])|[!#$&;|<>(){}"'\\`\s]/g, (found, at: number) => {
    const keeps = found === "\\" && /[*?[\]]/.test(plain.charAt(at + 1));
    return keeps ? found : `\\${found}`;
  });
  return (guardTilde && escaped.startsWith("~") ? `\\${escaped}` : escaped) as ByteName;
}

/** Escapes the value of an option, in which wildcards mean nothing to the other side. */
export function escapeValue(value: ByteName, mode: EscapeMode): ByteName {
  if (mode === "none") return value;
  return value.replace(/[!#$&;|<>(){}"'\\`\s*?[\]]/g, "\\$&") as ByteName;
}
