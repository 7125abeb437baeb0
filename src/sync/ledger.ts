/**
 * The ledger of a run: every trouble with a single file is recorded here, and here alone the exit code 23, 24 or 25 is
 * decided (4-traps E-01) and whether deletion may still happen (L-01).
 */
import type { ByteName } from "../bytes/byte-name.ts";
import { byteName } from "../bytes/byte-name.ts";
import { ExitCode, type Role } from "../errors.ts";
import { errnoText } from "../fs/errno.ts";
import { limits } from "../limits.ts";
import type { EventSink, ProblemEvent } from "./events.ts";
import { IoError } from "./file-list.ts";

export class Ledger {
  readonly problems: ProblemEvent[] = [];
  /** Bits that the sending side reported (2-file-list 3.9). */
  ioError = 0;
  /** The bits that came with the lists fed so far. */
  listedIoError = 0;
  /** The bits that the receiving side has learnt of: with the list that it works on, or by its own failing (L-01). */
  knownIoError = 0;
  /** Bits that a message has told of, which the receiving side hears when it comes to wait for something. */
  private heardIoError = 0;
  /** `--delete-guard` held deletions back: that is what the caller must learn, whatever else went wrong. */
  guardHolds = false;
  private readonly sink: EventSink;
  /** The receiving side does not hear what the sending side could not read (`--ignore-errors` within one machine). */
  private readonly keepsApart: boolean;
  /** What the receiving side could not read itself. */
  private receiverIoError = 0;
  /** Trouble that only the sending side counts, and trouble that the receiving side counts. */
  private senderPartial = false;
  private receiverPartial = false;

  constructor(sink: EventSink, keepsApart = false) {
    this.sink = sink;
    this.keepsApart = keepsApart;
  }

  /** Records a problem that is already an event (made by the sender, perhaps in another thread). */
  record(problem: ProblemEvent): void {
    this.problems.push(problem);
    if (problem.severity === "error") {
      if (problem.role === "sender") this.senderPartial = true;
      else this.receiverPartial = true;
    }
    if (problem.severity === "vanished") this.ioError |= IoError.vanished;
    if (problem.severity === "delete-limit") this.ioError |= IoError.deleteLimit;
    this.sink(problem);
  }

  /** A failed system call: `rsync: [role] TEXT: strerror (errno)`, exit 23. `errno` may be negative. */
  systemError(role: Role, text: string, errno: number, path?: ByteName): void {
    this.record(systemProblem(role, text, errno, path));
  }

  /** Trouble without an errno; the text is the whole line. */
  error(role: Role, text: string, path?: ByteName): void {
    this.record({ type: "problem", severity: "error", role, text: byteName(text), path, errno: 0 });
  }

  /** What does not fail; `countsBefore30`: what an old client counts as an error all the same. */
  warning(role: Role, text: string, countsBefore30 = false): void {
    const problem = {
      type: "problem",
      severity: "warning",
      role,
      text: byteName(text),
      path: undefined,
      errno: 0,
    } as const;
    this.record(countsBefore30 ? { ...problem, countsBefore30 } : problem);
  }

  /** The other machine failed with something, and has told so itself: the event has gone out already. */
  peerFailed(role: Role, problem: ProblemEvent): void {
    this.problems.push(problem);
    if (role === "sender") this.senderPartial = true;
    else this.receiverPartial = true;
  }

  /** Something of the destination could not be looked at. */
  notSeen(absolute: ByteName, errno: number): void {
    this.systemError("generator", `readlink_stat("${absolute}") failed`, errno, absolute);
    this.readFailed();
  }

  /** The receiving side could not read something of the destination. */
  readFailed(): void {
    this.ioError |= IoError.general;
    this.knownIoError |= IoError.general;
    this.receiverIoError |= IoError.general;
  }

  /** A list is begun: its read errors come with it; where lists are waited for (`ahead`), with those ahead too. */
  learn(listIoError: number, ahead: boolean): void {
    this.knownIoError |= ahead ? this.listedIoError : listIoError;
  }

  /** A message tells of errors of the sending side. */
  told(bits: number): void {
    this.ioError |= bits;
    this.heardIoError |= bits;
  }

  /** The receiving side hears what messages have told of. */
  hear(): void {
    this.knownIoError |= this.heardIoError;
  }

  /** Whether a general read error forbids deletion. */
  get deletionBlocked(): boolean {
    return (this.knownIoError & IoError.general) !== 0;
  }

  /**
   * The exit code of a run that came to its end. Each half decides for itself, and the higher code is the run's: a missing
   * source argument (23, which only the sender knows) with a reached deletion limit gives 25.
   */
  get exitCode(): ExitCode {
    if (this.guardHolds) return ExitCode.deleteLimit;
    const sender = this.codeOf(this.senderPartial || this.receiverPartial, this.ioError & ~IoError.deleteLimit);
    const heard = this.keepsApart ? this.receiverIoError | (this.ioError & IoError.deleteLimit) : this.ioError;
    const receiver = this.codeOf(this.receiverPartial, heard);
    if (sender > receiver) return sender;
    return receiver;
  }

  /** Precedence within one half (4-traps E-01): 23, else 24, else 25. */
  private codeOf(partial: boolean, bits: number): ExitCode {
    if (partial || (bits & IoError.general) !== 0) return ExitCode.partial;
    if ((bits & IoError.vanished) !== 0) return ExitCode.vanished;
    return (bits & IoError.deleteLimit) !== 0 ? ExitCode.deleteLimit : ExitCode.ok;
  }
}

/** The event of a failed system call. */
export function systemProblem(role: Role, text: string, errno: number, path?: ByteName): ProblemEvent {
  return {
    type: "problem",
    severity: "error",
    role,
    text: byteName(`rsync: [${role}] ${text}: ${errnoText(Math.abs(errno))}`),
    path,
    errno: Math.abs(errno),
  };
}

/** The event of a path that is too long to be listed. */
export function tooLongProblem(path: ByteName, absolute: ByteName): ProblemEvent {
  const text = byteName(`filename overflows max-path len by ${path.length + 1 - limits.pathBytes}: ${path}`);
  return { type: "problem", severity: "error", role: "sender", text, path: absolute, errno: 36 };
}
