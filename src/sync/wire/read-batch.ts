/** `--read-batch`: a run whose sender is a file (3-transfer 8.2). */

import { type ByteName, byteName } from "../../bytes/byte-name.ts";
import { abortedError, ExitCode, plainUsageError, TsyncError } from "../../errors.ts";
import { compileFilters, programAtProtocol } from "../../filter/compile-filters.ts";
import { errnoText } from "../../fs/errno.ts";
import { foreignLinkText, OperatorPaths, type OperatorRules } from "../../fs/operator-path.ts";
import { openSyscalls } from "../../fs/syscalls/choose.ts";
import { fakeSuperSyscalls } from "../../fs/syscalls/fake-super.ts";
import { emptyStat, type Syscalls } from "../../fs/syscalls/interface.ts";
import { absolutePath } from "../../fs/working-directory.ts";
import { fitToBatch } from "../../options/batch-options.ts";
import { ownCharset } from "../../options/charset-choice.ts";
import { chosenChecksums } from "../../options/checksum-choice.ts";
import { refuseOwnOptions } from "../../options/own-options.ts";
import type { BatchCommand } from "../../options/parse-arguments.ts";
import { BatchFlag, batchFlagsOf, readBatchHeader } from "../../protocol/batch-header.ts";
import { FileType } from "../../protocol/file-entry.ts";
import { CompatFlag, isIncremental, protocolMax, protocolMin } from "../../protocol/wire-context.ts";
import { Connection } from "../../transport/connection.ts";
import { fileInput } from "../../transport/file-input.ts";
import type { RunHost } from "../context.ts";
import { copyAs } from "../copy-as.ts";
import { withDeadline } from "../deadline.ts";
import type { EventSink, RunSummary } from "../events.ts";
import { closedInput, readsStandardInput } from "../listed-sources.ts";
import { operatorRules } from "../operator-rules.ts";
import { changedMode } from "./client.ts";
import { Condition } from "./condition.ts";
import { Link } from "./link.ts";
import { receiveFromWire } from "./receive-side.ts";
import { agreedOptions, batchSession } from "./session.ts";
import { WireNames } from "./wire-names.ts";

const EINVAL = -22;

/** What a run from a batch file is given. */
export interface ReadBatchRequest extends RunHost {
  readonly command: BatchCommand;
}

/**
 * Opens a batch file that is read without a destination: rsync does so before it says what is wrong.
 * @throws TsyncError file (exit 11)
 */
export function checkBatchFile(batch: ByteName, kind: "koffi" | "plain" | undefined): void {
  const syscalls = openSyscalls(kind);
  try {
    const rules = operatorRules({ insecureLinks: false, confineRoot: undefined });
    const descriptor = openBatch(batch, syscalls, rules, () => {});
    if (descriptor > 0) syscalls.close(descriptor);
  } finally {
    syscalls.dispose();
  }
}

/** Applies a batch file to its end. */
export function readBatch(request: ReadBatchRequest): Promise<RunSummary> {
  const { command, signal } = request;
  return withDeadline(command.options.stopAt, signal, (until) => readUntil({ ...request, signal: until }));
}

async function readUntil(request: ReadBatchRequest): Promise<RunSummary> {
  const { command, emit } = request;
  refuseOwnOptions(command.options, "with a batch file");
  const own = openSyscalls(request.syscalls);
  const syscalls = command.options.fakeSuper ? fakeSuperSyscalls(own, "generator") : own;
  let descriptor = -1;
  let connection: Connection | undefined;
  let names: WireNames | undefined;
  try {
    names = WireNames.open(syscalls, ownCharset(command.settings.iconv), "Receiver");
    if (names !== undefined && command.options.debug.iconv > 0) {
      emit({ type: "notice", role: "Receiver", code: "other", path: undefined, text: names.remark("Receiver") });
    }
    if (command.batch === "-" && command.options.filters.some(readsStandardInput)) throw closedInput("Receiver");
    descriptor = openBatch(command.batch, syscalls, { ...operatorRules(command.options), root: undefined }, emit);
    copyAs(command.options.copyAs, syscalls, "Receiver");
    connection = new Connection(fileInput(descriptor), "Receiver");
    descriptor = -1;
    connection.room = request.room;
    return await receive(request, connection, syscalls, names);
  } finally {
    connection?.destroy();
    names?.close();
    if (descriptor > 0) syscalls.close(descriptor);
    syscalls.dispose();
  }
}

