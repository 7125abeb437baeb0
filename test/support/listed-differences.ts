/**
 * Faults and races of rsync 3.5.0 that tsync does not share, told from what a random case shows: each detector belongs to one row of
 * docs/differences.md, which has a test of its own, and looks at the options and at everything that differs. A case of which
 * every difference is explained by such a row counts as `listed`, apart from those that are identical.
 */
import { type ByteName, baseName } from "../../src/bytes/byte-name.ts";
import { absoluteSourceDetectors } from "./absolute-sources.ts";
import { backupDetectors } from "./backup-detectors.ts";
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
import { faultDetectors } from "./fault-detectors.ts";
import { linkDetectors } from "./link-detectors.ts";
import type { Difference, Outcome } from "./outcome.ts";
import type { SnapshotEntry, TreeDifference } from "./snapshot.ts";
import { unfinishedDetectors } from "./unfinished-detectors.ts";
import { userDetectors } from "./user-detectors.ts";
import { writtenThroughDetectors } from "./written-through.ts";

export type { DifferingCase } from "./difference-detector.ts";

/** Lines of items in the format that is asked for, where everything is told on standard error. */
function itemsOnStderr(argv: readonly ByteName[]): RegExp | undefined {
  const options = new Options(argv);
  const isAll = options.has("", "--msgs2stderr") || options.value("--stderr") === "all";
  const format = options.value("--out-format") ?? options.value("--log-format");
  if (!isAll || format === undefined) return undefined;
  const literal = (text: string) => text.replace(/[^\w\s]/g, "\\$&");
  return new RegExp(
    `^${format
      .split(/%[^a-zA-Z%]*[a-zA-Z]/)
      .map(literal)
      .join(".*")}$`,
  );
}

/** The rows that explain a difference, the narrowest first. */
export function listedRow(difference: Difference, one: DifferingCase): string | undefined {
  const options = new Options(one.scenario.argv);
  return allDetectors().find((detector) => detector.applies(one, options) && detector.explains(difference, one))?.row;
}

/** Rows that have a detector. */
export function detectedRows(): string[] {
  return allDetectors().map(({ row }) => row);
}

function allDetectors(): Detector[] {
  return [
    ...detectors,
    ...absoluteSourceDetectors,
    ...backupDetectors,
    ...faultDetectors,
    ...linkDetectors,
    ...unfinishedDetectors,
    ...userDetectors,
    ...writtenThroughDetectors,
  ];
}

const invalidBackup = /^rsync: \[(?:generator|receiver)\] stat ".*" failed: Invalid argument \(22\)$/;
const ungroupedBackup = /^rsync: \[\w+\] chgrp ".*\/\.\.\/.*" failed: Operation not permitted \(1\)$/;
const untimedBackup =
  /^rsync: \[\w+\] (?:failed to set times on|chgrp) "(.*\/(?:\.\.|bk)\/.*)"(?:: Invalid argument \(22\)| failed: Operation not permitted \(1\))$/;
const verification = /^WARNING: (.*) failed verification -- update (?:discarded|retained) \(will try again\)\.$/;
const closedLink = /^rsync: \[generator\] opendir "(.*)" failed: Too many levels of symbolic links \(40\)$/;
const lateSender =
  /^(?:rsync: \[sender\] (?:write error: Broken pipe \(32\)|(?:send_files failed to open|opendir) .*)|[<>]f[ .\w+]{9} .*|rsync error: error in (?:rsync protocol data stream \(code 12\)|file IO \(code 11\)))$/;
/** What a log has of the totals once more when a run fails. */
const totalsOfFailure = /^sent # bytes {2}received # bytes/;
const unread = /^failed to re-read xattr \S+ for .*$/m;
const removedTooEarly = /^rsync: \[sender\] get_xattr_data: lgetxattr\(.*\) failed: No such file or directory \(2\)$/;
const lostList =
  /^File-list index \d+ not in \d+ - -?\d+ \((?:got_flist_entry_status|finish_hard_link)\) \[generator\]$/m;
