/**
 * More detectors of listed differences (listed-differences.ts): of what an ordinary user may not read, write or remove, and of sizes
 * that other releases of a library give.
 */
import { type ByteName, baseName, byteName, directoryName } from "../../src/bytes/byte-name.ts";
import {
  codes,
  type Detector,
  Options,
  onlyLines,
  saysMoreBytes,
  someFailed,
  unescaped,
} from "./difference-detector.ts";
import { linkedGroups } from "./linked-names.ts";
import type { Difference, Outcome } from "./outcome.ts";

const noteUnread = /^rsync: \[\w+\] failed to read xattr user\.rsync\.%stat for "(.*)": Permission denied \(13\)$/;
const noteUnwritten = /^rsync: \[\w+\] failed to write xattr user\.rsync\.%stat for "(.*)": Permission denied \(13\)$/;
const noteRefused =
  /^rsync: \[\w+\] failed to write xattr user\.rsync\.%stat for "(.*)": Operation not permitted \(1\)$/;
const unreadTarget = /^not backing up symlink with unreadable target "(.*)"$/;
const refusal = /^refusing to follow a symlink owned by an untrusted user/;
const notMade = /^rsync: \[receiver\] (?:mkstemp|stat) "(.*)" failed: Too many levels of symbolic links \(40\)$/;
const notReceived =
  /^rsync: \[receiver\] (?:mkstemp ".*\/\.(.+)\.[#\w]{6}" failed: Permission denied \(13\)|rename ".*" -> "(.*)": Permission denied \(13\)|open "(.*)" failed: No such file or directory \(2\))$/;
const notSent = /^rsync: \[sender\] send_files failed to open "(.*)": No such device or address \(6\)$/;
const notOpened = /^rsync: \[generator\] open "(.*)": Too many levels of symbolic links \(40\)$/;
const beyond = /^rsync: \[generator\] .*: Too many levels of symbolic links \(40\)$/;
const notOverwritten = /^rsync: \[receiver\] open "(.*)" failed: Permission denied \(13\)$/;
const noGroup = /^rsync: \[generator\] chgrp "(.*)" failed: Operation not permitted \(1\)$/;
const noBasis = /^rsync: \[generator\] failed to open "(.*)", continuing: Permission denied \(13\)$/;
const notFound =
  /^rsync: \[generator\] recv_generator: failed to stat "(.*)": Too many levels of symbolic links \(40\)$/;
const fileCounts =
  /^(?:Number of created files|Number of regular files transferred|Total transferred file size|Literal data|Matched data): /;
const matchCounts = /^total: matches=\d+ {2}hash_hits=\d+ {2}false_alarms=\d+ data=\d+$/;
const lateItem = "Invalid packet at end of run ";
const lateLine = /^Invalid packet at end of run \(\d+\) \[sender\]$/;
const brokenOff = /^rsync error: (?:protocol incompatibility|received SIGUSR1) /;
const notDeleted = /^rsync: \[generator\] delete_file: unlink\((.*)\) failed: Permission denied \(13\)$/;
const noWay = /^could not make way for new [a-z ]+: /;
const notEmpty = /^cannot delete non-empty directory: (.*)$/;
const deletedLine = /^(?:\*deleting {3}|deleting )(.*?)\/?$/;
/** An entry that takes the place of a directory. */
const newInPlace = /^[c>][fLDS]\+{9} (.*?)(?: -> .*)?$/;
const itemLines = /^(?:stdout|log) items$/;
const totalLines = /^(?:stdout|log) totals$/;
/** A line of a file whose content, times, owner and mode stay. */
const attributesOnly = /^\.f[. ]{7}[.a ][.x ] (.*)$/;

