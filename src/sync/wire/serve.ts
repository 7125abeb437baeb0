/** The server's end of a session, from the first byte to the goodbye (1-session 1). */

import { type ByteName, byteName } from "../../bytes/byte-name.ts";
import { asTsyncError, ExitCode, type Role, stoppedError, TsyncError } from "../../errors.ts";
import { parseFilesFrom } from "../../filter/parse-files-from.ts";
import type { FilterReader, FilterSettings } from "../../filter/rule-list.ts";
import { compileWireRules } from "../../filter/wire-rules.ts";
import { foreignLinkText, OperatorPaths } from "../../fs/operator-path.ts";
import { fakeSuperSyscalls } from "../../fs/syscalls/fake-super.ts";
import type { Syscalls } from "../../fs/syscalls/interface.ts";
import { type AllowedNames, checkChoices } from "../../options/allowed-names.ts";
import { chosenChecksums } from "../../options/checksum-choice.ts";
import type { SecludedServer, ServerCommand } from "../../options/parse-server.ts";
import type { TransferOptions } from "../../options/transfer-options.ts";
import { FilterListReader, sendsFilterList } from "../../protocol/filter-list.ts";
import type { Message } from "../../protocol/message.ts";
import type { ByteStream } from "../../transport/byte-stream.ts";
import { Connection } from "../../transport/connection.ts";
import type { Wants } from "../context.ts";
import { copyAs } from "../copy-as.ts";
import type { RunCounters } from "../counters.ts";
import type { EventSink, RunSummary } from "../events.ts";
import { readList } from "../listed-sources.ts";
import { operatorRules } from "../operator-rules.ts";
import { Condition } from "./condition.ts";
import { EarlyMessages } from "./early-messages.ts";
import { expandPath } from "./expand-paths.ts";
import { Heartbeat } from "./heartbeat.ts";
import { Link } from "./link.ts";
import { receiveNames, sendNames } from "./listed-names.ts";
import { receiveFromWire } from "./receive-side.ts";
import { sendToWire } from "./send-side.ts";
import { agreedOptions, type Session, startServer } from "./session.ts";
import type { EndParts } from "./wire-context.ts";
import { WireNames } from "./wire-names.ts";

/** What a server is given. */
export interface ServeRequest {
  readonly command: ServerCommand;
  readonly connection: Connection;
  readonly syscalls: Syscalls;
  /** Makes the sink for what the run tells, once it is known how the session talks. */
  readonly sink: (protocol: number) => EventSink;
  /** Hears what goes to the standard error of this process before the session begins. */
  readonly onRemark?: ((text: ByteName) => void) | undefined;
  /** What that sink wants to hear besides what the session does; nothing if not given. */
  readonly wants?: Wants | undefined;
  /** Gets what a sender counts, which is there even if it breaks. */
  readonly onCounters?: ((counters: RunCounters) => void) | undefined;
  readonly signal: AbortSignal;
  readonly allowed: AllowedNames;
  readonly home: ByteName | undefined;
  readonly cvsIgnore: ByteName | undefined;
}

/** A server shows nothing itself that the client can show, which must hear of what is unchanged too if it is to show that. */
export function wantsOf({ info, itemize }: TransferOptions, protocol: number): Wants {
  const unchanged = info.name > 1 || itemize > 1;
  return { items: protocol < 29, unchanged, transferred: false, digest: false, progress: false };
}

function bothWant(own: Wants, other: Wants = own): Wants {
  return {
    items: own.items || other.items,
    unchanged: own.unchanged || other.unchanged,
    transferred: own.transferred || other.transferred,
    digest: own.digest || other.digest,
    progress: false,
  };
}

/** Most words and bytes of secluded arguments. */
const secludedBytesMax = 16 * 1024 * 1024;

/** Opens the server's connection. */
export function openServerConnection(stream: ByteStream, isSender: boolean): Connection {
  return new Connection(stream, isSender ? "sender" : "Receiver");
}

/** Completes arguments that come by the protocol (1-session 2.6). */
export async function readSecluded(
  connection: Connection,
  command: SecludedServer,
  syscalls: Syscalls,
): Promise<ServerCommand> {
  const names = WireNames.open(syscalls, command.charset, "server");
  const words: ByteName[] = [];
  let bytes = 0;
  for (;;) {
    const word = await connection.read((reader) => reader.untilNul(secludedBytesMax));
    bytes += word.length;
    if (bytes > secludedBytesMax || !word.endsWith("\0")) {
      throw new TsyncError("limit", "too many secluded arguments", { exitCode: 22, role: "server" });
    }
    if (word === "\0") {
      names?.close();
      return withBase(command.complete(words.slice(1)), syscalls);
    }
    const own = byteName(word.slice(0, -1));
    words.push(names?.textFromWire(own) ?? own);
  }
}