/** Opens the file; `-` is standard input. */
function openBatch(path: ByteName, syscalls: Syscalls, rules: OperatorRules, emit: EventSink): number {
  if (path === "-") return 0;
  const absolute = absolutePath(syscalls, path);
  const operator = new OperatorPaths(syscalls, rules, () => {
    const text = byteName(foreignLinkText);
    emit({ type: "problem", severity: "warning", role: "Receiver", text, path: undefined, errno: 0 });
  });
  const descriptor = path === "" ? EINVAL : operator.open(path, syscalls.flags.readOnly);
  if (descriptor < 0) {
    const message = `[Receiver] Batch file "${absolute}" open error: ${errnoText(-descriptor)}`;
    throw new TsyncError("file", message, { exitCode: ExitCode.fileIo, role: "Receiver", path: absolute });
  }
  const stat = emptyStat();
  const type = syscalls.fstat(descriptor, stat) < 0 ? 0 : stat.mode & FileType.mask;
  if (type === FileType.regular || type === FileType.fifo) return descriptor;
  syscalls.close(descriptor);
  const message = `Batch file "${absolute}" is neither a regular file nor a FIFO`;
  throw new TsyncError("file", message, { exitCode: ExitCode.fileIo, role: "Receiver", path: absolute, plain: true });
}

async function receive(
  request: ReadBatchRequest,
  connection: Connection,
  syscalls: Syscalls,
  names: WireNames | undefined,
): Promise<RunSummary> {
  const { command, emit, wants, signal } = request;
  const { settings } = command;
  const abort = (): void => connection.fail(abortedError("Receiver"));
  signal.addEventListener("abort", abort);
  const header = await connection.read((reader) =>
    readBatchHeader(reader, Math.min(settings.protocol ?? protocolMax, protocolMax), protocolMin),
  );
  signal.removeEventListener("abort", abort);
  const isConverted = (header.flags & BatchFlag.iconv) !== 0;
  if (isConverted !== (names !== undefined)) {
    const what = isConverted ? "Please" : "Do not";
    throw plainUsageError(`${what} specify the --iconv option to use this batch file.`, "Receiver");
  }
  if (names !== undefined) names.convertsLinks = (header.compat & CompatFlag.symlinkIconv) !== 0;
  const fitted = fitToBatch(command.options, settings, header.flags, batchFlagsOf(header.protocol));
  for (const remark of fitted.remarks) {
    if (fitted.options.info.misc === 0) break;
    emit({ type: "notice", role: "Receiver", code: "other", path: undefined, text: byteName(remark) });
  }
  if (isIncremental(header) && !command.options.incrementalRecursion) {
    throw plainUsageError("Incompatible options specified for inc-recursive batch file.", "Receiver");
  }
  const checksums = chosenChecksums(settings.checksumChoice);
  const session = batchSession(header, fitted.options, checksums);
  const timed = settings.deleteBefore || settings.deleteAfter || settings.deleteDuring !== undefined;
  const options = agreedOptions(fitted.options, session, !timed);
  const link = new Link(connection, session, new Condition(), names);
  return await receiveFromWire({
    link,
    options,
    isServer: false,
    readsBatch: true,
    emit,
    wants,
    signal,
    syscalls,
    rules: (reader, given) => programAtProtocol(compileFilters(options.filters, reader, given), session.protocol),
    home: request.home,
    cvsIgnore: request.cvsIgnore,
    onMessage: () => undefined,
    destination: command.destination,
    check: (entry) => changedMode(options, entry),
  });
}
