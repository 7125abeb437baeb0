/**
 * The one error class of tsync and the exit codes of rsync (docs/spec 3-transfer 9.2, 4-traps 2).
 *
 * Fatal trouble is thrown as a `TsyncError`. Trouble with one file is not thrown: it is recorded in the run's
 * ledger (`sync/ledger`), which alone decides between 23, 24 and 25.
 */

/** rsync's exit codes by name. */
export const ExitCode = {
  ok: 0,
  usage: 1,
  protocol: 2,
  fileSelect: 3,
  unsupported: 4,
  startClient: 5,
  socketIo: 10,
  fileIo: 11,
  stream: 12,
  message: 13,
  ipc: 14,
  crashed: 15,
  siblingSignal: 19,
  signal: 20,
  malloc: 22,
  partial: 23,
  vanished: 24,
  deleteLimit: 25,
  timeout: 30,
  connectTimeout: 35,
} as const;
/** One of rsync's exit codes. */
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** Which part of the program a piece of text or an error comes from, spelt as rsync spells it. */
export type Role = "client" | "sender" | "generator" | "receiver" | "Receiver" | "server";

/** What kind of trouble a `TsyncError` is. */
export type ErrorKind =
  | "protocol"
  | "usage"
  | "file"
  | "unsupported"
  | "transport"
  | "timeout"
  | "limit"
  | "auth"
  | "signal"
  | "internal";

/** Details of a `TsyncError` besides its message. */
export interface ErrorDetails {
  readonly exitCode: ExitCode;
  readonly path?: string | undefined;
  readonly role?: Role;
  readonly cause?: unknown;
  readonly retryable?: boolean;
  readonly plain?: boolean;
  readonly moreLines?: readonly string[];
  readonly unlogged?: boolean;
  readonly untold?: boolean;
}

/** Fatal trouble: the run stops, `exitCode` is the status that a command line would end with. */
export class TsyncError extends Error {
  override readonly name = "TsyncError";
  readonly kind: ErrorKind;
  readonly exitCode: ExitCode;
  /** The path concerned, one UTF-16 code unit a byte (latin1), if any. */
  readonly path: string | undefined;
  readonly role: Role;
  readonly retryable: boolean;
  /** The message is printed as it is, without the `rsync: ` that the printer otherwise puts before it. */
  readonly plain: boolean;
  /** What is printed in lines of their own after the message; a newline in the message itself is part of a name. */
  readonly moreLines: readonly string[];
  /** It was found before the log was named: only the terminal is told. */
  readonly unlogged: boolean;
  /** The other side is not told the code: it finds the connection closed. */
  readonly untold: boolean;

  constructor(kind: ErrorKind, message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.kind = kind;
    this.exitCode = details.exitCode;
    this.path = details.path;
    this.role = details.role ?? "client";
    this.retryable = details.retryable ?? false;
    this.plain = details.plain ?? false;
    this.moreLines = details.moreLines ?? [];
    this.unlogged = details.unlogged ?? false;
    this.untold = details.untold ?? false;
  }
}

/** The same error, of which the other side is not told. */
export function untoldError(error: unknown): TsyncError {
  const known = asTsyncError(error);
  return new TsyncError(known.kind, known.message, { ...known, untold: true });
}

/** The same, of which the peer is told after all. */
export function toldError(known: TsyncError): TsyncError {
  return known.untold ? new TsyncError(known.kind, known.message, { ...known, untold: false }) : known;
}

/** A usage error (exit 1): the command line or the library options are wrong. */
export function usageError(message: string, role: Role = "client"): TsyncError {
  return new TsyncError("usage", message, { exitCode: ExitCode.usage, role });
}

/** A usage error whose text rsync prints without `rsync: ` before it (3-transfer 10.3). */
export function plainUsageError(message: string, role: Role = "client", secondLine?: string): TsyncError {
  const more = secondLine === undefined ? {} : { moreLines: [secondLine] };
  return new TsyncError("usage", message, { exitCode: ExitCode.usage, role, plain: true, ...more });
}

/** Something tsync cannot do (exit 4); it is refused by name, never ignored. */
export function unsupportedError(message: string, role: Role = "client"): TsyncError {
  return new TsyncError("unsupported", message, { exitCode: ExitCode.unsupported, role });
}