/** With `--files-from` a wildcard stands for the one base directory, or is as wrong as several of them (2-file-list 2.1). */
function withBase(command: ServerCommand, syscalls: Syscalls): ServerCommand {
  if (!command.settings.sender || command.options.filesFrom === undefined) return command;
  const paths = command.paths.flatMap((path) => expandPath(syscalls, path));
  if (paths.length !== 1) throw new TsyncError("usage", "", { exitCode: ExitCode.usage, role: "server" });
  return { ...command, paths };
}

/** Serves one session to its end. */
export async function serve(request: ServeRequest): Promise<RunSummary> {
  const { settings } = request.command;
  const heartbeat = new Heartbeat(
    request.connection,
    settings.sender ? "sender" : "generator",
    settings.timeoutSeconds,
    request.syscalls,
  );
  const stop = (): void => {
    const { connection, signal } = request;
    connection.fail(stoppedError(signal, settings.sender ? "sender" : connection.hasList ? "generator" : "Receiver"));
  };
  request.signal.addEventListener("abort", stop);
  try {
    return await serveUntilEnd(request);
  } finally {
    request.signal.removeEventListener("abort", stop);
    heartbeat.stop();
  }
}

async function serveUntilEnd(request: ServeRequest): Promise<RunSummary> {
  const { command, connection, signal } = request;
  const { settings } = command;
  const isSender = settings.sender;
  const role: Role = isSender ? "sender" : "Receiver";
  checkChoices(settings, request.allowed);
  const names = WireNames.open(request.syscalls, settings.iconv, role);
  if (names !== undefined && command.options.debug.iconv > 0 && !command.options.quiet) {
    request.onRemark?.(names.remark(role));
  }
  connection.convertMessage = names?.messageToWire;
  const { list, refused } = readOwnList(request);
  const early = new EarlyMessages(role);
  let handle: (message: Message) => void = (message) => early.keep(message);
  const session = await startServer(
    connection,
    {
      options: command.options,
      isSender,
      protocol: settings.protocol,
      chosenChecksums: chosenChecksums(settings.checksumChoice),
      allowed: request.allowed,
      allowsIncremental: allowsIncremental(command, isSender),
      onMessage: (message) => onPeerMessage(connection, role, message, handle),
      role,
      hearsNames: isSender && command.options.filesFrom === "-",
    },
    settings.remoteShell ?? "",
  );
  const { protocol } = session;
  const emit = request.sink(protocol);
  for (const text of refused) {
    emit({ type: "problem", severity: "warning", role: "client", text: byteName(text), path: undefined, errno: 0 });
  }
  const timed = settings.deleteBefore || settings.deleteAfter || settings.deleteDuring !== undefined;
  const agreed = agreedOptions(command.options, session, !timed);
  const onlyBatch = settings.onlyBatch && !isSender;
  // Nothing changes here: what is asked for goes into the client's batch file.
  const options = onlyBatch ? { ...agreed, dryRun: true } : agreed;
  if (names !== undefined) {
    names.convertsLinks = session.protocol >= 30 && (settings.remoteShell ?? "").includes("s");
  }
  const texts = await readFilters(connection, command, session);
  for (const text of texts) {
    // Behind the modifier C there is no pattern.
    if (!/[ \t]$/.test(text) || /^-[^ _]*C[^ _]* $/.test(text)) continue;
    const rule = protocol >= 29 || /^[-+] /.test(text) ? text : `- ${text}`;
    const caution = byteName(`[${role}] add_rule(${rule}) -- CAUTION: trailing whitespace!`);
    emit({ type: "notice", role, code: "filter", path: undefined, text: caution });
  }
  copyAs(options.copyAs, request.syscalls, role);
  const link = new Link(connection, session, new Condition(), names);
  const { syscalls } = request;
  const end = {
    link,
    options,
    isServer: true,
    onlyBatch,
    emit,
    wants: bothWant(wantsOf(options, protocol), request.wants),
    signal,
    syscalls: options.fakeSuper ? fakeSuperSyscalls(syscalls, isSender ? "sender" : "generator") : syscalls,
    rules: (reader: FilterReader, given: FilterSettings) =>
      compileWireRules(texts, reader, given, {
        protocol,
        serverSide: isSender ? "sender" : "receiver",
        cvs: options.cvsExclude,
        role,
        args: settings.filters,
      }),
    home: request.home,
    cvsIgnore: request.cvsIgnore,
    onMessage: (handler: (message: Message) => void) => {
      handle = handler;
      early.handOn(handler);
    },
  };
  const isExpanded = settings.secludedArguments === true && options.filesFrom === undefined;
  const sources = isExpanded ? command.paths.flatMap((path) => expandPath(syscalls, path)) : command.paths;
  const summary = isSender
    ? await sendToWire({
        ...end,
        ...(request.onCounters === undefined ? {} : { onCounters: request.onCounters }),
        sources,
        listed: (parts) => listedNames(link, parts, list, settings.secludedArguments === true),
      })
    : await receiveFromWire({
        ...end,
        destination: command.paths[0] ?? byteName("."),
        check: (entry) => entry,
        begin: () => {
          if (list !== undefined) {
            sendNames(link, options.nulTerminated, list, settings.secludedArguments === true);
          }
        },
      });
  await connection.finish();
  connection.destroy();
  return summary;
}

