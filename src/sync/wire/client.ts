/**
 * The client's end of a session over a remote shell (1-session 1, 2): starts the other side, agrees with it, then sends or receives,
 * and hears what the other side has to say.
 */

import { type ByteName, byteName } from "../../bytes/byte-name.ts";
import { asTsyncError, ExitCode, internalError, type Role, stoppedError, TsyncError } from "../../errors.ts";
import { compileFilters, type FilterProgram, programAtProtocol } from "../../filter/compile-filters.ts";
import { parseFilesFrom } from "../../filter/parse-files-from.ts";
import type { FilterReader } from "../../filter/rule-list.ts";
import { formatWireRules } from "../../filter/wire-rules.ts";
import { foreignLinkText, OperatorPaths } from "../../fs/operator-path.ts";
import { openSyscalls } from "../../fs/syscalls/choose.ts";
import { fakeSuperSyscalls } from "../../fs/syscalls/fake-super.ts";
import type { AllowedNames } from "../../options/allowed-names.ts";
import { ownCharset } from "../../options/charset-choice.ts";
import { chosenChecksums } from "../../options/checksum-choice.ts";
import { applyModeChanges } from "../../options/chmod.ts";
import { parseRemote } from "../../options/operands.ts";
import { refuseOwnOptions } from "../../options/own-options.ts";
import type { RemoteCommand } from "../../options/parse-arguments.ts";
import {
  argumentsTravel,
  type CallEnvironment,
  callOf,
  type ServerWords,
  serverArguments,
} from "../../options/server-arguments.ts";
import type { TransferOptions } from "../../options/transfer-options.ts";
import type { FileEntry } from "../../protocol/file-entry.ts";
import { sendsFilterList, writeFilterList } from "../../protocol/filter-list.ts";
import type { Message } from "../../protocol/message.ts";
import { CompatFlag, protocolMax } from "../../protocol/wire-context.ts";
import type { CommandConnection } from "../../transport/command.ts";
import { Connection } from "../../transport/connection.ts";
import type { RunHost } from "../context.ts";
import { copyAs } from "../copy-as.ts";
import type { RunCounters } from "../counters.ts";
import { withDeadline } from "../deadline.ts";
import type { RunSummary } from "../events.ts";
import { isSymlink } from "../file-list.ts";
import { fileFilterReader } from "../filter-reader.ts";
import { readList } from "../listed-sources.ts";
import { operatorRules } from "../operator-rules.ts";
import { refuseEmptySources } from "../refuse-empty-source.ts";
import type { BatchRecorder } from "./batch-recorder.ts";
import { batchHeader, openBatch } from "./client-batch.ts";
import { announceCommand, announceSecluded, remark } from "./client-remarks.ts";
import { Condition } from "./condition.ts";
import { type DaemonEnvironment, type DaemonRequest, openDaemon, sendArguments } from "./daemon-connect.ts";
import { EarlyMessages } from "./early-messages.ts";
import { Heartbeat } from "./heartbeat.ts";
import { Link } from "./link.ts";
import { listedHere, namesToSend, sendNames } from "./listed-names.ts";
import { batchNames } from "./negotiate.ts";
import { tellPeerText } from "./peer-text.ts";
import { receiveFromWire } from "./receive-side.ts";
import { type ShellWays, shellWords, startRemoteShell } from "./remote-shell.ts";
import { RequestedNames } from "./requested-names.ts";
import { sendToWire } from "./send-side.ts";
import { onPeerMessage, partingCode } from "./serve.ts";
import { agreedOptions, type Session, startClient } from "./session.ts";
import { WireNames } from "./wire-names.ts";

/** What a remote run is given. */
export interface RemoteRequest extends RunHost {
  readonly command: RemoteCommand;
  readonly allowed: AllowedNames;
  /** RSYNC_RSH. */
  readonly remoteShell: ByteName | undefined;
  readonly shell: ShellWays;
  readonly environment: CallEnvironment;
  readonly daemon: DaemonEnvironment;
  /** Hears how far a run came that broke. */
  readonly onBreak?: (totals: Pick<RunSummary, "bytesSent" | "bytesReceived" | "totalSize">) => void;
}

/** How long the remote shell may take to end once the session is over, and when it broke. */
const patienceMilliseconds = 30_000;
const brokenPatienceMilliseconds = 1000;

/** Runs a transfer with another machine to its end; undefined when a daemon just listed its modules. */
export function runRemote(request: RemoteRequest): Promise<RunSummary | undefined> {
  const { command, signal } = request;
  return withDeadline(command.options.stopAt, signal, (until) => remoteUntil({ ...request, signal: until }));
}

