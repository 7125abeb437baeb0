/**
 * What a run tells its caller: one typed event a fact, in the order in which the facts happen. The library hands these
 * out as they are; the command line turns them into rsync's text (`text/render`). Paths are `ByteName`s.
 */
import type { ByteName } from "../bytes/byte-name.ts";
import type { ChecksumName } from "../delta/checksum.ts";
import type { ExitCode, Role } from "../errors.ts";
import type { FileEntry } from "../protocol/file-entry.ts";

/** The file list begins: `sending incremental file list` or `building file list ... `. */
export interface ListStartEvent {
  readonly type: "list-start";
  readonly incremental: boolean;
  /** The list comes from another machine. */
  readonly receiving?: boolean;
  /** What is talked with that machine. */
  readonly protocol?: number;
  /** What the digests of files are made with in that session; undefined if old ones, of more than the data, which are not shown. */
  readonly checksumName?: ChecksumName | undefined;
}

/** So many entries of a complete list have been found: told at the first and at each hundred, with `--info=flist2` only. */
export interface ListCountEvent {
  readonly type: "list-count";
  readonly count: number;
}

/** The complete (non-incremental) file list is known. */
export interface ListDoneEvent {
  readonly type: "list-done";
  readonly count: number;
}

/** A full deletion pass looks at the destination (only for a client that receives, and only where counts are shown). */
export interface DeletionCountEvent {
  readonly type: "deletion-count";
  /** Entries of the directories before this one, and of this one. */
  readonly before: number;
  readonly count: number;
  /** The pass is over; `count` is 0. */
  readonly complete: boolean;
}

/** An entry was listed under `--list-only`. */
export interface ListedEvent {
  readonly type: "listed";
  readonly entry: FileEntry;
}

/** The destination directory was (or, in a dry run, would be) created. */
export interface CreatedDirectoryEvent {
  readonly type: "created-directory";
  readonly path: ByteName;
}

/**
 * An entry was changed, created, transferred, or (only with `-ii` or `-vv`) found unchanged. For a transfer it comes
 * when the data is about to be sent.
 */
export interface ItemEvent {
  readonly type: "item";
  /** Name as printed (`%n` without the slash of directories). */
  readonly path: ByteName;
  readonly entry: FileEntry;
  /** `ItemFlag` bits (3-transfer 1.1). */
  readonly flags: number;
  /** Hard link: path of the leader; empty string: already linked; undefined: not a link report. */
  readonly linkedTo: ByteName | undefined;
  /** Path of the source as `%f` shows it. */
  readonly sourcePath: ByteName;
  /** Whether a directory got anything that it did not have, or was not made with; undefined: not known. */
  readonly isChanged?: boolean | undefined;
  /** What `outFormat` makes of it, without a newline and not escaped for a terminal; undefined: nothing, or not asked for. */
  readonly line?: ByteName;
}

/** A regular file was sent completely: what `%b`, `%c` and `%C` need. */
export interface TransferredEvent {
  readonly type: "transferred";
  readonly item: ItemEvent;
  /** Bytes that the item takes on the wire (`%b`) and bytes of block sums received by the sender (`%c`). */
  readonly wireBytes: number;
  readonly checksumBytes: number;
  /** Digest of the data in print order (`%C`), undefined when nobody asked for it. */
  readonly digest: Uint8Array | undefined;
  /** As of an item: of a format with figures of the transfer. */
  readonly line?: ByteName;
}

/** An extraneous entry was (or, in a dry run, would be) deleted. */
export interface DeleteEvent {
  readonly type: "delete";
  readonly path: ByteName;
  readonly directory: boolean;
  /** Type and permissions; undefined where another machine deletes. */
  readonly mode?: number;
  /** As of an item. */
  readonly line?: ByteName;
}

/** An entry would have been deleted, had `--delete-guard` not held all deletions back. */
export interface WithheldEvent {
  readonly type: "withheld";
  readonly path: ByteName;
  readonly directory: boolean;
}

/** A remark for the user (standard output in the command line), e.g. `NAME is newer`. */
export interface NoticeEvent {
  readonly type: "notice";
  readonly role: Role;
  readonly code: NoticeCode;
  readonly path: ByteName | undefined;
  /** The remark in rsync's words, one code unit a byte. */
  readonly text: ByteName;
}

