/**
 * The library's runs over a connection that is there already: `connect` is the client, `serve` the server, `serverArgs` the words that a
 * server for a run must be started with.
 */
import { Duplex, type Readable, type Writable } from "node:stream";
import { byteName, fromText, toBytes } from "../bytes/byte-name.ts";
import { abortedError, asTsyncError, unsupportedError, usageError } from "../errors.ts";
import { openSyscalls } from "../fs/syscalls/choose.ts";
import { anyNames } from "../options/allowed-names.ts";
import { checkKeys, checkName } from "../options/check-library-options.ts";
import { toName } from "../options/library-options.ts";
import { parseServerArguments } from "../options/parse-server.ts";
import { callOf, serverArguments } from "../options/server-arguments.ts";
import type { NameLike } from "../options/sync-options.ts";
import type { RunSummary } from "../sync/events.ts";
import { ownIdentity } from "../text/item-decision.ts";
import { type ByteStream, NodeByteStream } from "../transport/byte-stream.ts";
import type { Connection } from "../transport/connection.ts";
import { EventQueue } from "./event-queue.ts";
import { asRun, readRequest, type SyncRequest, type SyncRun, startRun } from "./sync.ts";

/** A stream for both directions, or one for each. */
export type Wire = Duplex | { readonly readable: Readable; readonly writable: Writable };

/** A run over a connection: as for `sync()`, but where the other side is need not be said. */
export type ConnectRequest = Omit<SyncRequest, "ssh" | "proxy" | "rsh" | "rsyncPath">;

/**
 * Starts a transfer with a server at the other end of `wire`, which was started with `serverArgs(request)`, or is a daemon. Its operands have
 * no host: `:path`, or `::module/path` at a daemon. The streams are ended with the run.
 *
 * @throws TsyncError as `sync()`
 */
export function connect(wire: Wire, request: ConnectRequest): SyncRun {
  const stream = streamOf(wire);
  const queue = new EventQueue();
  const signal = request?.signal instanceof AbortSignal ? request.signal : new AbortController().signal;
  const summary = startRun(withErrors(request), {
    emit: (event) => queue.push(event),
    room: () => queue.room(signal),
    stream,
  });
  return asRun(summary, queue);
}

/**
 * The words behind the program's name with which a server for this run is started, as bytes and not escaped for any shell;
 * `String(word)` is their text.
 */
export function serverArgs(request: ConnectRequest): Buffer[] {
  const { command } = readRequest(withErrors(request));
  if (command.kind !== "remote") throw usageError("serverArgs: one operand must be the other side's, such as :path");
  const call = callOf(command, {});
  return serverArguments({ ...call, escaping: "none" }).visible.map(toBytes);
}

/** There is no exit status to tell of errors over there. */
function withErrors(request: ConnectRequest): ConnectRequest {
  return { stderr: "client", ...request };
}

/** What a server may be told. */
export interface ServeOptions {
  /** Stops it: clean-up, then a rejection with exit code 20. */
  readonly signal?: AbortSignal;
  /** Forces one implementation of the system calls. */
  readonly syscalls?: "koffi" | "plain";
  /** Takes what the command would print on standard error. */
  readonly onStandardError?: (bytes: Uint8Array) => void;
}

/** How long a client that is told of an error may take to hang up. */
const patienceMilliseconds = 1000;

/**
 * Serves a client at the other end of `wire`: what `tsync --server` does on its standard input and output. `args` are the words that the client
 * gave (`serverArgs`, or the command line of an rsync), from `--server` on. Relative paths start from the working directory.
 *
 * @throws TsyncError when the session fails; the client is told
 */
export async function serve(wire: Wire, args: readonly NameLike[], options: ServeOptions = {}): Promise<RunSummary> {
  const stream = streamOf(wire);
  if (!Array.isArray(args)) throw usageError("serve: the arguments must be an array");
  for (const [index, word] of args.entries()) checkName(`args[${index}]`, word);
  checkKeys("serve", options, ["signal", "syscalls", "onStandardError"]);
  const words = args.map(toName);
  const signal = options.signal ?? new AbortController().signal;
  let connection: Connection | undefined;
  // Only who serves needs it.
  const [session, { createServerSink }] = await Promise.all([
    import("../sync/wire/serve.ts"),
    import("../sync/wire/server-output.ts"),
  ]);
  try {
    if (signal.aborted) throw abortedError("server");
    if (!words.includes(byteName("--server")))
      throw usageError("serve: the arguments must begin with --server", "server");
    const parsed = parseServerArguments(words, {});
    const opened = session.openServerConnection(stream, words.includes(byteName("--sender")));
    connection = opened;
    const syscalls = openSyscalls(options.syscalls);
    try {
      const command = parsed.kind === "server" ? parsed : await session.readSecluded(opened, parsed, syscalls);
      if (!command.settings.sender && command.options.listOnly) {
        throw unsupportedError("This tsync does not support --list-only where a library receives", "server");
      }
      // The client would choose a file that the program writes to.
      if (command.options.logFile !== undefined) {
        throw unsupportedError("This tsync does not support --log-file where a library serves", "server");
      }
      // It would change the rights of the program that the library is part of, for good.
      if (command.options.copyAs !== undefined) {
        throw unsupportedError("This tsync does not support --copy-as where a library serves", "server");
      }
      const { HOME, CVSIGNORE } = process.env;
      return await session.serve({
        command,
        connection: opened,
        syscalls,
        sink: (protocol) =>
          createServerSink(command, protocol, {
            own: ownIdentity(),
            send: (message) => opened.message(message),
            error: (text) => options.onStandardError?.(toBytes(text)),
          }),
        signal,
        allowed: anyNames,
        home: HOME === undefined ? undefined : fromText(HOME),
        cvsIgnore: CVSIGNORE === undefined ? undefined : fromText(CVSIGNORE),
      });
    } finally {
      syscalls.dispose();
    }
  } catch (caught) {
    const known = signal.aborted ? abortedError("server", { cause: signal.reason as unknown }) : asTsyncError(caught);
    if (connection === undefined) stream.destroy();
    else await connection.part(session.partingCode(known), patienceMilliseconds);
    throw known;
  }
}

function streamOf(wire: Wire): ByteStream {
  const value: unknown = wire;
  if (value instanceof Duplex) return bytesOf(value, value);
  if (typeof value === "object" && value !== null && "readable" in value && "writable" in value) {
    const { readable, writable } = value as { readonly readable: Readable; readonly writable: Writable };
    if (isStream(readable, "read") && isStream(writable, "write")) return bytesOf(readable, writable);
  }
  throw usageError("the connection must be a Duplex, or an object with readable and writable");
}

function bytesOf(readable: Readable, writable: Writable): ByteStream {
  if (readable.readableObjectMode || writable.writableObjectMode || (readable.readableEncoding ?? null) !== null) {
    throw usageError("the connection must carry bytes: no objectMode, no setEncoding");
  }
  return new NodeByteStream(readable, writable);
}

function isStream(value: unknown, method: "read" | "write"): boolean {
  return (
    typeof value === "object" && value !== null && typeof (value as Record<string, unknown>)[method] === "function"
  );
}