async function remoteUntil(request: RemoteRequest): Promise<RunSummary | undefined> {
  const { command } = request;
  const pushes = command.remote.direction === "push";
  // The sources of a push are here to be looked at.
  const refuseEmptySource = command.options.refuseEmptySource && !pushes;
  refuseOwnOptions({ ...command.options, refuseEmptySource }, "with another machine");
  const role: Role = pushes ? "sender" : "Receiver";
  const syscalls = openSyscalls(request.syscalls);
  let names: WireNames | undefined;
  let child: CommandConnection | undefined;
  let opened: Connection | undefined;
  let heartbeat: Heartbeat | undefined;
  let recorder: BatchRecorder | undefined;
  let hasBegun = false;
  let totalSize = (): number => 0;
  let stop = (): void => undefined;
  try {
    if (pushes) refuseEmptySources(syscalls, command.options, command.sources);
    const own = new OperatorPaths(syscalls, { ...operatorRules(command.options), root: undefined });
    const warn = (text: string): void => {
      const about = { path: undefined, errno: 0 };
      request.emit({ type: "problem", severity: "warning", role: "client", text: byteName(text), ...about });
    };
    const reader = fileFilterReader(syscalls, own, warn);
    const { deleteExcluded, nulTerminated, filters } = command.options;
    const { home, cvsIgnore } = request;
    const settings = { deleteExcluded, nulTerminated, home, cvsIgnoreVariable: cvsIgnore, cvsProtects: !pushes };
    const program = compileFilters(filters, reader, settings);
    const list = listedHere(command.options)
      ? readList(
          { options: command.options, syscalls },
          own.telling(() => warn(foreignLinkText)),
        )
      : undefined;
    hasBegun = true;
    names = WireNames.open(syscalls, ownCharset(command.settings.iconv), role);
    recorder = openBatch(command, program, syscalls, own);
    const said = serverArguments(callOf(command, request.environment));
    const { textToWire } = names ?? {};
    const call = textToWire === undefined ? said : { ...said, secluded: said.secluded?.map(textToWire) };
    const onOpen = (connection: Connection, started: CommandConnection | undefined): void => {
      opened = connection;
      connection.room = request.room;
      child = started;
      stop = () => connection.fail(stoppedError(request.signal, connection.hasList ? "generator" : role));
      request.signal.addEventListener("abort", stop);
      if (request.signal.aborted) throw stoppedError(request.signal, role);
      const { timeoutSeconds } = command.settings;
      heartbeat = new Heartbeat(connection, role === "sender" ? role : "generator", timeoutSeconds, syscalls);
    };
    let agreedProtocol: number | undefined;
    if (command.remote.transport === "daemon") {
      agreedProtocol = await startDaemon(request, { syscalls, own, role, warn, onOpen, words: call.visible });
      if (agreedProtocol === undefined) return undefined;
      if (call.secluded !== undefined) announceSecluded(request, call.secluded);
      if (opened !== undefined) sendArguments(opened, call, agreedProtocol);
    } else {
      await startShell(request, call, role, onOpen);
    }
    const connection = opened;
    if (connection === undefined) throw internalError("there is no connection");
    const onTimeout = (seconds: number): void => heartbeat?.adopt(seconds);
    const summary = await session(request, {
      ...{ connection, role, program, reader, syscalls, agreedProtocol, onTimeout, names, recorder, list },
      onCounters: (counters) => {
        totalSize = () => counters.totalSize;
      },
      isSecluded: call.secluded !== undefined,
    });
    await connection.finish();
    const status = await child?.status(patienceMilliseconds);
    // What the other side ended with comes before what this one found (1-session 7.6).
    return status === undefined || status === 0 ? summary : { ...summary, exitCode: status as ExitCode };
  } catch (error) {
    const known = asTsyncError(error);
    const moved = opened?.counted ?? { bytesSent: 0, bytesReceived: 0 };
    // A client that sends hangs up without a word (1-session 7.5).
    await opened?.part(pushes ? undefined : partingCode(known), brokenPatienceMilliseconds);
    if (pushes && hasBegun) request.onBreak?.({ ...moved, totalSize: totalSize() });
    throw await withShellStatus(known, child, opened?.hasEnded === true, request.signal);
  } finally {
    heartbeat?.stop();
    request.signal.removeEventListener("abort", stop);
    opened?.destroy();
    recorder?.close();
    names?.close();
    syscalls.dispose();
  }
}

/** Starts the other side through a remote shell. */
async function startShell(
  request: RemoteRequest,
  { visible, secluded }: ServerWords,
  role: Role,
  onOpen: (connection: Connection, child: CommandConnection) => void,
): Promise<void> {
  const words = shellWords(request, visible);
  announceCommand(request, words);
  const child = await startRemoteShell(request, words, visible, role);
  const connection = new Connection(child.stream, role);
  onOpen(connection, child);
  if (secluded === undefined) return;
  announceSecluded(request, secluded);
  for (const word of [byteName("rsync"), ...secluded]) connection.out.name(byteName(`${word || "."}\0`));
  connection.out.byte(0);
}

