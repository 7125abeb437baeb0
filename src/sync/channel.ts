/**
 * What the generator tells the sender: one record an entry, in order (3-transfer 1.1). In a local run records pass as objects
 * (`local-channel`), to another machine they go through the codec (`wire/wire-channel`).
 */
import type { ByteName } from "../bytes/byte-name.ts";
import type { Stat } from "../fs/syscalls/interface.ts";
import type { FileEntry } from "../protocol/file-entry.ts";
import type { PendingFile } from "./pending-file.ts";
import type { DeltaJob } from "./receive-job.ts";
import type { OpenSource } from "./sender.ts";

/** What every record says. */
interface RecordBase {
  readonly entry: FileEntry;
  readonly ndx: number;
  /** Place in the whole list, for `to-chk`. */
  readonly position: number;
  readonly flags: number;
}

/** A change without data. */
export interface ItemRecord extends RecordBase {
  readonly kind: "item";
  readonly linkedTo: ByteName | undefined;
  /** An alternate directory has it, without any difference; it is no directory, and a regular file only if it was linked from there. */
  readonly isMatch?: boolean;
  /** Whether a directory got anything that it did not have, or was not made with: known before the sender answers. */
  isChanged?: boolean;
  /** What the receiver does when the item comes back, before it takes what follows. */
  received?: () => void;
}

/** What a file is built from; `type` is a `BasisType` of the protocol, `name` the basis' own if it has another. */
export interface Basis {
  readonly type: number;
  readonly name: ByteName | undefined;
  /** Open; undefined: nothing to start from. */
  readonly delta: DeltaJob | undefined;
}

/** A request for data; in a dry run only a report. */
export interface TransferRecord extends RecordBase {
  readonly kind: "transfer";
  /** It was asked for before, and counts as created by then. */
  readonly again: boolean;
  /** Makes the receiver's job once the source is open; undefined in a dry run. */
  readonly receive: ((source: OpenSource) => PendingFile) | undefined;
  /** Opens the basis, for a sender that is to hear of it before it sends. */
  readonly openBasis: () => Basis;
  /** The source could not be opened. */
  readonly failed: () => void;
  /** Whether further names of the file wait for it. */
  readonly isAwaited?: () => boolean;
}

export type ChannelRecord = ItemRecord | TransferRecord;

/** Directories of the destination that are open. */
export interface HeldDirectories {
  readonly openCount: number;
}

export interface RecordChannel {
  /** Takes a record. A promise is returned when the generator must wait. */
  push(record: ChannelRecord): Promise<void> | undefined;
  /** The directory of a record stands, and has its attributes as far as they could be set. */
  settled?(record: ItemRecord): void;
  /** Hands every record taken so far on to the sender. */
  flush(): Promise<void> | undefined;
  /**
   * Waits, before the next entry, until no more files are under way than rsync's generator allows, and they hold no more directories
   * open than there may be descriptors for.
   */
  makeRoom?(held: HeldDirectories): Promise<void> | undefined;
  /** Whether this is the directory that the source has for the entry, on this machine. */
  isSource?(entry: FileEntry, stat: Stat): boolean;
}
