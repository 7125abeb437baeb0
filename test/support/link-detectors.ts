/**
 * More detectors of listed differences (listed-differences.ts): of files that have several names, of what an ordinary user may not
 * do, and of names that vanish because another one was sent and removed.
 */
import { type ByteName, baseName, byteName, directoryName } from "../../src/bytes/byte-name.ts";
import {
  codes,
  type Detector,
  type DifferingCase,
  type Options,
  onlyLines,
  sameOrderOf,
  saysMoreBytes,
  someFailed,
  unescaped,
} from "./difference-detector.ts";
import {
  endings,
  isBackupOfAnotherName,
  isBackupOfLinked,
  isOfFollower,
  linkedGroups,
  otherNames,
} from "./linked-names.ts";
import type { Difference } from "./outcome.ts";
import { splitLog, splitOutput } from "./output.ts";
import { hasNoNames, isOfVanished, isSameProgress, toldNames } from "./vanished-files.ts";

const notLinked =
  /^rsync: \[generator\] link ".*" => .* failed: (?:Permission denied \(13\)|Invalid cross-device link \(18\))$/;
const unreadable = /^rsync: \[generator\] open "(.*)": Permission denied \(13\)$/;
const verification = /^WARNING: (.*) failed verification -- update (?:discarded|retained) \(will try again\)\.$/;
const notVerified = /^ERROR: (.*) failed verification -- update (?:discarded|retained)\.$/;
const endOfRun = /^rsync (?:error: some files\/attrs were not transferred|warning: some files vanished)/;
const noEntryXattrs = /^rsync: \[generator\] gen_entry_copy_xattrs: .* failed: No such file or directory \(2\)$/;
const noDefaultAcl =
  /^rsync: \[generator\] get_acl: sys_acl_get_file\((.*), ACL_TYPE_DEFAULT\): Permission denied \(13\)$/;
const dataTotals =
  /^(?:Number of regular files transferred|Total transferred file size|Literal data|Matched data|total: matches)[:=]/;
const leaderNotFound =
  /^rsync: \[generator\] stat "(.*)" failed: (?:Not a directory \(20\)|Too many levels of symbolic links \(40\))$/;
const noWay = /^could not make way for new [a-z ]+: (.*)$/;
const createdFiles = /^Number of created files: /;
const countLines = new RegExp(`${createdFiles.source}|${dataTotals.source}`);
const hlinkEnd = /^(?:Hlink node data for |rsync error: errors with program diagnostics )/;
const itemLines = /^(?:stdout|log) items$/;
const followerLines = /^(?:stdout|log) followers$/;

