/** The words for exit codes and the lines that end a run that failed (3-transfer 9.2). */
import { ExitCode, type Role, type TsyncError } from "../errors.ts";
import { version } from "../version.ts";

const names: ReadonlyMap<number, string> = new Map([
  [1, "syntax or usage error"],
  [2, "protocol incompatibility"],
  [3, "errors selecting input/output files, dirs"],
  [4, "requested action not supported"],
  [5, "error starting client-server protocol"],
  [10, "error in socket IO"],
  [11, "error in file IO"],
  [12, "error in rsync protocol data stream"],
  [13, "errors with program diagnostics"],
  [14, "error in IPC code"],
  [15, "sibling process crashed"],
  [16, "sibling process terminated abnormally"],
  [19, "received SIGUSR1"],
  [20, "received SIGINT, SIGTERM, or SIGHUP"],
  [21, "waitpid() failed"],
  [22, "error allocating core memory buffers"],
  [23, "some files/attrs were not transferred (see previous errors)"],
  [24, "some files vanished before they could be transferred"],
  [25, "the --max-delete limit stopped deletions"],
  [30, "timeout in data send/receive"],
  [35, "timeout waiting for daemon connection"],
  [124, "remote shell failed"],
  [125, "remote shell killed"],
  [126, "remote command could not be run"],
  [127, "remote command not found"],
]);

/** rsync's words for an exit code. */
export function exitText(code: number): string {
  return names.get(code) ?? "unexplained error";
}

/** The last line of a run that did not end with 0, without the newline. */
export function exitLine(code: number, role: Role): string {
  const word = code === ExitCode.vanished ? "warning" : "error";
  return `rsync ${word}: ${exitText(code)} (code ${code}) at tsync [${role}=${version}]`;
}

/**
 * The last lines of a run that came to its end but failed, and who writes each. With `--stderr=all` within one machine the generator
 * tells of its receiver's errors too (`receiverFailed`); `guardHolds`: it was `--delete-guard` that stopped deletions.
 */
export function lastLines(code: number, role: Role, guardHolds: boolean, receiverFailed: boolean): [Role, string][] {
  const line = exitLine(code, role);
  const last: [Role, string] = [role, guardHolds ? line.replace("--max-delete limit", "--delete-guard") : line];
  return receiverFailed && code === ExitCode.partial ? [["generator", exitLine(code, "generator")], last] : [last];
}

/**
 * What a fatal error says before the exit line: its message and a second line of some, not escaped yet. Usage errors and system
 * errors (`[role] ...`) get rsync's `rsync: ` in front, unless they are marked plain or begin with `ERROR: ` or have
 * it already. A signal needs no words besides the exit line.
 */
export function errorMessageLines(error: TsyncError): string[] {
  if (error.kind === "signal" || error.message === "") return [];
  const first = needsPrefix(error) ? `rsync: ${error.message}` : error.message;
  return [first, ...error.moreLines];
}

function needsPrefix(error: TsyncError): boolean {
  if (error.plain || /^(?:rsync|tsync|ERROR): /.test(error.message)) return false;
  return (
    error.message.startsWith("[") || error.kind === "usage" || error.kind === "unsupported" || error.kind === "internal"
  );
}
