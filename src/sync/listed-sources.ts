/** The list of `--files-from` where it is on this machine (2-file-list 2.1). */
import type { ByteName } from "../bytes/byte-name.ts";
import { ExitCode, type Role, TsyncError, usageError } from "../errors.ts";
import { parseFilesFrom } from "../filter/parse-files-from.ts";
import { errnoMessage } from "../fs/errno.ts";
import type { OperatorPaths } from "../fs/operator-path.ts";
import type { FilterArgument } from "../options/transfer-options.ts";
import type { BuilderContext } from "./builder-context.ts";
import { readOperatorFile } from "./filter-reader.ts";

const EINVAL = -22;

/**
 * The names of `--files-from`, undefined without it. A file that cannot be opened ends the run before it says anything.
 * @throws TsyncError usage
 */
export function readListed(
  context: Pick<BuilderContext, "options" | "syscalls">,
  operator: OperatorPaths,
): readonly ByteName[] | undefined {
  const content = readList(context, operator);
  return content === undefined ? undefined : parseFilesFrom(content, context.options);
}

/** The content of the file of `--files-from`, which is read once: it may be standard input. */
export function readList(
  { options, syscalls }: Pick<BuilderContext, "options" | "syscalls">,
  operator: OperatorPaths,
  role?: Role,
): Uint8Array | undefined {
  const { filesFrom } = options;
  if (filesFrom === undefined) return undefined;
  if (filesFrom === "-" && options.filters.some(readsStandardInput)) throw closedInput(role ?? "sender");
  const content = filesFrom === "" ? EINVAL : readOperatorFile(syscalls, operator, filesFrom);
  if (typeof content === "number") {
    throw usageError(`failed to open files-from file ${filesFrom}: ${errnoMessage(content)}`, role);
  }
  return content;
}

/** Whether an argument has rules from standard input, which rsync closes behind them. */
export function readsStandardInput({ kind, text }: Pick<FilterArgument, "kind" | "text">): boolean {
  if (kind === "filter") return /^(?:\.|merge(?=[ ,_]))[^ _]*[ _]-$/.test(text);
  return text === "-" && (kind === "exclude-from" || kind === "include-from");
}

/** What rsync says of a list or a batch that is to come from there too: to copy nothing without a word would be worse. */
export function closedInput(role: Role): TsyncError {
  const message = `[${role}] safe_read poll failed: Bad file descriptor (9)`;
  return new TsyncError("file", message, { exitCode: ExitCode.fileIo, role });
}