export const userDetectors: readonly Detector[] = [
  {
    row: "`--confine-root`: `--compare-dest`, `--copy-dest`, `--link-dest` outside",
    applies: ({ right }, options) =>
      options.has("", "--confine-root") && options.hasAlternates && notedNames(right, notOpened).length > 0,
    explains: (difference, one) => {
      const { aspect, tree, left, right } = difference;
      if (aspect === "exit code") return codes([0], [23], one);
      // What is equal there is removed here, or compared with it.
      if (tree !== undefined) return tree.property === "existence" && tree.left === undefined;
      const isSame = (line: string, index: number) => line.slice(12) === right[index]?.slice(12);
      if (itemLines.test(aspect)) return left.length === right.length && left.every(isSame);
      if (/^(?:stdout|log) generator$/.test(aspect))
        return right.length === 0 && left.every((line) => beyond.test(line));
      const named = ["--compare-dest", "--copy-dest", "--link-dest"].flatMap((option) => {
        const path = new Options(one.scenario.argv).value(option)?.replace(/\/+$/, "");
        return path === undefined ? [] : [path];
      });
      const isNamed = (line: string) => named.some((path) => notOpened.exec(line)?.[1]?.endsWith(path));
      return (
        aspect === "stderr" &&
        left.every((line) => beyond.test(line)) &&
        right.every((line) => someFailed.test(line) || isNamed(line))
      );
    },
  },
  {
    row: "`-H` with a linked file that cannot be received, and others of its names",
    applies: ({ left, right }, options) =>
      options.has("H", "--hard-links") &&
      codes([23], [23], { left, right }) &&
      (notedNames(left, notReceived).length > 0 ||
        (options.has("y", "--fuzzy") && notedNames(left, notSent).length > 0)),
    explains: (difference, { left, right, scenario }) => {
      const { aspect, tree, isOrder } = difference;
      const noted = [...notedNames(left, notReceived), ...notedNames(left, notSent)];
      const failed = noted.map((name) => unescaped(name).replace(/^.*\//, ""));
      const groups = [...scenario.sources.values()].flatMap(linkedGroups);
      const mates = groups.filter((names) => names.some((path) => failed.includes(baseName(path))));
      const isNext = (name: string) => mates.some((names) => names.some((path) => baseName(path) === name));
      const isOf = (line: string, kind: RegExp) =>
        notedNames({ ...right, stderr: line }, kind).some((name) => isNext(baseName(byteName(unescaped(name)))));
      // What stands in the way of the next one is removed, as it is without --fuzzy.
      const isRemoved =
        tree?.property === "existence" && tree.right === undefined && notedNames(right, notSent).length > 0;
      const isMade = tree?.property === "existence" && tree.left === undefined;
      if (tree !== undefined)
        return (
          (isRemoved ||
            isMade ||
            ["content", "size", "mode", "owner", "mtime", "xattrs", "linkedWith"].includes(tree.property)) &&
          isNext(baseName(tree.path))
        );
      if (aspect === "stdout progress")
        return mates.length > 0 && difference.right.every((line) => /xfr#\d+/.test(line));
      if (isOrder || difference.left.length > 0) return false;
      if (aspect === "stderr") return difference.right.every((line) => isOf(line, notReceived) || isOf(line, notSent));
      return itemLines.test(aspect) && difference.right.every((line) => isOf(line, /^>f\S{9} (.*)$/));
    },
  },
  {
    row: "`--fuzzy` without `-p`, a similar file that is changed or replaced in the same run",
    applies: (_, options) => options.has("y", "--fuzzy"),
    explains: ({ tree }, { left }) =>
      (tree?.property === "mode" && left.tree.get(tree.path)?.type === "file") ||
      (tree?.property === "xattrs" &&
        [tree.left, tree.right].every((text) =>
          /^(?:system\.posix_acl_access|user\.rsync\.%stat)=\w+$/.test(`${text}`),
        )),
  },
  {
    row: "`--fuzzy` with `--keep-dirlinks` or `--ignore-existing`, a similar file behind a link that leads out",
    applies: ({ left, right }, options) =>
      options.has("K", "--keep-dirlinks", "--ignore-existing") &&
      options.has("y", "--fuzzy") &&
      // A dry run makes nothing.
      (options.has("n", "--dry-run") || notedNames(left, notMade).length > 0) &&
      notedNames(right, notFound).length > 0,
    explains: (difference, one) => {
      const { right } = one;
      const { aspect, left: lines, right: others, isOrder } = difference;
      if (aspect === "exit code") return codes([0], [23], one);
      const outside = notedNames(right, notFound);
      const isName = (line: string) => {
        const name = unescaped(line.replace(/^>f\S{9} /, ""));
        return outside.some((path) => unescaped(path).endsWith(`/${name}`));
      };
      // With --inplace it is written to, which may be a file of another source.
      if (difference.aspect === "source changed" && difference.symptom === "source left alone") {
        const path = /^"src\d*\/(.*)" (?:(?:content|size): .*|mtime: \S+ \/ now)$/.exec(difference.detail)?.[1];
        return path !== undefined && outside.some((name) => unescaped(name).endsWith(`/${path}`));
      }
      if (isOrder || !/^(?:stderr|(?:stdout|log) (?:items|receiver|generator|summary))$/.test(aspect)) return false;
      const isCount = (line: string) => fileCounts.test(line) || matchCounts.test(line);
      return (
        lines.every((line) => notMade.test(line) || someFailed.test(line) || isName(line) || isCount(line)) &&
        others.every((line) => notFound.test(line) || someFailed.test(line) || isCount(line))
      );
    },
  },
  {
    row: "a merge file of an argument that lies behind a link of somebody else (`-C link/`)",
    applies: ({ scenario }, options) =>
      options.mergesFiles && scenario.words.sources.some((word) => word.endsWith("/")),
    explains: (difference, { scenario }) =>
      difference.aspect === "stderr" &&
      onlyLines(difference, refusal) &&
      difference.left.length <= scenario.words.sources.filter((word) => word.endsWith("/")).length,
  },
  {
    row: "`--fake-super` as an ordinary user, a file that may not be read",
    applies: ({ scenario, left }) => fakesSuper(scenario.argv) && notedNames(left, noteUnread).length > 0,
    explains: (difference, one) => {
      const { aspect, right } = difference;
      if (aspect === "exit code") return codes([23], [0], one);
      // Each look at such a file is told of, to the client of a server by a message.
      if (totalLines.test(aspect)) return saysMoreBytes("left", difference, 2 * one.left.stderr.length);
      const unread = notedNames(one.left, noteUnread);
      const { tree } = difference;
      // It keeps its mode and gets no note; what its reading keeps from being deleted is not looked at either.
      if (tree?.property === "mode" || tree?.property === "xattrs")
        return unread.some((path) => unescaped(path).endsWith(`/${tree.path}`));
      if (tree?.property === "atime") return tree.right === "now" && one.left.stdout.includes("skipping file deletion");
      if (!/^(?:stderr|log errors|log items)$/.test(aspect)) return false;
      return (
        onlyLines(difference, either(noteUnread, noteUnwritten, someFailed), noteUnwritten) &&
        right.every((line) => unread.includes(noteUnwritten.exec(line)?.[1] ?? ""))
      );
    },
  },
  {
    row: "`--fake-super` without `-o` or `-g`",
    applies: ({ scenario }, options) => fakesSuper(scenario.argv) && !keepsOwners(options),
    explains: (difference, one) => {
      const { tree } = difference;
      if (tree !== undefined) return tree.property === "xattrs" && differsInOwner(tree.left ?? "", tree.right ?? "");
      if (difference.aspect === "exit code") return codes([23], [0], one);
      if (!/^(?:stderr|log items)$/.test(difference.aspect) || difference.right.length > 0) return false;
      // A number of its own is to be noted at a special file, which holds no note, or where we may not write.
      return (
        onlyLines(difference, either(noteRefused, noteUnwritten, someFailed)) &&
        notedNames(one.left, noteRefused).every((path) => isSpecial(one.left, unescaped(path)))
      );
    },
  },
  {
    row: "`-H` without incremental recursion, further names of a file that is sent again because its digest was wrong",
    applies: ({ left }, options) => options.has("H", "--hard-links") && left.stderr.includes(`${lateItem}(`),
    explains: (difference, one) => {
      if (difference.aspect === "exit code") return codes([2], [0, 23, 24], one);
      return difference.aspect === "stderr" && onlyLines(difference, either(lateLine, brokenOff), someFailed);
    },
  },
  {
    row: "the same with compression",
    applies: (_, options) =>
      options.has("z", "--compress", "--zc", "--compress-choice", "--old-compress", "--new-compress"),
    explains: ({ aspect, left, right, isOrder }, { scenario }) => {
      if (!itemLines.test(aspect) || isOrder || left.length !== right.length) return false;
      const options = new Options(scenario.argv);
      const format = options.value(aspect === "stdout items" ? "--out-format" : "--log-file-format");
      return (
        format?.includes("%b") === true && left.every((line, index) => isOneSize(format, line, right[index] ?? ""))
      );
    },
  },
  {
    row: "`--chmod` in a pull as an ordinary user, something to be deleted in a directory of the destination that may not be written to",
    applies: ({ left, right }, options) =>
      options.has("", "--chmod") &&
      notedNames(left, notDeleted).length > 0 &&
      notedNames(right, notDeleted).length === 0,
    explains: (difference, one) => {
      const { aspect, tree, left, right, isOrder } = difference;
      const kept = notedNames(one.left, notDeleted).map((name) => unescaped(name));
      const leadsToKept = (name: string): boolean => kept.some((path) => `${path}/`.startsWith(`${name}/`));
      if (aspect === "exit code") return codes([23], [0], one);
      if (aspect === "stderr") return onlyLines(difference, either(notDeleted, noWay, someFailed));
      if (tree !== undefined) return leadsToKept(tree.path.slice(tree.path.indexOf("/") + 1));
      const names = (lines: readonly string[], pattern: RegExp): boolean =>
        lines.every((line) => leadsToKept(unescaped(pattern.exec(line)?.[1] ?? "")));
      if (isOrder) return false;
      if (aspect === "stdout generator") return names(left, notEmpty) && names(right, deletedLine);
      return itemLines.test(aspect) && left.length === 0 && names(right, newInPlace);
    },
  },
  {
    row: "`-b --inplace --no-W`, `-b --append --no-W` onto a file that its owner may not read",
    applies: (_, options) => options.inPlace && options.has("b", "--backup", "--backup-dir"),
    explains: (difference, one) => {
      const { aspect, tree, left, right } = difference;
      const overwritten = notedNames(one.left, noBasis);
      const kept = notedNames(one.right, notOverwritten).filter((name) => overwritten.includes(name));
      if (aspect === "exit code") return kept.length > 0 && codes([0], [23], one);
      if (aspect === "stderr") {
        const isKept = (line: string) => kept.includes(notOverwritten.exec(line)?.[1] ?? "");
        return left.length === 0 && kept.length > 0 && right.every((line) => isKept(line) || someFailed.test(line));
      }
      if (tree === undefined || tree.property === "existence" || tree.property === "type") return false;
      return kept.some((name) => unescaped(name).endsWith(`/${tree.path}`));
    },
  },
  {
    row: "`-b --inplace --no-W`, `-b --append --no-W` with `-g` but not `-p`, a file whose backup cannot get its group",
    applies: (_, options) =>
      options.inPlace && options.has("b", "--backup", "--backup-dir") && !options.has("W", "--whole-file"),
    explains: ({ tree }, one) => {
      if (tree?.property !== "mode" || tree.left !== "0600") return false;
      const backups = [one.left, one.right].map((outcome) => notedNames(outcome, noGroup).map(unescaped));
      const isOwn = (path: string): boolean => baseName(byteName(path)).startsWith(baseName(tree.path));
      return backups.every((paths) => paths.some(isOwn));
    },
  },
  {
    row: "`--fake-super -A -X`",
    applies: ({ scenario }, options) =>
      fakesSuper(scenario.argv) && options.has("A", "--acls") && options.has("X", "--xattrs"),
    explains: ({ tree }) => {
      if (tree?.property !== "xattrs" || tree.left === undefined || tree.right === undefined) return false;
      const isAcl = (item: string): boolean => /^user\.rsync\.%[ad]acl=/.test(item);
      const kept = tree.left.split(" ");
      const other = tree.right.split(" ").filter((item) => !kept.includes(item));
      return kept.every((item) => tree.right?.split(" ").includes(item)) && other.length > 0 && other.every(isAcl);
    },
  },
  {
    row: "`--fake-super --safe-links` with backups, a symbolic link of the destination",
    applies: ({ scenario }, options) =>
      fakesSuper(scenario.argv) &&
      options.has("", "--safe-links") &&
      (options.has("b", "--backup") || options.has("", "--backup-dir")),
    explains: (difference, one) => {
      const { aspect, tree } = difference;
      if (aspect === "stderr") return onlyLines(difference, unreadTarget);
      const names = notedNames(one.left, unreadTarget);
      const isBackup = (path: string): boolean => names.some((name) => path.endsWith(`/${name}`));
      if (tree?.property === "existence" && tree.left === undefined)
        return one.right.tree.get(tree.path)?.type === "symlink" && isBackup(tree.path);
      // What came into a directory after it had its time.
      const made = [...one.right.tree.keys()].filter((path) => !one.left.tree.has(path) && isBackup(path));
      return tree?.property === "mtime" && made.some((path) => directoryName(path) === tree.path);
    },
  },
  {
    row: "`-A` or `-X` with `--compare-dest`, a file that is there and cannot be removed",
    applies: (_, options) =>
      options.has("", "--compare-dest") && (options.has("A", "--acls") || options.has("X", "--xattrs")),
    explains: ({ aspect, tree, left, right, isOrder }, one) => {
      if (tree !== undefined) return tree.property === "xattrs" && isLikeAlternate(one.right, tree.path, tree.left);
      if (!itemLines.test(aspect) || isOrder || right.length === 0) return false;
      const names = right.map((line) => attributesOnly.exec(line)?.[1]);
      return (
        left.every((line) => attributesOnly.test(line)) &&
        names.every((name) => {
          const path = [...one.right.tree.keys()].find((key) => key.endsWith(`/${name}`) && !key.startsWith("alt"));
          return path !== undefined && isLikeAlternate(one.right, path, one.left.tree.get(path)?.xattrs);
        })
      );
    },
  },
];

function fakesSuper(argv: readonly ByteName[]): boolean {
  return argv.some((word) => /^(?:--fake-super|(?:-M|--remote-option=)--fake-super)$/.test(word));
}

/** Whether lists of attributes differ in the owner and group of a note, or in whether there is one. */
function differsInOwner(left: string, right: string): boolean {
  const note = / ?user\.rsync\.%stat=([0-9a-f]*)/;
  const [one, other] = [left, right].map((text) => note.exec(text)?.[1]);
  // Mode and device number are the same.
  const rest = [one, other].map((hex = "") => Buffer.from(hex, "hex").toString().split(" ").slice(0, 2).join(" "));
  const isSame = one === undefined || other === undefined || rest[0] === rest[1];
  return isSame && left.replace(note, "").trim() === right.replace(note, "").trim();
}

function keepsOwners(options: Options): boolean {
  if (options.has("", "--no-o", "--no-owner", "--no-g", "--no-group")) return false;
  return options.has("a", "--archive") || (options.has("o", "--owner") && options.has("g", "--group"));
}

const either = (...patterns: readonly RegExp[]): RegExp => new RegExp(patterns.map(({ source }) => source).join("|"));

function notedNames({ stderr }: Outcome, pattern: RegExp): string[] {
  return stderr.split("\n").flatMap(
    (line) =>
      pattern
        .exec(line)
        ?.slice(1)
        .find((name) => name !== undefined) ?? [],
  );
}

function isSpecial({ tree }: Outcome, path: string): boolean {
  return [...tree].some(([key, { type }]) => path.endsWith(`/${key}`) && !["file", "directory"].includes(type));
}

/** Lines of a format that differ in the number of `%b`, by no more than compressed data may. */
function isOneSize(format: string, one: string, other: string): boolean {
  const [before = "", ...after] = format.split("%b").map(patternOf);
  const pattern = new RegExp(`^(${before})(\\d[\\d,]*)(${after.join("\\d[\\d,]*")})$`);
  const [, front, size, rest] = pattern.exec(one) ?? [];
  const [, otherFront, most, otherRest] = pattern.exec(other) ?? [];
  if (size === undefined || most === undefined || front !== otherFront || rest !== otherRest) return false;
  const [bytes, others] = [size, most].map((text) => Number(text.replaceAll(",", "")));
  return Math.abs(Number(bytes) - Number(others)) <= 64 + 0.06 * Number(bytes);
}

/** What lines of a part of a format look like. */
function patternOf(format: string): string {
  const parts = format.split(/%(?:-?\d*'*)?[a-zA-Z]/);
  return parts.map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join(".*?");
}

/** Whether a file has the attributes of its namesake in an alternate directory, and others on the other side. */
function isLikeAlternate({ tree }: Outcome, path: ByteName, elsewhere: Difference["detail"] | undefined): boolean {
  const found = tree.get(path);
  const inner = path.slice(path.indexOf("/"));
  const alternates = [...tree].filter(([key]) => key.startsWith("alt") && key.endsWith(inner));
  return (
    found?.type === "file" && found.xattrs !== elsewhere && alternates.some(([, { xattrs }]) => xattrs === found.xattrs)
  );
}