/** A file of names over here, which is read before a word is said: without it the session does not begin (2-file-list 2.1). */
function readOwnList({ command, syscalls }: ServeRequest): { list: Uint8Array | undefined; refused: string[] } {
  const { options } = command;
  const refused: string[] = [];
  if (options.filesFrom === "-") return { list: undefined, refused };
  const operator = new OperatorPaths(syscalls, operatorRules(options), () => refused.push(foreignLinkText));
  try {
    return { list: readList({ options, syscalls }, operator, "server"), refused };
  } catch (error) {
    const known = asTsyncError(error);
    // The session ends before anybody could hear of these.
    const [first = "", ...moreLines] = [...refused, `rsync: ${known.message}`];
    const { exitCode } = known;
    throw new TsyncError("usage", first, { exitCode, role: "server", plain: true, moreLines, untold: true });
  }
}

/** A sending server's names: its client sends them, or they are in a file here (2-file-list 2.1). */
async function listedNames(
  link: Link,
  { context: { options } }: EndParts,
  list: Uint8Array | undefined,
  isSecluded: boolean,
): Promise<readonly ByteName[] | undefined> {
  if (options.filesFrom === "-") return await receiveNames(link, options.relative, isSecluded);
  return list === undefined ? undefined : parseFilesFrom(list, options);
}

/** Whether this server could go directory by directory (1-session 2.3). */
function allowsIncremental({ options, settings }: ServerCommand, isSender: boolean): boolean {
  const { recursive, deleteTiming, delayUpdates, pruneEmptyDirectories } = options;
  const whole = deleteTiming === "before" || deleteTiming === "after" || delayUpdates || pruneEmptyDirectories;
  return recursive && settings.allowIncremental && (isSender || !whole);
}

/** The client's rules, if it sends any (2-file-list 1.1). */
async function readFilters(
  connection: Connection,
  { options, settings }: ServerCommand,
  session: Session,
): Promise<readonly ByteName[]> {
  const condition = {
    protocol: session.protocol,
    serverIsSender: settings.sender,
    pruneEmptyDirs: options.pruneEmptyDirectories,
    deletes: options.deleteTiming !== "none",
    deleteExcluded: options.deleteExcluded,
  };
  if (!sendsFilterList(condition)) return [];
  const list = new FilterListReader();
  return await connection.read((reader) => list.read(reader));
}

/** Codes of which the peer hears otherwise (1-session 7.5). */
const quietCodes: ReadonlySet<number> = new Set([ExitCode.socketIo, ExitCode.stream, 19, ExitCode.timeout]);

/** The code that the peer is told when a session ends with this error; undefined: none. */
export function partingCode({ exitCode, message, kind, untold }: TsyncError): number | undefined {
  return untold || (message === "" && kind === "protocol") || quietCodes.has(exitCode) ? undefined : exitCode;
}

/** Messages that every end of a session understands alike. */
export function onPeerMessage(
  connection: Connection,
  role: Role,
  message: Message,
  handle: (message: Message) => void,
): void {
  if (message.kind !== "error-exit") {
    handle(message);
    return;
  }
  // Whoever says so has told why; an empty one answers ours.
  if (message.code !== undefined) connection.message({ kind: "error-exit", code: undefined });
  const exitCode = ((message.code ?? 0) & 0xff) as ExitCode;
  // That all is well is not what this message can say (4-traps L-17).
  const failed =
    exitCode === ExitCode.ok
      ? new TsyncError("transport", `the other side has left early [${role}]`, {
          exitCode: ExitCode.stream,
          role,
          untold: true,
        })
      : new TsyncError("protocol", "", { exitCode, role, plain: true });
  connection.fail(failed);
}
