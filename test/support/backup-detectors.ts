/**
 * More detectors of listed differences (listed-differences.ts): of backups that rsync does not make before it removes or replaces what
 * they are to be of.
 */
import { type ByteName, baseName, byteName, directoryName } from "../../src/bytes/byte-name.ts";
import {
  codes,
  type Detector,
  type DifferingCase,
  Options,
  onlyLines,
  saysMoreBytes,
  someFailed,
  unescaped,
} from "./difference-detector.ts";
import type { SnapshotEntry } from "./snapshot.ts";
import { toldNames } from "./vanished-files.ts";

const keptBackup = /^rsync: \[generator\] (?:link ".*" -> ".*": |stat "(.*)" failed: )File name too long \(36\)$/;
const unlinkedBackup = /^rsync: \[generator\] link "(.*)" -> ".*": Permission denied \(13\)$/;
const missingBackup = /^rsync: \[generator\] stat "(.*)" failed: No such file or directory \(2\)$/;
const noBackupDirectory = /^rsync: \[\w+\] backup mkdir .* failed: Permission denied \(13\)$/;
/** What is said of a backup that is there already, or of one in `../DIR`. */
const lateBackup =
  /^rsync: \[\w+\] (?:failed to set times on "(.*)": (?:Invalid argument \(22\)|Too many levels of symbolic links \(40\))|mknod "(.*)" failed: File exists \(17\)|link "(.*)" -> ".*": File exists \(17\))$/;
const noGroup = /^rsync: \[\w+\] chgrp ".*" failed: Operation not permitted \(1\)$/;
const deviceAsFile =
  /^(?:rsync: \[generator\] delete_file: make_backup\((.*)\) failed: .*|could not make way for new (?:regular file|directory): (.*)|rsync: \[sender\] send_files failed to open "(.*)": .*)$/;
const throughLink =
  /^rsync: \[generator\] failed to set permissions on "(.*)": Too many levels of symbolic links \(40\)$/;
const noDirectory = /^rsync: \[generator\] recv_generator: failed to stat "(.*)": Not a directory \(20\)$/;
const refusal = /^refusing to follow a symlink owned by an untrusted user/;
const notDeleted = /^rsync: \[generator\] delete_file: make_backup\((.*)\) failed: .*$/;
const deletedAll = /^(?:deleting|\*deleting|backed up) +(.*?)(?: to .*)?$/;
const inTheWay = /^rsync: \[receiver\] keep_backup failed: ".*" -> ".*": Directory not empty \(39\)$/m;
const skipped = /^\*\*\* Skipping any contents from this failed directory \*\*\*$/;
const deletions = /^Number of deleted files: /;