/** `--munge-links` where a directory of the munging prefix would make munged links work (exit 4, 2-file-list 8.3). */
export function mungeDirectoryError(): TsyncError {
  const message = "Symlink munging is unsafe when a /rsyncd-munged directory exists.";
  return new TsyncError("unsupported", message, { exitCode: ExitCode.unsupported, plain: true });
}

/** A wrong selection of source or destination (exit 3). */
export function selectionError(message: string, role: Role = "Receiver"): TsyncError {
  return new TsyncError("file", message, { exitCode: ExitCode.fileSelect, role });
}

/** The peer breaks the protocol's rules (exit 2): a value that no honest peer sends. The text is printed as it is. */
export function protocolError(message: string, role: Role): TsyncError {
  return new TsyncError("protocol", message, { exitCode: ExitCode.protocol, role, plain: true });
}

/** The stream itself is damaged (exit 12): what was read cannot be what was sent. */
export function streamError(message: string, role: Role, cause?: unknown): TsyncError {
  return new TsyncError("protocol", message, { exitCode: ExitCode.stream, role, plain: true, cause });
}

/** The peer sends something this side refuses to take (exit 4), for example a name outside the destination. */
export function refusedError(message: string, role: Role, path?: string): TsyncError {
  const about = path === undefined ? {} : { path };
  return new TsyncError("protocol", message, { exitCode: ExitCode.unsupported, role, plain: true, ...about });
}

/** The peer sends more than this side is willing to hold (exit 22). */
export function limitError(message: string, role: Role): TsyncError {
  return new TsyncError("limit", message, { exitCode: ExitCode.malloc, role, plain: true });
}

/** File I/O trouble that stops the run (exit 11), for example no space left. */
export function fileIoError(message: string, role: Role, path?: string): TsyncError {
  return new TsyncError("file", message, {
    exitCode: ExitCode.fileIo,
    role,
    retryable: true,
    ...(path === undefined ? {} : { path }),
  });
}

/** Told to stop (exit 20): by a signal of the system, or, with its reason as `cause`, by an AbortSignal of the library's caller. */
export function abortedError(role: Role = "client", abort?: { readonly cause: unknown }): TsyncError {
  const message = abort === undefined ? "received SIGINT, SIGTERM, or SIGHUP" : "the run was aborted";
  return new TsyncError("signal", message, { exitCode: ExitCode.signal, role, ...abort });
}

/** Told to stop by SIGUSR1, with which rsync's processes end each other (exit 19, 1-session 7.6). */
export function siblingError(role: Role): TsyncError {
  return new TsyncError("signal", "received SIGUSR1", { exitCode: ExitCode.siblingSignal, role });
}

/** What a stop by the command's signal comes to; the reason of the signal is the name of the system's. */
export function stoppedError(signal: AbortSignal, role: Role): TsyncError {
  if (signal.reason === "SIGUSR1") return siblingError(role);
  if (!endsBySignal(signal)) return abortedError(role);
  return new TsyncError("signal", `received ${signal.reason}`, { exitCode: ExitCode.signal, role });
}

/** Signals by which the command ends itself when it has cleaned up; rsync's client ends at once by them. */
export const fatalSignals = ["SIGALRM", "SIGQUIT", "SIGUSR2", "SIGABRT", "SIGXCPU", "SIGIO", "SIGPWR"] as const;

/** Whether a stop by one of these has been asked for: then nobody is told but by the status of the process. */
export function endsBySignal({ reason }: AbortSignal): boolean {
  return (fatalSignals as readonly unknown[]).includes(reason);
}

/** A broken assumption of our own code (exit 15). */
export function internalError(message: string): TsyncError {
  return new TsyncError("internal", message, { exitCode: ExitCode.crashed });
}

/** Anything caught as a `TsyncError`: what is none yet is a bug of ours. */
export function asTsyncError(error: unknown): TsyncError {
  if (error instanceof TsyncError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new TsyncError("internal", `internal error: ${message}`, { exitCode: ExitCode.crashed, cause: error });
}

/** Proves at compile time that a switch handled every case. */
export function assertNever(value: never): never {
  throw internalError(`unexpected value ${JSON.stringify(value)}`);
}
