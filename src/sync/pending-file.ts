/** A file that the receiver is to write: its job, and what the main thread needs when that is done. */
import type { ByteName } from "../bytes/byte-name.ts";
import type { TsyncError } from "../errors.ts";
import type { FileEntry } from "../protocol/file-entry.ts";
import type { BeforeRename } from "./receive-file.ts";
import type { JobResult, ReceiveJob } from "./receive-job.ts";
import type { OpenSource } from "./sender.ts";

/** A job with what the main thread needs when it is done. */
export interface PendingFile {
  readonly job: ReceiveJob;
  readonly entry: FileEntry;
  readonly source: OpenSource;
  /** Place in the whole list, for `to-chk`. */
  readonly position: number;
  /** Absolute path of the destination file and its directory, for messages. */
  readonly absolute: ByteName;
  readonly directoryAbsolute: ByteName;
  /** The directory of its temporary file, if that is another. */
  readonly tempAbsolute: ByteName | undefined;
  readonly onDone: (result: JobResult) => void;
  /** Needs the main thread (a backup is made before the rename). */
  readonly beforeRename: BeforeRename | undefined;
  /** What the run ends with when that failed. */
  readonly backupError: () => TsyncError;
}