/** Connects to a daemon, by a remote shell only if one was given on the command line (1-session 8.5). */
async function startDaemon(
  request: RemoteRequest,
  parts: Pick<DaemonRequest, "syscalls" | "own" | "role" | "onOpen" | "words"> & {
    readonly warn: (text: string) => void;
  },
): Promise<number | undefined> {
  const { command, emit, signal } = request;
  const throughShell = command.settings.remoteShell !== undefined || request.shell.stream !== undefined;
  const serverWords = ["--server", "--daemon", "."].map(byteName);
  const words = throughShell ? shellWords(request, serverWords) : undefined;
  if (words !== undefined) announceCommand(request, words);
  return await openDaemon({
    ...parts,
    command,
    environment: request.daemon,
    signal,
    startShell:
      words === undefined
        ? undefined
        : (variables) => startRemoteShell(request, words, serverWords, parts.role, variables),
    onWarning: parts.warn,
    onRemark: (flag, text) => remark(request, flag, text),
    onText: (text) => emit({ type: "notice", role: parts.role, code: "other", path: undefined, text }),
  });
}

interface SessionParts {
  readonly connection: Connection;
  readonly role: Role;
  readonly program: FilterProgram;
  readonly reader: FilterReader;
  readonly syscalls: Parameters<typeof sendToWire>[0]["syscalls"];
  readonly names: WireNames | undefined;
  readonly recorder: BatchRecorder | undefined;
  /** What the file of `--files-from` here holds. It was read before the other side was started: it may be what makes that needless. */
  readonly list: Uint8Array | undefined;
  /** Arguments went by the protocol. */
  readonly isSecluded: boolean;
  readonly agreedProtocol: number | undefined;
  readonly onCounters: (counters: RunCounters) => void;
  /** A daemon says how long it waits (1-session 5.6). */
  readonly onTimeout: (seconds: number) => void;
}

async function session(request: RemoteRequest, parts: SessionParts): Promise<RunSummary> {
  const { command, signal } = request;
  const { connection, role, program, reader, syscalls } = parts;
  const { settings, remote } = command;
  const pushes = remote.direction === "push";
  const early = new EarlyMessages(role);
  let handle: (message: Message) => void = (message) => early.keep(message);
  const { options: asked } = command;
  const { deleteTiming, delayUpdates, pruneEmptyDirectories } = asked;
  const whole = deleteTiming === "before" || deleteTiming === "after" || delayUpdates || pruneEmptyDirectories;
  const { filesFrom } = asked;
  const { names, recorder } = parts;
  if (!pushes && recorder !== undefined) connection.onReceived = (bytes) => recorder.write(bytes);
  if (names !== undefined) remark(request, "iconv", names.remark(pushes ? "sender" : "Receiver"));
  const agreed = await startClient(connection, {
    hearsNames: pushes && filesFrom !== undefined && parseRemote(filesFrom) !== undefined,
    options: asked,
    isSender: pushes,
    protocol: settings.protocol,
    agreedProtocol: parts.agreedProtocol,
    chosenChecksums: chosenChecksums(settings.checksumChoice),
    allowed: recorder === undefined ? request.allowed : batchNames(settings.protocol ?? protocolMax),
    allowsIncremental: asked.recursive && settings.allowIncremental && (pushes || !whole),
    onMessage: (arriving) => {
      const message = names?.messageFromWire(arriving) ?? arriving;
      if (message.kind === "text") tellPeerText(message, pushes ? "receiver" : "sender", request.emit, handle);
      else if (message.kind === "io-timeout") parts.onTimeout(message.seconds);
      else onPeerMessage(connection, role, message, handle);
    },
    role,
    remark: (flag, level, text) => remark(request, flag, text, level),
  });
  // Such digests are not of the data alone: they are not shown (3-transfer 9.6).
  const wants = agreed.seededDigest ? { ...request.wants, digest: false } : request.wants;
  const timed = settings.deleteBefore || settings.deleteAfter || settings.deleteDuring !== undefined;
  const onlyBatch = recorder?.isOnly === true;
  const settled = agreedOptions(asked, agreed, !timed);
  const options = onlyBatch ? { ...settled, dryRun: !pushes, removeSource: "no" as const } : settled;
  if (names !== undefined) names.convertsLinks = (agreed.compat & CompatFlag.symlinkIconv) !== 0;
  recorder?.begin(batchHeader(asked, agreed, names !== undefined));
  const link = new Link(connection, agreed, new Condition(), names, recorder);
  const end = {
    link,
    options,
    isServer: false,
    emit: request.emit,
    wants,
    signal,
    syscalls: options.fakeSuper ? fakeSuperSyscalls(syscalls, pushes ? "sender" : "generator") : syscalls,
    rules: () => programAtProtocol(program, agreed.protocol),
    home: request.home,
    cvsIgnore: request.cvsIgnore,
    onMessage: (handler: (message: Message) => void) => {
      handle = handler;
      early.handOn(handler);
    },
  };
  copyAs(options.copyAs, syscalls, role);
  if (pushes) {
    const sent = await sendToWire({
      ...end,
      onCounters: parts.onCounters,
      sources: command.sources,
      listed: async () => {
        sendRules(connection, command, agreed, program);
        const listed = await namesToSend(link, options, parts);
        if (recorder !== undefined) {
          // From here on it is what a reader of the batch file gets to see.
          connection.flush();
          connection.onSent = (bytes) => recorder.write(bytes);
        }
        return listed;
      },
    });
    return { ...sent, batchOnly: onlyBatch };
  }
  const { list } = parts;
  // What is no name for a reader of the file is one for the other side (2-file-list 2.2).
  const listed = list === undefined ? undefined : parseFilesFrom(list, { ...options, forwarded: true });
  const { trustSender } = settings;
  const requests =
    argumentsTravel(settings, request.environment).old > 0 || (options.filesFrom !== undefined && list === undefined)
      ? undefined
      : (listed?.filter((name) => !/(?:^|\/)\.\.$/.test(name)) ?? requestedPaths(remote));
  const tell = (text: ByteName, path: ByteName) =>
    request.emit({ type: "notice", role: "generator", code: "filter", path, text });
  const requested = new RequestedNames(options, requests, program, reader, tell);
  const working = syscalls.workingDirectory();
  if (typeof working !== "number") requested.setCurrentDirectory(working);
  const received = await receiveFromWire({
    ...end,
    onlyBatch,
    destination: command.destination,
    check: (entry, sent, isLater) => changedMode(options, trustSender ? entry : requested.check(entry, sent, isLater)),
    entered: (absolute) => requested.setCurrentDirectory(absolute),
    begin: () => {
      sendRules(connection, command, agreed, program);
      if (list !== undefined) sendNames(link, options.nulTerminated, list, parts.isSecluded);
    },
  });
  return { ...received, batchOnly: onlyBatch };
}