/** What a notice is about. */
export type NoticeCode =
  | "up-to-date"
  | "exists"
  | "newer"
  | "not-creating"
  | "non-regular"
  | "skipping-directory"
  | "non-empty-directory"
  | "mount-point"
  | "unsafe-link"
  | "size-limit"
  | "source-removed"
  | "deletion-skipped"
  | "backed-up"
  | "backup-directory"
  | "filter"
  | "delta-transmission"
  | "deleting-in"
  | "match-totals"
  | "duplicate"
  | "command"
  | "other";

/** Trouble with one file, or a warning; fatal trouble is thrown instead. */
export interface ProblemEvent {
  readonly type: "problem";
  /** `error` counts as a partial transfer (exit 23), `vanished` as 24, `delete-limit` as 25, `warning` as nothing. */
  readonly severity: "error" | "vanished" | "delete-limit" | "warning";
  readonly role: Role;
  /** The complete line in rsync's words without the final newline, one code unit a byte. */
  readonly text: ByteName;
  readonly path: ByteName | undefined;
  /** errno of the failed call, or 0. */
  readonly errno: number;
  /** The other side has sent it as a message, so that it is in the log of this side too (1-session 5.5). */
  readonly fromPeer?: boolean;
  /** A warning that rsync calls an error: before protocol 30 a client counts it as one, too (1-session 5.5). */
  readonly countsBefore30?: boolean;
}

/** Bytes of the current file were written (only while somebody asked for progress). */
export interface ProgressEvent {
  readonly type: "progress";
  readonly path: ByteName;
  /** Bytes done and total of this file. */
  readonly done: number;
  readonly total: number;
  /** True once per file, when it is complete. */
  readonly finished: boolean;
  /** Bytes of all transferred files up to now, and the total size of the list known up to now. */
  readonly runDone: number;
  readonly runTotal: number;
  /** `xfr#`, `to-chk=left/total`; `listComplete` false prints `ir-chk`. */
  readonly transferIndex: number;
  readonly leftToCheck: number;
  readonly listedCount: number;
  readonly listComplete: boolean;
}

/** A list was released or a phase ended: `--info=progress2` repeats its line (3-transfer 9.8). */
export interface PhaseEvent {
  readonly type: "phase";
  readonly runDone: number;
  readonly runTotal: number;
  readonly transferCount: number;
  readonly leftToCheck: number;
  readonly listedCount: number;
  readonly listComplete: boolean;
  /** The run is over: the progress line ends. */
  readonly last: boolean;
  /** The line stands there already, and only its end is due. */
  readonly isShown: boolean;
}

export type RunEvent =
  | ListStartEvent
  | ListCountEvent
  | ListDoneEvent
  | DeletionCountEvent
  | ListedEvent
  | CreatedDirectoryEvent
  | ItemEvent
  | TransferredEvent
  | DeleteEvent
  | WithheldEvent
  | NoticeEvent
  | ProblemEvent
  | ProgressEvent
  | PhaseEvent;

/** Receives the events of a run, synchronously and in order. */
export type EventSink = (event: RunEvent) => void;

/** Entries by kind, as `--stats` counts them. */
export interface KindCounts {
  readonly regular: number;
  readonly directories: number;
  readonly links: number;
  readonly devices: number;
  readonly specials: number;
}

/** The result of a run. */
export interface RunSummary {
  readonly exitCode: ExitCode;
  readonly files: KindCounts;
  readonly created: KindCounts;
  readonly deleted: KindCounts;
  readonly transferredFiles: number;
  /** Bytes. */
  readonly totalSize: number;
  readonly transferredSize: number;
  readonly literalBytes: number;
  readonly matchedBytes: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** What came and went here to the very end of a session; the other figures are from before the last words. */
  readonly ownTotals?: { readonly bytesSent: number; readonly bytesReceived: number };
  /** Bytes of file lists that were written or read while lists were made; a local run has none. */
  readonly listBytes?: number;
  /** Of a run with another machine. */
  readonly protocol?: number;
  readonly listBuildSeconds: number;
  readonly elapsedSeconds: number;
  readonly dryRun: boolean;
  /** The changes went into a batch file only. */
  readonly batchOnly?: boolean;
  /** Entries that `--delete-guard` kept from being deleted. */
  readonly withheld: number;
  /** Problems recorded for single files, in order. */
  readonly problems: readonly ProblemEvent[];
}
