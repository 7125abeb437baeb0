/** What the roles of one run share: options, system calls, identity, ledger and counters. */
import { type ByteName, byteName, joinName } from "../bytes/byte-name.ts";
import { abortedError, type TsyncError } from "../errors.ts";
import type { OperatorPaths } from "../fs/operator-path.ts";
import type { Syscalls } from "../fs/syscalls/interface.ts";
import type { TransferOptions } from "../options/transfer-options.ts";
import type { FileEntry } from "../protocol/file-entry.ts";
import type { ChangeGate } from "./change-gate.ts";
import type { RunCounters } from "./counters.ts";
import type { EventSink } from "./events.ts";
import type { FilterStack } from "./filter-stack.ts";
import type { IdMapper } from "./id-mapper.ts";
import type { Ledger } from "./ledger.ts";

/** Which events somebody listens to: the others are not made. */
export interface Wants {
  /** Items that change something. */
  readonly items: boolean;
  /** Items without change (`-ii`, `-vv`). */
  readonly unchanged: boolean;
  /** `TransferredEvent`s (`%b`, `%c`, `%C`), and whether with a digest. */
  readonly transferred: boolean;
  readonly digest: boolean;
  readonly progress: boolean;
}

/** Who runs the receiving side. */
export interface Identity {
  /** Super-user: owners, devices. */
  readonly privileged: boolean;
  readonly uid: number;
  readonly gid: number;
  readonly groups: ReadonlySet<number>;
  readonly umask: number;
}

/** What every run is given, whatever it does. */
export interface RunHost {
  readonly emit: EventSink;
  /** Asked now and then, within one machine between two lists: a promise makes the run wait until its events are read. */
  readonly room?: (() => Promise<void> | undefined) | undefined;
  readonly wants: Wants;
  readonly signal: AbortSignal;
  /** Which system calls; undefined: koffi if it loads. */
  readonly syscalls: "koffi" | "plain" | undefined;
  /** `$HOME` and `$CVSIGNORE`, for `-C`. */
  readonly home: ByteName | undefined;
  readonly cvsIgnore: ByteName | undefined;
}

/** What is left to be set of an entry: its setgid bit alone, or attributes and that. */
export type LateAttributes = "mode" | "xattrs";

export interface RunContext {
  readonly options: TransferOptions;
  readonly syscalls: Syscalls;
  /** Opens what the operator named on the receiving side (4-traps O-01). */
  readonly operator: OperatorPaths;
  readonly identity: Identity;
  readonly ids: IdMapper;
  readonly ledger: Ledger;
  readonly emit: EventSink;
  readonly wants: Wants;
  readonly counters: RunCounters;
  /** Receiver-side filter rules: what is protected from deletion, and which attribute names are stored. */
  readonly filters: FilterStack;
  readonly signal: AbortSignal;
  /** What ended the session with another machine, if something did. */
  readonly failure?: () => TsyncError | undefined;
  /** Asked before anything is changed, if only planned changes are to be made. */
  readonly gate: ChangeGate | undefined;
  /** The sender is too old to tell nanoseconds: whole seconds are all that is known of a time. */
  readonly coarseTimes?: boolean;
  /** The sender is so old that lists are in the order of whole names as bytes. */
  readonly sortsByName?: boolean;
  /**
   * Entries of which something is set when the sender has answered: extended attributes whose values have come then, or the setgid bit of
   * directories alone. Within one machine they get it at the end.
   */
  readonly lateXattrs?: Map<FileEntry, LateAttributes>;
  /** `-H` within one machine, as an ordinary user: entries whose group is taken for one of ours, or not, against the truth. */
  readonly groupOrder?: Map<FileEntry, boolean> | undefined;
  /** What is received comes from a batch file: it may not be what this side asked for. */
  readonly readsBatch?: boolean;
  /** The other side is on another machine: it hears what a file starts from, whether that is needed or not. */
  readonly isRemote?: boolean;
  /** Nothing is changed, as in a dry run, but data is asked for as if it were: it goes into a batch file. */
  readonly onlyBatch?: boolean;
}

/** Throws once the run was told to stop (exit 20), or what ended its session. */
export function checkAborted(context: RunContext): void {
  if (context.signal.aborted) throw abortedError("sender");
  const failure = context.failure?.();
  if (failure !== undefined) throw failure;
}

/** Lets signals and the other side be heard in long work; throws like `checkAborted`. */
export async function pauseIn(context: RunContext): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  checkAborted(context);
}

/** Absolute path of a directory of the destination as messages about its attributes name it: the root is `DEST/.`. */
export function directoryText(directory: ByteName, path: ByteName): ByteName {
  return path === "." ? joinName(directory, path) : fullPath(directory, path);
}

/** Absolute path of a transfer path below a directory, for messages. */
export function fullPath(directory: ByteName, path: ByteName): ByteName {
  if (path === "." || path === "/.") return directory;
  return joinName(directory, path.startsWith("/") ? byteName(path.replace(/^\/+/, "")) : path);
}
