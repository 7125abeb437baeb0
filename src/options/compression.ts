/** `--compress` and its relatives: what they ask for together, and how a server is told (1-session 2.4, 3-transfer 4.5). */
import type { ByteName } from "../bytes/byte-name.ts";
import { ExitCode, type Role, TsyncError } from "../errors.ts";
import { type CompressionName, parseCompressionName } from "../protocol/compression-name.ts";
import type { Settings } from "./settings.ts";
import type { Compression } from "./transfer-options.ts";

/**
 * Undefined: data travels as it is.
 * @throws TsyncError unsupported: an unknown name
 */
export function compressionOf(settings: Settings, role: Role): Compression | undefined {
  const { compress, compressLevel: level, compressThreads: threads } = settings;
  const choice = choiceOf(settings, role);
  if (choice === "none" || (choice === undefined && compress === 0 && level === undefined)) return undefined;
  return { choice, level, threads };
}

/** What a server is told. */
export interface CompressionWords {
  readonly letter: boolean;
  readonly level: ByteName | undefined;
  /** A whole word, not escaped. */
  readonly choice: string | undefined;
}

export function compressionWords(settings: Settings): CompressionWords {
  const { compress, compressLevel } = settings;
  const choice = choiceOf(settings, "client");
  const words: Partial<Record<CompressionName, string>> = { zlib: "--old-compress", zlibx: "--new-compress" };
  return {
    letter: choice === "zlib" || (choice === undefined && compress > 0),
    level: compressLevel === undefined ? undefined : (String(compressLevel) as ByteName),
    choice: choice === undefined ? undefined : (words[choice] ?? `--compress-choice=${settings.compressChoice}`),
  };
}

/** Undefined: the sides agree on one, if there is to be any. */
function choiceOf({ compress, compressChoice }: Settings, role: Role): CompressionName | undefined {
  if (compressChoice === undefined || compressChoice.toLowerCase() === "auto")
    return compress > 1 ? "zlibx" : undefined;
  const name = parseCompressionName(compressChoice);
  if (name !== undefined) return name;
  const details = { exitCode: ExitCode.unsupported, role, plain: true };
  throw new TsyncError("unsupported", `unknown compress name: ${compressChoice}`, details);
}
