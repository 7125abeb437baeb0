/**
 * What becomes of a file when its job is done: trouble goes into the ledger in rsync's words, or ends the run, and whoever asked
 * for the file hears of it (3-transfer 5.3, 5.4).
 */
import { type ByteName, byteName, directoryName, joinName } from "../bytes/byte-name.ts";
import { abortedError, ExitCode, TsyncError } from "../errors.ts";
import { errnoText } from "../fs/errno.ts";
import { tempPrefix } from "../fs/temp-file.ts";
import type { FileEntry } from "../protocol/file-entry.ts";
import { aclFailure } from "./attribute-failure.ts";
import type { RunContext } from "./context.ts";
import { impossibleIds } from "./impossible-ids.ts";
import { systemProblem } from "./ledger.ts";
import { partialPath } from "./partial-files.ts";
import type { PendingFile } from "./pending-file.ts";
import type { JobFailure, JobResult } from "./receive-job.ts";
import { verificationText } from "./verify-copy.ts";

/** Hears of sources that could not be opened, or not be read to their end; errors are negative errnos. */
export interface SourceErrors {
  openFailed(entry: FileEntry, errno: number): void;
  readFailed(entry: FileEntry, errno: number): void;
}

/** Reports a finished job; `told` tells of its progress. Throws what ends the run. */
export function finishFile(
  context: RunContext,
  sources: SourceErrors,
  file: PendingFile,
  result: JobResult,
  told: () => void = () => {},
): void {
  const { ledger } = context;
  // What there is no room for is known before its data comes.
  const first = result.failures[0]?.step;
  const isLost = first === "open" || first === "source";
  if (!isLost) told();
  // A worker that was told to stop gives up its file without a failure.
  if (!result.done && result.failures.length === 0) throw abortedError("sender");
  for (const failure of result.failures) {
    const { step, errno } = failure;
    if (step === "write" || step === "fsync") throw writeError(file, step, errno);
    if (step === "preallocate") {
      const text = `do_fallocate "${file.absolute}"`;
      ledger.record({ ...systemProblem("receiver", text, errno, file.absolute), severity: "warning" });
      continue;
    }
    if (step === "backup") throw file.backupError();
    // Whoever made the job asks again, or reports it.
    if (step === "verify") continue;
    if (step === "read" || step === "source") {
      if (step === "read") sources.readFailed(file.entry, errno);
      else sources.openFailed(file.entry, errno);
      continue;
    }
    if (step === "partial-directory") {
      const text = `Unable to create partial-dir for ${file.entry.path} -- discarding completed file.`;
      ledger.error("receiver", text, file.absolute);
      continue;
    }
    if (step === "compare" && errno === 0) {
      ledger.error("receiver", verificationText(file.absolute), file.absolute);
      continue;
    }
    if (step === "ids") {
      const { uid, gid } = file.job.attributes;
      for (const text of impossibleIds(uid, gid, tempPath(file, result))) ledger.error("receiver", text, file.absolute);
      continue;
    }
    if (step === "xattr-value") {
      ledger.error("receiver", missingValueText(failure.detail, tempPath(file, result)), file.absolute);
      continue;
    }
    ledger.systemError("receiver", failureText(context, file, failure, result), errno, file.absolute);
  }
  if (isLost) told();
  file.source.unopened?.directory.release();
  file.onDone(result);
}

function writeError(file: PendingFile, operation: string, errno: number): TsyncError {
  const message = `[receiver] ${operation} failed on "${file.absolute}": ${errnoText(-errno)}`;
  return new TsyncError("file", message, { exitCode: ExitCode.fileIo, role: "receiver", path: file.absolute });
}

/** What is said of a temporary file for `name` that could not be made. */
export function mkstempText(name: ByteName, directoryAbsolute: ByteName, tempAbsolute: ByteName | undefined): string {
  const shown = tempPrefix(name, tempAbsolute === undefined);
  return `mkstemp "${tempAbsolute ?? directoryAbsolute}/${shown}.XXXXXX" failed`;
}

/** The path below the destination that a good file is renamed to. */
function finalPath({ job, entry }: PendingFile): ByteName {
  return job.delayed ? partialPath(job.partialDirectory, entry.path) : entry.path;
}

/** What is said of an attribute whose value the sender did not send though it was asked for (2-file-list 7.5). */
export function missingValueText(name: ByteName | undefined, absolute: string): string {
  return `Missing abbreviated xattr value, ${name}, for "${absolute}"`;
}

function tempPath(file: PendingFile, { tempName }: JobResult): string {
  return tempName === undefined ? file.absolute : `${file.tempAbsolute ?? file.directoryAbsolute}/${tempName}`;
}

/** The words of rsync for a failed step, up to the system's reason. */
function failureText(context: RunContext, file: PendingFile, failure: JobFailure, result: JobResult): string {
  const { absolute } = file;
  const temp = tempPath(file, result);
  switch (failure.step) {
    case "compare":
      return `verification of "${absolute}" failed`;
    case "open":
      return file.job.method === "inplace"
        ? `open "${absolute}" failed`
        : mkstempText(file.job.name, file.directoryAbsolute, file.tempAbsolute);
    case "chown":
    case "chgrp":
      return `${failure.step} "${temp}" failed`;
    case "chmod":
      return `failed to set permissions on "${temp}"`;
    case "times":
      return `failed to set times on "${temp}"`;
    case "xattr":
      return `rsync_xal_set: fsetxattr("${temp}","${failure.detail ?? ""}") failed`;
    case "acl":
      return aclFailure(
        context,
        joinName(directoryName(file.entry.path), result.tempName ?? file.entry.name),
        byteName(temp),
        "ACCESS",
      );
    case "rename":
      return `rename "${temp}" -> "${finalPath(file)}"`;
    default:
      return `${failure.step} failed on "${absolute}"`;
  }
}