/** Of a daemon's paths what is behind the module. */
function requestedPaths({ transport, paths }: RemoteCommand["remote"]): readonly ByteName[] {
  if (transport === "shell") return paths;
  return paths.map((path) => byteName(path.includes("/") ? path.slice(path.indexOf("/") + 1) : ""));
}

/** `--chmod` changes what a client that receives gets to see (2-file-list 3.5). */
export function changedMode({ chmod }: TransferOptions, entry: FileEntry): FileEntry {
  if (chmod.length === 0 || entry.mode === 0 || isSymlink(entry)) return entry;
  return { ...entry, mode: applyModeChanges(entry.mode, chmod, process.umask()) };
}

/** The rules that the other side needs. They are looked at in any case: an old peer may not understand them (2-file-list 10.3). */
function sendRules(connection: Connection, command: RemoteCommand, session: Session, program: FilterProgram): void {
  const { remote, options } = command;
  const pushes = remote.direction === "push";
  const { protocol } = session;
  const texts = formatWireRules(program, { protocol, clientSide: pushes ? "sender" : "receiver" });
  const wanted = sendsFilterList({
    protocol,
    serverIsSender: !pushes,
    pruneEmptyDirs: options.pruneEmptyDirectories,
    deletes: options.deleteTiming !== "none",
    deleteExcluded: options.deleteExcluded,
  });
  if (wanted) writeFilterList(connection.out, texts);
}

/** When the connection broke the remote shell may know why (4-traps E-02). */
async function withShellStatus(
  error: TsyncError,
  child: CommandConnection | undefined,
  hasEnded: boolean,
  signal: AbortSignal,
): Promise<TsyncError> {
  if (child === undefined) return error;
  child.stream.destroy();
  const isBroken = error.exitCode === ExitCode.stream || (hasEnded && error.exitCode === ExitCode.startClient);
  if (!isBroken || signal.aborted) {
    child.kill();
    return error;
  }
  const status = await child.status(brokenPatienceMilliseconds);
  if (status === undefined) child.kill();
  if (status === undefined || status <= ExitCode.stream) return error;
  const { kind, message, role, plain } = error;
  return new TsyncError(kind, message, { exitCode: status as ExitCode, role, plain, cause: error });
}