export const linkDetectors: readonly Detector[] = [
  {
    row: "`-H --existing` with a file of several names in the place of a directory, whose other names are not there",
    applies: ({ left, right }, options) =>
      options.has("H", "--hard-links") &&
      options.has("", "--existing", "--ignore-non-existing") &&
      codes([0, 23], [0, 23], { left, right }),
    explains: ({ aspect, tree, left, right }, one) => {
      const [top = "", ...names] = (tree?.path ?? "").split("/");
      const stood = one.scenario.destination.get(byteName(top))?.get(byteName(names.join("/")));
      if (tree?.property === "existence") return tree.left === undefined && stood?.node.kind === "directory";
      const made = [...one.right.tree].filter(([path, { type }]) => type === "file" && !one.left.tree.has(path));
      const isMade = (line: string): boolean => made.some(([path]) => unescaped(line).includes(baseName(path)));
      return /^(?:stdout|log) items$/.test(aspect) && made.length > 0 && left.length === 0 && right.every(isMade);
    },
  },
  {
    row: "`--inplace`, `--append` onto files of the destination that are links of one file but not in the source",
    applies: (_, options) => options.inPlace,
    explains: (difference, one) => {
      const {
        left: { tree: found },
        right: { tree: own },
      } = one;
      const { aspect, tree, left, right, isOrder } = difference;
      const isOneOfSeveral = (path: ByteName) => otherNames(path, found).length > 0;
      if (tree?.property === "existence")
        return tree.right === undefined
          ? isBackupOfAnotherName(tree.path, found, own)
          : isBackupOfAnotherName(tree.path, own, found);
      const ofFile = ["content", "size", "mode", "mtime", "owner", "xattrs"];
      if (tree !== undefined && isOneOfSeveral(tree.path)) return ofFile.includes(tree.property);
      // A backup is one of what the file was under another name, or of what it had become by then.
      if (tree !== undefined) return ofFile.includes(tree.property) && isBackupOfLinked(tree.path, found);
      // One that another name has brought up to date meanwhile is asked for or not.
      const several = [...found].filter(([path, { type }]) => type === "file" && isOneOfSeveral(path));
      // Its source is removed if it was asked for; what it held is there either way.
      if (aspect === "source changed") {
        const name = /^"src\d*(\/.*)" (?:existence: file \/ missing|linkedWith: .*)$/.exec(difference.detail)?.[1];
        return (
          name !== undefined &&
          several.some(([path, { content }]) => path.endsWith(name) && own.get(path)?.content === content)
        );
      }
      const sizes = several.map(([, { size }]) => size);
      if (aspect === "stdout progress") return !isOrder && isSameProgress(difference, sizes, sizes);
      const areAll = (kind: RegExp) => left.length > 0 && [...left, ...right].every((line) => kind.test(line));
      if (/^(?:stdout summary|stderr)$/.test(aspect) && !isOrder && areAll(dataTotals)) return several.length > 0;
      // It may differ the second time too.
      const failed = new RegExp(`${verification.source}|${notVerified.source}`);
      const isWarned = (line: string) =>
        several.some(([path]) => endings(path).includes(unescaped(failed.exec(line)?.slice(1).join("") ?? "")));
      const isGivenUp = one.left.stderr.split("\n").some((line) => notVerified.test(line) && isWarned(line));
      if (aspect === "exit code") return isGivenUp && codes([23], [0, 24], one);
      if (aspect === "stderr" && isGivenUp && !isOrder)
        return [...left, ...right].every((line) => isWarned(line) || endOfRun.test(line));
      if (aspect === "stderr" || aspect === "log receiver") return !isOrder && [...left, ...right].every(isWarned);
      if (!itemLines.test(aspect) || isOrder) return false;
      // The digest of nothing, where nothing was missing; or nothing but the mode.
      if (areAll(/^(?:[0-9a-f]{16,32}|[-rwxsStT]{9})$/)) return several.length > 0;
      return [...left, ...right].every((line) => {
        const rest = /^(?:[<>]f\.[ .\w]{8}[ |])?(.*?)\|?$/.exec(line)?.[1];
        // Behind the name there may be how many bytes were sent for it.
        const isNamed = (name: string) =>
          rest === name || rest?.replace(/( \d+)+$/, "") === name || rest?.split("|").includes(name) === true;
        if (several.some(([path]) => endings(path).some((name) => isNamed(name)))) return true;
        // A format of one's own may leave the name out, and have the size.
        const told = / [<>]f\.[ .\w]{8} ([\d,]+)(?= |$)/.exec(line)?.[1]?.replaceAll(",", "");
        return told !== undefined && several.some(([, { size }]) => size === told);
      });
    },
  },
  {
    row: "`--compare-dest -H` with some members of a group there and not others",
    applies: (_, options) => options.has("H", "--hard-links") && options.has("", "--compare-dest"),
    explains: (difference, one) => {
      const { aspect, tree, isOrder, left, right } = difference;
      const forgotten = [...one.right.tree].filter(
        ([path, { type, linkedWith }]) => type !== "directory" && linkedWith !== "" && !one.left.tree.has(path),
      );
      // With --stderr=all the lines are there.
      if (followerLines.test(aspect) || (aspect === "stderr" && forgotten.length > 0))
        return (
          !isOrder && left.length === 0 && right.every((line) => forgotten.some(([path]) => isOfFollower(line, path)))
        );
      // What is made there has arrived, so its source goes.
      const removed = /^sender file already removed: (.*)$/;
      if (/^(?:stdout|log) removals$/.test(aspect))
        return (
          left.length === 0 &&
          right.every((line) => forgotten.some(([path]) => path.endsWith(`/${removed.exec(line)?.[1]}`)))
        );
      if (/^(?:stdout|log) summary$/.test(aspect)) {
        return forgotten.length > 0 && onlyLines(difference, countLines, countLines);
      }
      // The first of them is transferred.
      if (itemLines.test(aspect)) {
        const isNameless = hasNoNames(one, aspect);
        const isNamed = (line: string) =>
          forgotten.some(([path]) => endings(path).some((name) => ` ${unescaped(line)}`.endsWith(` ${name}`)));
        return (
          !isOrder && left.length === 0 && right.length <= forgotten.length && (isNameless || right.every(isNamed))
        );
      }
      if (/^(?:stdout|log) totals$/.test(aspect)) {
        const bytes = forgotten.reduce((sum, [path, { size }]) => sum + path.length + 64 + Number(size), 0);
        return forgotten.length > 0 && saysMoreBytes("right", difference, bytes);
      }
      if (tree?.property === "existence") return forgotten.some(([path]) => path === tree.path);
      return tree?.property === "linkedWith" && forgotten.some(([, { linkedWith }]) => linkedWith === tree.right);
    },
  },
  {
    row: "`-H` with a group whose last place is taken by a directory that may not go",
    applies: ({ left, right }, options) =>
      options.has("H", "--hard-links") &&
      [left, right].every(({ stderr }) => toldNames(stderr, noWay).length > 0) &&
      codes([23], [23], { left, right }),
    explains: (difference, one) => {
      const { aspect, tree, isOrder, left, right } = difference;
      // The names that such a place shares with others: links of one file, or the same file of two arguments.
      const told = toldNames(one.right.stderr, noWay);
      const groups = [...one.scenario.sources.values()].flatMap(linkedGroups);
      const names = told.flatMap((name) => {
        const group = groups.find((paths) => paths.some((path) => baseName(path) === lastName(name))) ?? [];
        return [lastName(name), ...group.map((path) => baseName(path))];
      });
      const made = [...one.right.tree].filter(
        ([path, { type }]) => type !== "directory" && !one.left.tree.has(path) && names.includes(baseName(path)),
      );
      if (tree !== undefined) return tree.property === "existence" && made.some(([path]) => path === tree.path);
      if (isOrder || made.length === 0) return false;
      if (aspect === "stdout progress") return right.length - left.length <= made.length && right.length > left.length;
      if (/^(?:stdout|log) summary$/.test(aspect)) return onlyLines(difference, countLines, countLines);
      if (!itemLines.test(aspect) && !followerLines.test(aspect)) return false;
      const isNamed = (line: string) =>
        made.some(([path]) => endings(path).some((name) => ` ${unescaped(line)}`.endsWith(` ${name}`)));
      return (
        left.length === 0 && right.every((line) => isNamed(line) || made.some(([path]) => isOfFollower(line, path)))
      );
    },
  },
  {
    row: "`-H`, linked links or special files of which one cannot be replaced",
    applies: ({ left, right }, options) =>
      options.has("H", "--hard-links") &&
      [left, right].some(({ stderr }) => stderr.split("\n").some((line) => notLinked.test(line))),
    explains: (difference, { left: { tree: found } }) => {
      const { aspect, tree, isOrder, left, right } = difference;
      if (aspect === "stderr") return onlyLines(difference, notLinked, notLinked);
      if (itemLines.test(aspect) || followerLines.test(aspect))
        return (
          !isOrder &&
          [...left, ...right].every((line) =>
            /^[h.][LSD][ .\w]{9} |^(?![.<>ch][fdLDS][ .\w+?]{9} ).* [-=]> /.test(line),
          )
        );
      // The one that has failed makes room once more.
      if (tree?.property === "existence")
        return tree.right === undefined && tree.path.endsWith("~") && found.get(tree.path)?.type !== "file";
      if (tree?.property === "linkedWith") return !["file", "directory"].includes(found.get(tree.path)?.type ?? "file");
      if (tree?.property !== "mtime" || tree.left !== "now") return false;
      const holds = ([path, { type, linkedWith }]: [ByteName, { type: string; linkedWith: string }]) =>
        directoryName(path) === tree.path && linkedWith !== "" && type !== "file";
      return found.get(tree.path)?.type === "directory" && [...found].some(holds);
    },
  },
  {
    row: "`--link-dest` with an equal file that may be neither linked nor read, and one at the destination",
    applies: ({ left }, options) => options.has("", "--link-dest") && toldNames(left.stderr, unreadable).length > 0,
    explains: (difference, { left, right }) => {
      const { aspect, tree } = difference;
      // By delta a file that is still there has block sums, one that is not has an error.
      if (/^(?:stdout|log) totals$/.test(aspect)) return saysMoreBytes("either", difference, left.stderr.length);
      if (aspect === "stderr" || aspect === "log generator")
        // What has been removed is not there to build on, nor to be given times and permissions.
        return [notOpened, notSet].some(
          (line) =>
            onlyLines(
              difference,
              line(/No such file or directory \(2\)/),
              line(/(?:Permission denied|.* not permitted) \(\d+\)/),
            ) &&
            toldNames(difference.left.join("\n"), line(/.*/)).every((path) =>
              toldNames(left.stderr, unreadable).some((other) => baseName(other) === baseName(path)),
            ),
        );
      if (tree?.property !== "existence" || tree.left !== undefined) return false;
      if (right.tree.get(tree.path)?.type !== "file") return false;
      return toldNames(left.stderr, unreadable).some((path) => path.endsWith(`/${baseName(tree.path)}`));
    },
  },
  ...[
    {
      row: "`-L --remove-source-files` with links to files that are sent under another name too",
      applies: (_: DifferingCase, options: Options) => removesSources(options) && followsLinks(options),
    },
    {
      row: "`--remove-source-files` and a file that two arguments have",
      applies: ({ scenario }: DifferingCase, options: Options) =>
        removesSources(options) && (scenario.words.sources.length > 1 || options.has("", "--files-from")),
    },
  ].map((row) => ({ ...row, explains: isOfVanished })),
  {
    row: "`-n -H --link-dest`, links in a later directory",
    applies: (_, options) =>
      options.has("n", "--dry-run") && options.has("H", "--hard-links") && options.has("", "--link-dest"),
    explains: ({ aspect, isOrder, left, right }) => {
      if (!followerLines.test(aspect) || isOrder || left.length !== right.length) return false;
      const named = (line: string) => line.replace(/ => .*$/, "");
      return (
        left.every((line) => / => \//.test(line)) &&
        right.every((line) => / => [^/]/.test(line)) &&
        left.map(named).sort().join("\n") === right.map(named).sort().join("\n")
      );
    },
  },
  {
    row: "`-n -H` under incremental recursion, three or more names of a link or special file, or of a file that `--copy-dest` has, in a directory that is to take the place of something else",
    applies: ({ left, right }, options) =>
      options.has("n", "--dry-run") &&
      options.has("H", "--hard-links") &&
      !options.has("", "--no-i-r", "--no-inc-recursive") &&
      [left, right].every(({ stderr }) => toldNames(stderr, leaderNotFound).length > 0),
    explains: (difference, one) => {
      const { aspect, isOrder, left, right } = difference;
      if (aspect === "exit code") return /^Hlink node data for /m.test(one.left.stderr) && codes([13], [23], one);
      if (aspect === "stderr")
        return onlyLines(difference, hlinkEnd, new RegExp(`${leaderNotFound.source}|${someFailed.source}`));
      if (!itemLines.test(aspect) && !followerLines.test(aspect)) return false;
      return !isOrder && right.length === 0 && left.every((line) => /^[ch][LDS]\+{9} /.test(line));
    },
  },
  {
    row: "`-n -X` with `--copy-dest` or `--link-dest`, for directories that one of these has",
    applies: (_, options) =>
      options.has("n", "--dry-run", "--only-write-batch") && options.has("X", "--xattrs") && options.hasAlternates,
    explains: (difference, one) =>
      difference.aspect === "exit code"
        ? one.left.stderr.split("\n").some((line) => noEntryXattrs.test(line)) && codes([23], [0], one)
        : /^(?:stderr|log \w+)$/.test(difference.aspect) &&
          onlyLines(difference, new RegExp(`${noEntryXattrs.source}|${someFailed.source}`)),
  },
  {
    row: "`-H` with `-m`, `--remove-source-files`, `--copy-dest`: order of further names",
    applies: (_, options) =>
      options.has("H", "--hard-links") &&
      (options.has("m", "--prune-empty-dirs", "--copy-dest") || removesSources(options)),
    explains: ({ aspect, isOrder }, one) => {
      const [, place, kind] = /^(stdout|log) (generator|followers)$/.exec(aspect) ?? [];
      if (!isOrder || (kind !== "generator" && kind !== "followers")) return false;
      const [lines, others] = [one.left, one.right].map(
        ({ stdout, log = "" }) => (place === "log" ? splitLog(log) : splitOutput(stdout))[kind],
      );
      const linked = [...one.left.tree].filter(([, { linkedWith }]) => linkedWith !== "").map(([path]) => path);
      const isFollower = (line: string) =>
        linked.some((path) => isOfFollower(line, path) || isOfFollower(line.replace(/ is uptodate$/, " => "), path));
      return sameOrderOf(lines ?? [], others ?? [], isFollower);
    },
  },
  {
    row: "`-A -H` with another name of a file or special file in the place of a directory",
    applies: ({ left }, options) =>
      options.has("A", "--acls") && options.has("H", "--hard-links") && toldNames(left.stderr, noDefaultAcl).length > 0,
    explains: (difference, one) => {
      const { aspect, isOrder, left, right } = difference;
      if (aspect === "exit code") return codes([23], [0], one);
      // A log tells of the totals of a run that failed.
      if (aspect === "log summary")
        return right.length === 0 && onlyLines(difference, /^sent # bytes {2}received # bytes/);
      if (aspect === "stderr" || aspect === "log items")
        return onlyLines(difference, new RegExp(`${noDefaultAcl.source}|${someFailed.source}`));
      if (!followerLines.test(aspect) || isOrder || left.length !== right.length) return false;
      // Its ACL counts as changed.
      const plain = (line: string) => line.replace(/(h[fSD][ .\w]{7})a/g, "$1.");
      const told = toldNames(one.left.stderr, noDefaultAcl);
      return left.every(
        (line, index) => plain(line) === right[index] && told.some((name) => unescaped(line).includes(name)),
      );
    },
  },
  {
    row: "`-X` with `--copy-dest` or `--link-dest`, a file with a capability that is copied from there and changes its owner",
    applies: (_, options) => options.has("X", "--xattrs") && options.hasAlternates,
    explains: lacksCapability,
  },
  {
    row: "`-X -b`, a file with a capability and another owner, whose backup is a copy (`--inplace`, `--append`, another file system)",
    applies: (_, options) => options.has("X", "--xattrs") && options.has("b", "--backup") && options.inPlace,
    explains: (difference, one) => {
      const path = difference.tree?.path;
      if (path?.endsWith("~") !== true || one.left.tree.get(path)?.owner === "0:0") return false;
      return lacksCapability(difference, one);
    },
  },
  {
    row: "`--iconv` with `./NAME` in `--files-from`, under incremental recursion",
    applies: (_, options) => options.has("", "--iconv") && options.has("", "--files-from"),
    explains: ({ aspect, tree, isOrder, left, right }) => {
      if (tree !== undefined) return ["mtime", "mode", "owner"].includes(tree.property) && tree.path === "dst";
      if (!itemLines.test(aspect) || isOrder || left.length !== 1 || right.length !== 1) return false;
      return /^\.d[ .\w]{9} \.\/$/.test(left[0] ?? "") && /^\.d[ .\w]{9} [^/]+\/$/.test(right[0] ?? "");
    },
  },
];

function notOpened(reason: RegExp): RegExp {
  return new RegExp(`^rsync: \\[generator\\] failed to open "(.*)", continuing: (?:${reason.source})$`);
}

function notSet(reason: RegExp): RegExp {
  return new RegExp(`^rsync: \\[generator\\] failed to set (?:times|permissions) on "(.*)": (?:${reason.source})$`);
}

function removesSources(options: Options): boolean {
  return options.has("", "--remove-source-files", "--remove-sent-files");
}

function followsLinks(options: Options): boolean {
  return options.has("L", "--copy-links", "--copy-unsafe-links") || options.has("k", "--copy-dirlinks");
}

/** Whether only tsync's file has its capability. */
function lacksCapability({ tree }: Difference, { left }: DifferingCase): boolean {
  if (tree?.property !== "xattrs" || left.tree.get(tree.path)?.type !== "file") return false;
  const kept = (tree.right ?? "").split(" ").filter((text) => !text.startsWith("security.capability="));
  return kept.join(" ") === tree.left;
}

const lastName = (path: string): ByteName => baseName(unescaped(path) as ByteName);