const noWay = /^could not make way for new [a-z ]+: /;
const notReplaced = /^(?:could not make way for |rsync: \[generator\] link ".*" => .* failed: Permission denied)/m;
const notEmpty = /^cannot delete non-empty directory: /;
/** What is said of a list that is read at the wrong place. */
const overrun =
  /^\[Receiver\] buffer overflow: recv_file_entry |^Offset underflow: file-length is negative$|^Overflow in read_varlong\(\)$|^ERROR: rejecting (?:unrequested|excluded) file-list name: /m;
const protocolEnd = /^rsync error: (?:protocol incompatibility|error in rsync protocol data stream) /;
const grownList = /^\[(?:sender|generator)\] expand file_list pointer array to \d+ bytes, did (?:not )?move$/;
const vanished = /^(?:file has vanished: ".*"|rsync warning: some files vanished before they could be transferred .*)$/;

const detectors: readonly Detector[] = [
  {
    row: "`--inplace` or `--append` with `--backup-dir=../DIR`",
    applies: ({ left }, options) =>
      options.inPlace &&
      options.value("--backup-dir")?.startsWith("../") === true &&
      /Invalid argument \(22\)/.test(left.stderr),
    explains: (difference, one) => {
      const { aspect, tree } = difference;
      if (aspect === "exit code") return codes([23], [0, 25], one);
      const failure = new RegExp(`${invalidBackup.source}|${someFailed.source}`);
      // tsync comes to give the backup its group.
      const limit = new RegExp(`^rsync error: the --max-delete limit stopped deletions|${ungroupedBackup.source}`);
      if (aspect === "stderr" || /^(?:stdout|log) (?:generator|receiver|items)$/.test(aspect))
        return onlyLines(difference, failure, limit);
      if (tree === undefined || !tree.path.startsWith("bk/")) return false;
      const copied = one.left.tree.get(tree.path);
      const unfinished = copied?.type === "file" && (copied.mtime === "now" || /^0[46]00$/.test(copied.mode));
      return unfinished && ["mode", "mtime", "atime", "owner", "xattrs"].includes(tree.property);
    },
  },
  {
    row: "`-A`: a new directory with an ACL whose group entry equals the mask, and with set-id or sticky bits",
    applies: () => true,
    explains: ({ tree }, { left }) => tree !== undefined && losesGroupEntry(tree, left.tree.get(tree.path)),
  },
  {
    row: "`--fuzzy`, `--append-verify`, `-b` with a file that is replaced while its sums are made, or named twice",
    applies: ({ left }, options) =>
      (options.has("y", "--fuzzy", "--append-verify") || (options.has("b", "--backup") && areBackups(left))) &&
      left.stderr.split("\n").some((line) => verification.test(line)),
    explains: (difference, { left }) => {
      const { aspect, left: lines, right } = difference;
      if (aspect === "stderr" || aspect === "log receiver") return onlyLines(difference, verification);
      const names = left.stderr.split("\n").flatMap((line) => verification.exec(line)?.[1] ?? []);
      if (/^(?:stdout|log) items$/.test(aspect) && !difference.isOrder)
        return (
          right.length === 0 && lines.every((line) => names.some((name) => line.endsWith(` ${name}`) || line === name))
        );
      if (aspect !== "stdout progress") return false;
      const plain = (text: string) => text.replace(/xfr#\d+$/, "xfr#");
      const rest = lines.map(plain);
      return right.every(
        (line) => rest.includes(plain(line)) && rest.splice(rest.indexOf(plain(line)), 1).length === 1,
      );
    },
  },
  {
    row: "`--remove-source-files` and a file that two arguments have",
    applies: ({ scenario }, options) =>
      options.has("", "--remove-source-files", "--remove-sent-files") &&
      (scenario.words.sources.length > 1 || options.has("", "--files-from")),
    explains: (difference, one) => {
      const { aspect, left, right } = difference;
      if (aspect === "exit code") return codes([0, 24], [0, 24], one) && [one.left, one.right].every(isToldOfVanished);
      if (aspect === "stderr") return onlyLines(difference, vanished, vanished);
      const gone = `${one.left.stderr}${one.right.stderr}`.match(/(?<=^file has vanished: ").*(?="$)/gm) ?? [];
      if (/^(?:stdout|log) removals$/.test(aspect)) {
        const removed = "sender file already removed: ";
        if (![...left, ...right].every((line) => line.startsWith(removed))) return false;
        const told = [left, right].map((lines) =>
          lines.map((line) => baseName(line.slice(removed.length) as ByteName)),
        );
        // Each under another of its names on the other side, or vanished there.
        const [some = [], others = []] = told;
        const isKnown = (name: string, there: readonly string[]) =>
          there.includes(name) || gone.some((path) => path.endsWith(`/${name}`));
        return some.every((name) => isKnown(name, others)) && others.every((name) => isKnown(name, some));
      }
      // A name that vanished is not told of as sent.
      if (!/^(?:stdout|log) items$/.test(aspect) || difference.isOrder) return false;
      return [...left, ...right].every((line) =>
        gone.some((path) => path.endsWith(`/${line.replace(/^\S{11} /, "")}`)),
      );
    },
  },
  {
    row: "`-X --remove-source-files` with `-H`, or where only long attributes differ",
    applies: ({ left }, options) =>
      options.has("X", "--xattrs") &&
      options.has("", "--remove-source-files", "--remove-sent-files") &&
      unread.test(left.stderr),
    explains: (difference, one) => {
      const { aspect, tree } = difference;
      if (aspect === "exit code") return codes([23], [0], one);
      if (aspect === "stderr" || /^(?:stdout|log) (?:errors|items)$/.test(aspect))
        return onlyLines(difference, new RegExp(`${unread.source}|${removedTooEarly.source}|${someFailed.source}`));
      const told = one.left.stderr.split("\n").filter((line) => unread.test(line));
      if (/^(?:stdout|log) totals$/.test(aspect)) {
        const values = [...one.right.tree].filter(([path]) => told.some((line) => isOf(line, path)));
        const bytes = values.reduce((sum, [, { xattrs }]) => sum + xattrs.length, 0);
        return saysMoreBytes("right", difference, bytes);
      }
      if (tree?.property !== "xattrs" || tree.left === undefined || tree.right === undefined) return false;
      // Each attribute that is missing was told of, by its own name also where another side keeps it under another.
      const kept = tree.left.split(" ");
      const lost = tree.right.split(" ").filter((item) => !kept.includes(item));
      return lost.every((item) => {
        const name = item.split("=")[0]?.replace(/^user\.rsync\./, "");
        return told.some((line) => line.startsWith(`failed to re-read xattr ${name} for `) && isOf(line, tree.path));
      });
    },
  },
  {
    row: "`-H` with a member whose place is taken",
    applies: ({ left, right }, options) =>
      options.has("H", "--hard-links") &&
      codes([13], [23, 24], { left, right }) &&
      /^Hlink node data for \d+ already has path=/m.test(left.stderr) &&
      [left, right].every(({ stderr }) => notReplaced.test(stderr)),
    // What was still to be done is missing.
    explains: () => true,
  },
  {
    row: "`-H` with a member whose place is taken",
    applies: ({ left, right }, options) =>
      options.has("H", "--hard-links") &&
      !options.has("", "--no-i-r", "--no-inc-recursive") &&
      codes([23], [23], { left, right }),
    // Each line is there once more.
    explains: ({ aspect, left: gone, right: more, isOrder }, { left, right }) => {
      const [pattern, once, twice] =
        aspect === "stderr" ? [noWay, left.stderr, right.stderr] : [notEmpty, left.stdout, right.stdout];
      if (isOrder || gone.length > 0 || more.length === 0 || !/^(?:stderr|stdout generator)$/.test(aspect))
        return false;
      const count = (text: string, line: string) => text.split("\n").filter((other) => other === line).length;
      return more.every((line) => pattern.test(line) && count(once, line) === 1 && count(twice, line) === 2);
    },
  },
  {
    row: "`-H` with a member whose place is taken",
    applies: ({ left }, options) =>
      options.has("H", "--hard-links") &&
      Number(left.exitCode) === 2 &&
      lostList.test(left.stderr) &&
      notReplaced.test(left.stderr),
    explains: (difference, one) => {
      if (difference.aspect === "exit code") return codes([2], [0, 23, 24], one);
      if (difference.aspect !== "stderr") return false;
      return onlyLines(
        difference,
        new RegExp(`${lostList.source}|${protocolEnd.source}`),
        new RegExp(`${vanished.source}|${someFailed.source}`),
      );
    },
  },
  {
    row: "`-U` at protocol 27",
    applies: ({ left }, options) =>
      options.has("U", "--atimes") &&
      options.value("--protocol") === "27" &&
      [4, 12, 22].includes(Number(left.exitCode)) &&
      overrun.test(left.stderr),
    // Nothing came of that session.
    explains: () => true,
  },
  {
    row: "`--keep-dirlinks --delete` with a link that leads out of the destination",
    applies: ({ right }, options) =>
      options.deletes && options.has("K", "--keep-dirlinks") && /opendir .* Too many levels/.test(right.stderr),
    explains: (difference, one) => {
      if (difference.aspect === "exit code") return codes([0], [23], one);
      // What a server says travels.
      if (/^(?:stdout|log) totals$/.test(difference.aspect))
        return saysMoreBytes("right", difference, one.right.stderr.length);
      if (difference.aspect !== "stderr" && !difference.aspect.startsWith("log ")) return false;
      const isLink = (line: string): boolean => {
        const path = closedLink.exec(line)?.[1];
        return (
          path !== undefined &&
          [...one.right.tree].some(([at, { type }]) => type === "symlink" && path.endsWith(`/${at}`))
        );
      };
      const { left, right, isOrder } = difference;
      return (
        !isOrder &&
        left.length === 0 &&
        right.every((line) => isLink(line) || someFailed.test(line) || totalsOfFailure.test(line))
      );
    },
  },
  {
    row: "`-X` with `--compare-dest`, `--copy-dest` or `--link-dest`, for links and special files that one of these has with other attributes",
    applies: (_, options) => options.has("X", "--xattrs") && options.hasAlternates,
    explains: ({ tree }, { left }) => {
      if (tree?.property !== "xattrs" || tree.left === undefined || tree.right === undefined) return false;
      const type = left.tree.get(tree.path)?.type;
      if (type === undefined || type === "file" || type === "directory") return false;
      const kept = new Set(tree.right.split(" "));
      return tree.left.split(" ").every((attribute) => attribute === "" || kept.has(attribute));
    },
  },
  {
    row: "`--keep-dirlinks --backup-dir` with files behind a link",
    applies: (_, options) => options.has("K", "--keep-dirlinks") && options.value("--backup-dir") !== undefined,
    explains: (difference, one) => {
      const { aspect, tree } = difference;
      const untimed = one.left.stderr.split("\n").flatMap((line) => untimedBackup.exec(line)?.[1] ?? []);
      if (aspect === "exit code") return untimed.length > 0 && codes([23], [0], one);
      if (aspect === "stderr") return onlyLines(difference, new RegExp(`${untimedBackup.source}|${someFailed.source}`));
      if (tree === undefined || !/(?:^|\/)\.?bk\//.test(tree.path)) return false;
      const entry = one.left.tree.get(tree.path);
      if (entry?.type !== "directory" || !["mode", "owner"].includes(tree.property)) return false;
      return (
        entry.mode === "0777" || untimed.some((name) => unescaped(name).endsWith(tree.path.replace(/^.*\bbk\//, "/")))
      );
    },
  },
  {
    row: "end by an error of the receiving side",
    applies: ({ left, right }) => [2, 3, 11].includes(Number(left.exitCode)) && left.exitCode === right.exitCode,
    // What its sender says when nobody reads any more, or finds until then.
    explains: (difference, { scenario, right }) => {
      if (difference.aspect === "stderr") {
        return onlyLines(difference, lateSender) || onlyLines(difference, itemsOnStderr(scenario.argv));
      }
      // Sources of links and the like, which one of its processes makes while another comes to its end.
      const [, text, change] = /^"src\d*\/(.*)" ((?:existence|mtime|linkedWith): .*)$/.exec(difference.detail) ?? [];
      if (
        difference.aspect !== "source changed" ||
        !new Options(scenario.argv).has("", "--remove-source-files", "--remove-sent-files")
      )
        return false;
      if (text === undefined || !/^existence: (?!file)\w+ \/ missing$/.test(change ?? "")) return text !== undefined;
      const name = String(JSON.parse(`"${text}"`));
      return [...right.tree.keys()].some((path) => path.endsWith(`/${name}`));
    },
  },
  {
    row: "`-n -H` with a destination that does not exist",
    applies: (_, options) => options.has("n", "--dry-run") && options.has("H", "--hard-links"),
    explains: (difference, one) => {
      const { aspect, isOrder, left, right } = difference;
      if (aspect === "stdout summary") return countsFreshFollowers(difference, one);
      if (!/^(?:stdout|log) followers$/.test(aspect) || isOrder || left.length !== right.length) return false;
      // Itemized: the same names, new for one and not for the other, which do not stand there.
      const compared = /^h[fLDS](?!\+)[ .\w+]{9} (.*) => /;
      const fresh = /^h[fLDS]\+{9} (.*) => /;
      const names = left.map((line) => compared.exec(line)?.[1]);
      if (names.includes(undefined)) return false;
      const top = one.scenario.words.destination?.replace(/^.*:|\/*$/g, "");
      const stands = (name = "") =>
        [...one.left.tree.keys()].some((path) => path.startsWith(`${top}/`) && path.endsWith(`/${name}`));
      return (
        !names.some(stands) && sorted(names.map(String)) === sorted(right.map((line) => `${fresh.exec(line)?.[1]}`))
      );
    },
  },
  {
    row: "last line of a failed run",
    applies: ({ left, right }) => left.exitCode === right.exitCode && lastWord(left) !== lastWord(right),
    // An old server sends it as a message.
    explains: (difference, { left, right }) => {
      const longer = lastWord(left) - lastWord(right);
      return /^(?:stdout|log) totals$/.test(difference.aspect) && saysOtherBytes(difference, longer);
    },
  },
  {
    row: "`-vv` with more than 32 entries in a directory or in what is behind it, under incremental recursion",
    applies: () => true,
    explains: (difference, one) => {
      if (!/^(?:stdout|log) totals$/.test(difference.aspect)) return onlyLines(difference, grownList);
      // What a server says travels.
      const told = one.left.stdout.match(new RegExp(grownList, "gm")) ?? [];
      return saysMoreBytes(
        "left",
        difference,
        told.reduce((sum, line) => sum + line.length + 5, 0),
      );
    },
  },
  {
    row: "`--info=stats3` and up, `-vv --stats`",
    applies: ({ left }) => left.stdout.includes(" heap statistics:"),
    // Its lines are no part of the comparison, but for the empty one in front of each, and the bytes of those of a server.
    explains: (difference, one) => {
      const { aspect, left, right } = difference;
      if (/^(?:stdout|log) totals$/.test(aspect)) return saysMoreBytes("left", difference, heapBytes(one.left.stdout));
      return (
        aspect === "stdout blank" &&
        right.length === 0 &&
        left.every((line) => line === "") &&
        left.length <= one.left.stdout.split(" heap statistics:").length - 1
      );
    },
  },
];

/** Whether every file that had to be sent again has the name of a backup of another one. */
function areBackups({ stderr, tree }: Outcome): boolean {
  const names = stderr.split("\n").flatMap((line) => unescaped(verification.exec(line)?.[1] ?? "") || []);
  return names.every((name) => [...tree.keys()].some((path) => `/${name}` === `/${path}~`.slice(-name.length - 1)));
}

/** Whether a run that did not end with 0 tells of what has vanished. */
function isToldOfVanished({ exitCode, stderr }: DifferingCase["left"]): boolean {
  return exitCode === 0 || /^file has vanished: "/m.test(stderr);
}

/** How long the last word of another side is that has failed. */
function lastWord({ stderr }: Outcome): number {
  return /^rsync error: .* \(code \d+\) at .* \[(?:Receiver|receiver|generator)=.*\]$/m.exec(stderr)?.[0].length ?? 0;
}

/** Whether totals differ by nothing but that rsync received so many bytes more, besides frames. */
function saysOtherBytes({ left, right }: Difference, more: number): boolean {
  const form = /^(sent [\d,]+ bytes {2}received |Total bytes received: )([\d,]+)(.*)$/;
  return (
    left.length === right.length &&
    left.every((line, index) => {
      const [, front, bytes = "", rest] = form.exec(line) ?? [];
      const [, otherFront, others = "", otherRest] = form.exec(right[index] ?? "") ?? [];
      if (front === undefined || front !== otherFront || rest !== otherRest) return false;
      const [one, other] = [bytes, others].map((text) => Number(text.replaceAll(",", "")));
      return Number(one) - Number(other) === more;
    })
  );
}

/** What a server's statistics are in messages at most: each line has a head of four bytes, and so has each frame. */
function heapBytes(stdout: string): number {
  const told = stdout.match(/^\n?rsync\[\d+\] \(server [a-z]+\) heap statistics:\n(?: {2}[a-z]+: .*\n)+\n?/gm) ?? [];
  return told.reduce((sum, text) => sum + text.length + 8 * text.split("\n").length, 0);
}

/** More files count as created: as many as there are further names that are told of as new by one side only. */
function countsFreshFollowers({ left, right }: Difference, one: DifferingCase): boolean {
  const count = /^Number of created files: ([\d,]+)/;
  const [created, more] = [left, right].map((lines) =>
    lines.length === 1 ? count.exec(lines[0] ?? "")?.[1] : undefined,
  );
  if (created === undefined || more === undefined) return false;
  const fresh = [one.left, one.right].map(({ stdout }) => stdout.match(/^h[fLDS]\+{9} .* => /gm)?.length ?? 0);
  const plain = (text: string): number => Number(text.replaceAll(",", ""));
  return plain(more) - plain(created) === (fresh[1] ?? 0) - (fresh[0] ?? 0);
}

/** Whether a line of the sender ends with the name of a file of the destination. */
function isOf(line: string, path: string): boolean {
  const name = line.replace(/^failed to re-read xattr \S+ for /, "");
  return path.endsWith(`/${unescaped(name)}`);
}

function sorted(lines: readonly string[]): string {
  return lines.toSorted().join("\n");
}

/**
 * A new directory with set-id or sticky bits loses the permissions of its ACL's entry for the group: rsync takes them from the
 * mode 0700 that the directory has at first.
 */
function losesGroupEntry({ property, left, right }: TreeDifference, entry: SnapshotEntry | undefined): boolean {
  if (property !== "xattrs" || entry?.type !== "directory" || left === undefined || right === undefined) return false;
  const special = (Number.parseInt(entry.mode, 8) & 0o7000) !== 0;
  return special && withoutGroupEntry(left) === withoutGroupEntry(right);
}

function withoutGroupEntry(attributes: string): string {
  return attributes.replace(
    /(system\.posix_acl_access=(?:[0-9a-f]{16})*?[0-9a-f]{8}0400)[0-9a-f]{4}(ffffffff)/,
    "$1#$2",
  );
}