export const backupDetectors: readonly Detector[] = [
  {
    row: "`-b` without `-l`, a new directory in place of a link in a directory that may not be changed",
    applies: ({ left }, options) =>
      options.has("b", "--backup", "--backup-dir") && toldNames(left.stderr, throughLink).length > 0,
    explains: (difference, one) => {
      const { aspect, tree, isOrder, left, right } = difference;
      if (aspect === "stderr") return onlyLines(difference, throughLink, noDirectory);
      const told = toldNames(one.left.stderr, throughLink);
      if (/^(?:stdout|log) (?:items|generator)$/.test(aspect))
        return (
          !isOrder &&
          left.length === 0 &&
          right.every((line) => {
            const name = /^make_bak: skipping non-regular file (.*)$/.exec(line)?.[1];
            return name !== undefined && told.some((path) => path.endsWith(`/${unescaped(name)}`));
          })
        );
      if (tree === undefined || one.left.tree.get(tree.path)?.type !== "symlink") return false;
      return told.some((path) => path.endsWith(`/${tree.path}`)) && ["mtime", "owner"].includes(tree.property);
    },
  },
  {
    row: "`--keep-dirlinks -b` with a file behind a link of somebody else",
    applies: ({ left }, options) =>
      options.has("K", "--keep-dirlinks") &&
      options.has("b", "--backup", "--backup-dir") &&
      left.stderr.split("\n").some((line) => refusal.test(line)),
    explains: (difference, one) => {
      const { aspect, tree, isOrder, left, right } = difference;
      if (aspect === "stderr") return onlyLines(difference, refusal);
      if (/^(?:stdout|log) receiver$/.test(aspect) && !isOrder && left.length === 0)
        return right.every((line) => line.startsWith("backed up "));
      if (/^(?:stdout|log) totals$/.test(aspect)) return saysMoreBytes("right", difference, backupBytes(one));
      const folder = baseName(byteName(new Options(one.scenario.argv).value("--backup-dir") ?? ""));
      const isBackup = (path: string) => path.endsWith("~") || (folder !== "" && `/${path}`.includes(`/${folder}/`));
      if (tree?.property === "existence") return tree.left === undefined && isBackup(tree.path);
      // Backups of one file are linked to each other.
      const isMissing = (path: ByteName): boolean => isBackup(path) && !one.left.tree.has(path);
      // A file that is backed up is read, by all of its names.
      const group = tree?.property === "atime" ? one.right.tree.get(tree.path)?.linkedWith : tree?.right;
      const isLinked = ([path, { linkedWith }]: [ByteName, SnapshotEntry]) => linkedWith === group && isMissing(path);
      if (tree?.property === "atime") return tree.right === "now" && group !== "" && [...one.right.tree].some(isLinked);
      return tree?.property === "linkedWith" && tree.left === "" && [...one.right.tree].some(isLinked);
    },
  },
  {
    row: "`-A -b` with `--inplace` or `--append`, files without an ACL in a directory that has one",
    applies: (_, options) =>
      options.inPlace && options.has("A", "--acls") && options.has("b", "--backup", "--backup-dir"),
    explains: ({ tree }, { scenario }) => {
      if (tree?.property !== "xattrs" || tree.right !== "") return false;
      const folder = baseName(byteName(new Options(scenario.argv).value("--backup-dir") ?? ""));
      const isBackup = tree.path.endsWith("~") || (folder !== "" && `/${tree.path}`.includes(`/${folder}/`));
      return isBackup && /^system\.posix_acl_access=\w+$/.test(`${tree.left}`);
    },
  },
  {
    row: "a directory with content where a backup goes",
    applies: ({ left, right }, options) =>
      options.has("b", "--backup", "--backup-dir") &&
      codes([0, 23, 24], [11], { left, right }) &&
      inTheWay.test(right.stderr),
    // The run ends there.
    explains: () => true,
  },
  {
    row: "a backup directory that cannot be made, or lacks a directory that cannot be made",
    applies: ({ left, right }, options) =>
      options.value("--backup-dir") !== undefined && codes([11, 23], [11, 23], { left, right }),
    explains: (difference) => difference.aspect === "stderr" && onlyLines(difference, undefined, noBackupDirectory),
  },
  {
    row: "`-b` as an ordinary user, a link or special file that can be neither moved nor linked to its backup",
    applies: (_, options) => options.value("--backup-dir") !== undefined,
    explains: (difference, one) => {
      const told = one.left.stderr.split("\n").flatMap((line) => lateBackup.exec(line)?.slice(1).join("") ?? []);
      const { aspect, tree } = difference;
      if (aspect === "exit code") return told.length > 0 && codes([23], [0], one);
      if (aspect === "stderr") return onlyLines(difference, lateBackup, noGroup);
      if (tree === undefined || !told.some((path) => lastName(unescaped(path)) === lastName(tree.path))) return false;
      return one.right.tree.get(tree.path)?.type !== "file" && one.right.tree.has(tree.path);
    },
  },
  {
    row: "a backup of a link or special file that cannot be made",
    applies: ({ left, right }, options) =>
      options.has("b", "--backup", "--backup-dir") &&
      codes([23], [23], { left, right }) &&
      failedBackups(left).length > 0,
    explains: (difference, one) => {
      const { aspect, left, right, isOrder, tree } = difference;
      const failed = failedBackups(one.left);
      const isOfFailed = (path = "") => failed.some((full) => lastName(full).startsWith(lastName(path)));
      // What is to be deleted stays.
      if (aspect === "stderr" && onlyLines(difference, undefined, notDeleted))
        return right.every((line) => isOfFailed(notDeleted.exec(line)?.[1]));
      if (/^(?:stdout|log) (?:generator|receiver)$/.test(aspect))
        return onlyLines(difference, deletedAll) && left.every((line) => isOfFailed(deletedAll.exec(line)?.[1]));
      if (/^(?:stdout|log) totals$/.test(aspect))
        return saysMoreBytes(
          "either",
          difference,
          failed.reduce((sum, full) => sum + 2 * full.length + 64, 0),
        );
      if (/^(?:stdout|log) summary$/.test(aspect)) return onlyLines(difference, deletions, deletions);
      // A device that is copied as a file is asked for only where nothing stays in its place.
      if (
        aspect === "stderr" &&
        onlyLines(
          difference,
          /failed to open/,
          /make_backup|make way|^\*{3} Skipping any contents|(?:link|stat) ".*File name too long/,
        )
      )
        return [...left, ...right].every((line) => isOfFailed(deviceAsFile.exec(line)?.slice(1).join("")));
      // Lines of a format without names tell nothing of what they are about.
      const format = new Options(one.scenario.argv).value(
        aspect === "stdout items" ? "--out-format" : "--log-file-format",
      );
      const namesNothing = format !== undefined && !/%-?\d*'*[nf]/.test(format);
      if (/^(?:stdout|log) items$/.test(aspect))
        return !isOrder && right.length === 0 && (namesNothing || left.every((line) => isOfBackup(line, failed)));
      if (tree === undefined || one.right.tree.get(tree.path)?.type === "file") return false;
      if (tree.property === "mtime" && tree.left === "now")
        return failed.some((full) => directoryName(full as ByteName).endsWith(`/${tree.path.replace(/^\w+\//, "")}`));
      // Another name of it that is the last one is not linked any more.
      if (tree.property === "linkedWith" && tree.left === "") return stays(tree.right, one) && failed.length > 0;
      const isNewBelow = tree.property === "existence" && tree.right === undefined;
      return isOfFailed(tree.path) || (isNewBelow && isInFailed(tree.path.replace(/^\w+\//, ""), failed));
    },
  },
  {
    // What rsync takes for something of which it makes no backup, tsync cannot make one of: its name would be too long.
    row: "a backup of a link or special file that cannot be made",
    applies: ({ left, right }, options) =>
      options.has("b", "--backup", "--backup-dir") &&
      codes([0, 23], [23], { left, right }) &&
      failedBackups(right).length > 0 &&
      left.stdout.includes("make_bak: skipping non-regular file "),
    explains: (difference, one) => {
      const { aspect, left, right, isOrder, tree } = difference;
      const names = failedBackups(one.right).map((full) => lastName(full).replace(/~$/, ""));
      const isOfFailed = (text = "") => names.some((name) => text.includes(name));
      if (aspect === "exit code") return true;
      if (aspect === "stderr")
        return [...left, ...right].every((line) => isOfFailed(line) || skipped.test(line) || someFailed.test(line));
      if (/^(?:stdout|log) (?:items|generator|receiver|errors)$/.test(aspect))
        return !isOrder && [...left, ...right].every(isOfFailed);
      if (/^(?:stdout|log) totals$/.test(aspect)) {
        const length = Math.abs(one.left.stderr.length - one.right.stderr.length);
        return saysMoreBytes("either", difference, length + 1024 * names.length);
      }
      return tree !== undefined && isOfFailed(tree.path);
    },
  },
];

/** What a server's lines about backups are in messages, each with a head of four bytes. */
function backupBytes({ left, right }: DifferingCase): number {
  const lines = [left, right].map(({ stdout }) => stdout.match(/^backed up .*$/gm) ?? []);
  const [some = 0, more = 0] = lines.map((told) => told.reduce((sum, line) => sum + line.length + 5, 0));
  return more - some;
}

/** Where the failed backups that a run tells of were to stand. */
function failedBackups({ stderr }: DifferingCase["left"]): string[] {
  const lines = stderr.split("\n");
  const unlinked = lines.flatMap((line) => unlinkedBackup.exec(line)?.[1] ?? []);
  return lines.flatMap((line) => {
    const path = keptBackup.exec(line)?.[1] ?? missingBackup.exec(line)?.[1];
    return path !== undefined && (keptBackup.test(line) || unlinked.includes(path)) ? [path] : [];
  });
}

/** Whether a line of a link or special file names what one of these backups was to be of. */
function isOfBackup(line: string, failed: readonly string[]): boolean {
  const name = line.replace(/^[ch.][dLDS]\S{9} /, "").replace(/(?: -> .*|\/)$/, "");
  const inner = unescaped(line.replace(/^[ch.>][dfLDS]\S{9} /, ""));
  return failed.some((path) => lastName(path).startsWith(lastName(name))) || isInFailed(inner, failed);
}

/** Whether a path of the destination lies in a directory that is to take the place of what could not be backed up. */
function isInFailed(path: string, failed: readonly string[]): boolean {
  const above = path.split("/").map((_, index, names) => names.slice(0, index).join("/"));
  return above.some((name) => name !== "" && failed.some((full) => unescaped(full).includes(`/${name}`)));
}

/** Whether what only tsync has is one of the names that it says are linked. */
function stays(group: string | undefined, { left, right }: DifferingCase): boolean {
  return [...right.tree].some(
    ([path, { type, linkedWith }]) => linkedWith === group && type !== "file" && !left.tree.has(path),
  );
}

const lastName = (path: string): ByteName => baseName(path as ByteName);
