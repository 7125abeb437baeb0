/**
 * The command-line arguments as bytes (4-traps N-02). Node decodes them as UTF-8 with losses, so on Linux they are
 * taken from `/proc/self/cmdline`, from its end: whatever options Node itself was given stand before the script.
 */
import { readFileSync } from "node:fs";
import { type ByteName, fromBytes, fromText, toText } from "../bytes/byte-name.ts";

/** The arguments after the script name; `decoded` is what Node made of them (`process.argv.slice(2)`). */
export function readArguments(decoded: readonly string[]): ByteName[] {
  return takeArguments(readCommandLine(), decoded);
}

/** As `readArguments`, on the content of a cmdline file; undefined or content that does not fit: decoded text is used. */
export function takeArguments(commandLine: Uint8Array | undefined, decoded: readonly string[]): ByteName[] {
  const exact = commandLine === undefined ? undefined : lastArguments(commandLine, decoded.length);
  const fits = exact?.every((argument, index) => toText(argument) === decoded[index]) ?? false;
  return exact !== undefined && fits ? exact : decoded.map(fromText);
}

function lastArguments(commandLine: Uint8Array, count: number): ByteName[] | undefined {
  const text = fromBytes(commandLine);
  if (!text.endsWith("\0")) return undefined;
  const all = text.slice(0, -1).split("\0") as ByteName[];
  return all.length < count ? undefined : all.slice(all.length - count);
}

function readCommandLine(): Uint8Array | undefined {
  try {
    return readFileSync("/proc/self/cmdline");
  } catch {
    return undefined;
  }
}
