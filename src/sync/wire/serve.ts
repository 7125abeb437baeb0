/** The server's end of a session, from the first byte to the goodbye (1-session 1). */
import { type ByteName, byteName } from "../../bytes/byte-name.ts";
import { type ExitCode, type Role, TsyncError, unsupportedError } from "../../errors.ts";
import type { FilterArgument } from "../../filter/compile-filters.ts";
import type { Syscalls } from "../../fs/syscalls/interface.ts";
import type { SecludedServer, ServerCommand } from "../../options/parse-server.ts";
import type { TransferOptions } from "../../options/transfer-options.ts";
import { FilterListReader, sendsFilterList } from "../../protocol/filter-list.ts";
import type { Message } from "../../protocol/message.ts";
import type { ByteStream } from "../../transport/byte-stream.ts";
import { Connection } from "../../transport/connection.ts";
import type { Wants } from "../context.ts";
import type { EventSink, RunSummary } from "../events.ts";
import { Condition } from "./condition.ts";
import { Link } from "./link.ts";
import { receiveFromWire } from "./receive-side.ts";
import { agreedOptions, type Session, startServer } from "./session.ts";

/** What a server is given. */
export interface ServeRequest {
  readonly command: ServerCommand;
  readonly connection: Connection;
  readonly syscalls: Syscalls;
  /** Makes the sink for what the run tells, once it is known how the session talks. */
  readonly sink: (protocol: number) => EventSink;
  readonly signal: AbortSignal;
  readonly home: ByteName | undefined;
  readonly cvsIgnore: ByteName | undefined;
}

/** A server shows nothing itself that the client can show, which must hear of what is unchanged too if it is to show that. */
function wantsOf({ info, itemize }: TransferOptions, protocol: number): Wants {
  const unchanged = info.name > 1 || itemize > 1;
  return { items: protocol < 29, unchanged, transferred: false, digest: false, progress: false };
}

/** Most words and bytes of secluded arguments. */
const secludedBytesMax = 16 * 1024 * 1024;

/** Opens the server's connection. */
export function openServerConnection(stream: ByteStream, isSender: boolean): Connection {
  return new Connection(stream, isSender ? "sender" : "Receiver");
}

/** Completes arguments that come by the protocol (1-session 2.6). */
export async function readSecluded(connection: Connection, command: SecludedServer): Promise<ServerCommand> {
  const words: ByteName[] = [];
  let bytes = 0;
  for (;;) {
    const word = await connection.read((reader) => reader.untilNul(secludedBytesMax));
    bytes += word.length;
    if (bytes > secludedBytesMax || !word.endsWith("\0")) {
      throw new TsyncError("limit", "too many secluded arguments", { exitCode: 22, role: "server" });
    }
    if (word === "\0") return command.complete(words.slice(1));
    words.push(byteName(word.slice(0, -1)));
  }
}

/** Serves one session to its end. */
export async function serve(request: ServeRequest): Promise<RunSummary> {
  const { command, connection, signal } = request;
  const { settings } = command;
  const isSender = settings.sender;
  const role: Role = isSender ? "sender" : "Receiver";
  if (command.options.xattrs > 0) {
    throw unsupportedError("This tsync does not support --xattrs (-X) to another machine yet", role);
  }
  let handle: (message: Message) => void = () => undefined;
  const session = await startServer(
    connection,
    {
      options: command.options,
      isSender,
      protocol: settings.protocol,
      checksumChosen: settings.checksumChoice !== undefined && settings.checksumChoice !== "auto",
      allowsIncremental: allowsIncremental(command, isSender),
      onMessage: (message) => onPeerMessage(connection, role, message, handle),
      role,
    },
    settings.remoteShell ?? "",
  );
  const timed = settings.deleteBefore || settings.deleteAfter || settings.deleteDuring !== undefined;
  const options = agreedOptions(command.options, session, !timed);
  const filters = await readFilters(connection, command, session);
  const link = new Link(connection, session, new Condition());
  const shared = {
    link,
    options,
    filters,
    isServer: true,
    wants: wantsOf(options, session.protocol),
    signal,
    syscalls: request.syscalls,
  };
  const { home, cvsIgnore } = request;
  const emit = request.sink(session.protocol);
  const summary = await receiveFromWire({
    ...shared,
    home,
    cvsIgnore,
    emit,
    destination: command.paths[0] ?? byteName("."),
    check: (entry) => entry,
    onMessage: (handler) => {
      handle = handler;
    },
  });
  await connection.finish();
  connection.destroy();
  return summary;
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
): Promise<FilterArgument[]> {
  const condition = {
    protocol: session.protocol,
    serverIsSender: settings.sender,
    pruneEmptyDirs: options.pruneEmptyDirectories,
    deletes: options.deleteTiming !== "none",
    deleteExcluded: options.deleteExcluded,
  };
  const filters: FilterArgument[] = [];
  if (sendsFilterList(condition)) {
    const list = new FilterListReader();
    const texts = await connection.read((reader) => list.read(reader));
    const kind = session.protocol >= 29 ? "filter" : "exclude";
    for (const text of texts) filters.push({ kind, text });
  }
  return filters;
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
  connection.fail(new TsyncError("protocol", "", { exitCode, role, plain: true }));
}
