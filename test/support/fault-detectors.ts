/**
 * More detectors of listed differences (listed-differences.ts): of attributes that rsync loses or sets late, of what it foretells
 * wrongly in a dry run, and of what it looks at through links.
 */
import { type ByteName, baseName, directoryName, joinName } from "../../src/bytes/byte-name.ts";
import { appendToNothing } from "./append-detector.ts";
import {
  codes,
  type Detector,
  type DifferingCase,
  Options,
  onlyLines,
  sameOrderOf,
  saysMoreBytes,
  someFailed,
  unescaped,
} from "./difference-detector.ts";
import { splitLog, splitOutput } from "./output.ts";
import type { Snapshot } from "./snapshot.ts";
import { contentLength } from "./tree-plan.ts";

const wrongRule = /^Unknown filter rule: <rule from (\/.*)\/[^/]+ line \d+>$/;
const refusal = /^refusing to follow a symlink owned by an untrusted user/;
const lostAttributes =
  /^rsync: \[receiver\] stat ".*\/\.(.+)\.[#\w]{6}" failed: Too many levels of symbolic links \(40\)$/;
const stillWrong = /^ERROR: (.*) failed verification -- update retained\.$/;
const missingArgument = /^rsync: \[sender\] (?:link_stat|change_dir) ".*" failed: No such file or directory \(2\)$/;
const notCopied =
  /^rsync: \[generator\] (?:copy_xattrs: fsetxattr\("(.*)","[^"]*"\)|gen_entry_copy_xattrs: (?:openat\(|secure open of (?:basis )?)"(.*)"\)?) failed: Permission denied \(13\)$/;
const notMade =
  /^(?:rsync: \[receiver\] mkstemp ".*" failed: Permission denied \(13\)|default_perms_for_dir: .*, falling back on umask)$/m;
const noNames =
  /^rsync: \[generator\] get_xattr_names: llistxattr\(".*",\d+\) failed: No such file or directory \(2\)$/;
const unknownName = /^\[\w+\] cannot convert filename: .* \(Invalid or incomplete multibyte or wide character\)$/m;

/** What a record more, or a longer one, may add to the bytes of a run between two machines. */
const recordBytes = 16;

export const faultDetectors: readonly Detector[] = [
  {
    row: "`-H -X` with two or more of `--compare-dest` or `--copy-dest`, further names of a file that one of these has with other attributes",
    applies: ({ left }, options) =>
      options.has("H", "--hard-links") &&
      options.has("X", "--xattrs") &&
      options.has("", "--compare-dest", "--copy-dest") &&
      left.stderr.split("\n").some((line) => noNames.test(line)),
    explains: (difference, one) =>
      difference.aspect === "exit code"
        ? codes([23], [0], one)
        : /^(?:stderr|log \w+)$/.test(difference.aspect) &&
          onlyLines(difference, new RegExp(`${noNames.source}|${someFailed.source}`)),
  },
  {
    row: "`--iconv`, a directory whose name does not exist in the receiver's character set",
    applies: ({ left, right }, options) =>
      options.has("", "--iconv") && codes([2, 4], [23], { left, right }) && unknownName.test(right.stderr),
    // rsync does nothing more.
    explains: ({ isOrder }) => !isOrder,
  },
  {
    row: "`--keep-dirlinks` with files behind a link of somebody else that leads through `..` (whose owner `-o` may have set in the same run)",
    applies: ({ left }, options) =>
      options.has("K", "--keep-dirlinks") &&
      left.stderr.split("\n").some((line) => refusal.test(line)) &&
      lostNames(left.stderr).length > 0,
    explains: (difference, one) => {
      const { aspect, tree } = difference;
      if (aspect === "exit code") return codes([23], [0, 24], one);
      if (aspect === "stderr" || /^log (?:items|errors|receiver)$/.test(aspect))
        return onlyLines(difference, new RegExp(`${refusal.source}|${lostAttributes.source}|${someFailed.source}`));
      if (tree === undefined) return false;
      const lost = lostNames(one.left.stderr);
      const isLost = (path: ByteName) => lost.includes(baseName(path));
      if (one.left.tree.get(tree.path)?.type === "directory")
        return (
          tree.property === "mtime" &&
          tree.left === "now" &&
          [...one.left.tree.keys()].some((path) => directoryName(path) === tree.path && isLost(path))
        );
      return isLost(tree.path) && ["mode", "owner", "mtime", "atime", "xattrs"].includes(tree.property);
    },
  },
  {
    row: "`--temp-dir` names a directory of the transfer (`--temp-dir=.`): its time",
    applies: (_, options) => options.value("--temp-dir") !== undefined,
    explains: ({ tree }, { left, scenario }) => {
      if (tree?.property !== "mtime" || left.tree.get(tree.path)?.type !== "directory") return false;
      if (![tree.left, tree.right].includes("now")) return false;
      const [target = "", name = ""] = [scenario.words.destination, new Options(scenario.argv).value("--temp-dir")];
      const path = name.startsWith("/") ? name : `${target.replace(/^[^:/]*:|\/+$/g, "")}/${name}`;
      return `/${path}`.replace(/(?:\/\.)?\/*$/, "").endsWith(`/${tree.path}`);
    },
  },
  {
    row: "`--keep-dirlinks -b` with files behind a link of somebody else (whose owner `-o` may have set in the same run)",
    applies: ({ left }, options) =>
      options.has("K", "--keep-dirlinks") &&
      options.has("b", "--backup") &&
      left.stderr.split("\n").some((line) => refusal.test(line)),
    explains: (difference, { left, right }) => {
      const { aspect, tree } = difference;
      if (aspect === "stderr" || /^log (?:items|errors|receiver)$/.test(aspect)) return onlyLines(difference, refusal);
      if (tree?.property !== "existence" || tree.left !== undefined || !tree.path.endsWith("~")) return false;
      // Where the backup is missing the name itself has been replaced.
      const name = tree.path.slice(0, -1) as ByteName;
      return left.tree.has(name) && right.tree.has(name);
    },
  },
  appendToNothing,
  {
    row: "`--append`, `--append-verify` with `-b` at protocols 27 and 28, a file whose old part differs",
    applies: (_, options) =>
      options.has("", "--append", "--append-verify") &&
      options.has("b", "--backup", "--backup-dir") &&
      /^2[78]$/.test(options.value("--protocol") ?? ""),
    explains: (difference, one) => {
      const told = one.left.stderr.split("\n").flatMap((line) => stillWrong.exec(line)?.[1] ?? []);
      const { aspect, tree } = difference;
      if (aspect === "exit code") return told.length > 0 && codes([23], [0], one);
      if (/^(?:stderr|log items)$/.test(aspect))
        return onlyLines(difference, new RegExp(`${stillWrong.source}|${someFailed.source}`));
      return (
        tree?.property === "mtime" &&
        tree.left === "now" &&
        told.some((name) => tree.path.endsWith(`/${unescaped(name)}`))
      );
    },
  },
  {
    row: "`-X` with `--copy-dest`, `--link-dest` or `--compare-dest`, as an ordinary user: a new directory that one of these has, of which either may not be read or the new one not be written to",
    applies: (_, options) => options.has("X", "--xattrs") && options.hasAlternates,
    explains: (difference, one) => {
      const told = one.left.stderr.split("\n").flatMap((line) => notCopied.exec(line)?.slice(1).join("") ?? []);
      const { aspect, tree } = difference;
      if (aspect === "exit code") return told.length > 0 && codes([23], [0], one);
      if (aspect === "stderr") return onlyLines(difference, new RegExp(`${notCopied.source}|${someFailed.source}`));
      return tree?.property === "xattrs" && told.some((path) => unescaped(path).endsWith(`/${tree.path}`));
    },
  },
  {
    row: "`--chmod` that closes new directories, as an ordinary user",
    applies: (_, options) => options.has("", "--chmod"),
    explains: (difference, one) => {
      const { aspect, tree } = difference;
      const { left, right } = one;
      if (aspect === "exit code") return codes([23], [0], one) && notMade.test(left.stderr);
      if (aspect === "stderr") return onlyLines(difference, new RegExp(`${notMade.source}|${someFailed.source}`));
      const isClosed = (path: ByteName) => (Number.parseInt(right.tree.get(path)?.mode ?? "777", 8) & 0o100) === 0;
      if (tree?.property === "existence") {
        const above = directoryName(tree.path);
        return (
          tree.left === undefined && notMade.test(left.stderr) && (isClosed(above) || isClosed(directoryName(above)))
        );
      }
      if (tree === undefined || left.tree.get(tree.path)?.type !== "directory") return false;
      if (tree.property === "mtime") return tree.left === "now" && isClosed(directoryName(tree.path));
      if (tree.property !== "mode") return false;
      const [open, closed] = [tree.left, tree.right].map((mode) => Number.parseInt(mode ?? "", 8));
      return open === (Number(closed) | 0o300) && isClosed(directoryName(tree.path));
    },
  },
  {
    row: "`-X` with rules of the modifier `x`, without `-A`",
    applies: ({ scenario }, options) =>
      options.has("X", "--xattrs") &&
      !options.has("A", "--acls") &&
      scenario.argv.some((word) => /^(?:--filter=|-f)?[-+][^ _]*x[^ _]*[ _]/.test(word)),
    explains: (difference, { scenario, left: { tree: found } }) => {
      const { aspect, tree, isOrder, left, right } = difference;
      if (tree !== undefined)
        return (
          tree.property === "xattrs" &&
          tree.left?.includes("system.posix_acl_") === true &&
          tree.right !== undefined &&
          withoutAcls(tree.left) === withoutAcls(tree.right)
        );
      const holders = [...found].filter(([, { xattrs }]) => xattrs.includes("system.posix_acl_"));
      const bytes = holders.reduce((sum, [, { xattrs }]) => sum + xattrs.length, 0);
      if (/^(?:stdout|log) totals$/.test(aspect)) return saysMoreBytes("left", difference, bytes);
      // A run that names nothing has a line less between what it says.
      if (aspect === "stdout blank") return holders.length > 0;
      if (!/^(?:stdout|log) items$/.test(aspect) || isOrder || left.length === 0) return false;
      // Without itemized lines the name alone is told.
      const itemizes = new Options(scenario.argv).has("i", "--itemize-changes", "--out-format", "--log-format");
      const logFormat = new Options(scenario.argv).value("--log-file-format") ?? "%i";
      const isItemized = aspect === "log items" ? logFormat.includes("%i") : itemizes;
      const itemized = isItemized ? /^\.[fd][.pogtsu]{8}x (.*)$/ : /^(.*)$/;
      const told = left.map((line) => itemized.exec(line)?.[1]?.replace(/\/$/, ""));
      return (
        // Where all items are told, there is a line without the letter.
        right.every((line) => told.includes(/^\.[fd] {10}(.*)$/.exec(line)?.[1]?.replace(/\/$/, ""))) &&
        told.every((name) => name !== undefined && holders.some(([path]) => path.endsWith(`/${unescaped(name)}`)))
      );
    },
  },
  {
    row: "`--delete-before`, `--delete-after` with merge files, and a wrong rule behind a link of the destination",
    applies: ({ left }, options) => options.deletes && left.stderr.split("\n").some((line) => wrongRule.test(line)),
    explains: (difference, one) => {
      if (difference.aspect === "exit code") return codes([1], [0, 23, 24], one);
      if (difference.aspect !== "stderr") return false;
      const { left, right, isOrder } = difference;
      const isBehindLink = (line: string): boolean => {
        const directory = wrongRule.exec(line)?.[1];
        if (line === "rsync error: syntax or usage error (code 1)") return true;
        return (
          directory !== undefined &&
          [...one.right.tree].some(([path, { type }]) => type === "symlink" && directory.endsWith(`/${path}`))
        );
      };
      return !isOrder && right.length === 0 && left.length > 0 && left.every(isBehindLink);
    },
  },
  {
    row: "repeats of the line of `--info=progress2` after lists with transfers",
    applies: ({ left, right }) => lastProgress(left.stdout) === lastProgress(right.stdout),
    explains: ({ aspect, left, right }, { scenario }) => {
      // Nothing else makes lines of progress in a dry run, nor any before the first file is through.
      const isDry = new Options(scenario.argv).has("n", "--dry-run");
      const repeated = isDry ? /^[\d,.]+[KMGTP]? \d+% xfr#\d+$/ : /^0 0% xfr#0$/;
      return aspect === "stdout progress" && [...left, ...right].every((line) => repeated.test(line));
    },
  },
  {
    row: "`-A --backup-dir`, directories with three or more different default ACLs",
    applies: (_, options) => options.has("A", "--acls") && options.value("--backup-dir") !== undefined,
    explains: ({ tree }, { left, scenario }) => {
      if (tree?.property !== "xattrs" || left.tree.get(tree.path)?.type !== "directory") return false;
      const folder = baseName((backupFolder(scenario) ?? "") as ByteName);
      const attributes = (tree.right ?? "").split(" ");
      const kept = attributes.filter((text) => !text.startsWith("system.posix_acl_default="));
      return `/${tree.path}`.includes(`/${folder}/`) && kept.length < attributes.length && kept.join(" ") === tree.left;
    },
  },
  {
    row: "`-X` without `-H`, further names of a file whose attributes change",
    applies: (_, options) => options.has("X", "--xattrs") && !options.has("H", "--hard-links"),
    explains: (difference, one) => {
      const { aspect, left, right, isOrder } = difference;
      if (/^(?:stdout|log) totals$/.test(aspect))
        return saysMoreBytes(
          "right",
          difference,
          recordBytes * (lateNames(one.right.stdout).length + lateNames(one.right.log).length),
        );
      if (!/^(?:stdout|log) items$/.test(aspect) || isOrder || right.length === 0) return false;
      const late = lateNames(right.join("\n"));
      // Where all items are told, there is a line without the letter.
      const plain = left.map((line) => /^\.f {10}(.*)$/.exec(line)?.[1]);
      return (
        late.length === right.length &&
        plain.every((name) => name !== undefined && late.includes(name)) &&
        late.every((name) =>
          [...one.left.tree].some(
            ([path, { linkedWith, xattrs }]) => `/${path}`.endsWith(`/${name}`) && linkedWith !== "" && xattrs !== "",
          ),
        )
      );
    },
  },
  {
    row: "`-A --backup-dir`, a directory without an ACL below one that has one",
    applies: (_, options) => options.has("A", "--acls") && options.value("--backup-dir") !== undefined,
    explains: ({ tree }, { left, scenario }) => {
      if (tree?.property !== "xattrs" || left.tree.get(tree.path)?.type !== "directory") return false;
      const folder = baseName((backupFolder(scenario) ?? "") as ByteName);
      const attributes = (tree.left ?? "").split(" ");
      const kept = attributes.filter((text) => !text.startsWith("system.posix_acl_access="));
      return (
        `/${tree.path}`.includes(`/${folder}/`) && kept.length < attributes.length && kept.join(" ") === tree.right
      );
    },
  },
  {
    row: "`-R --no-implied-dirs` under incremental recursion, a directory of the source in which a parent is made later",
    applies: (_, options) => options.has("R", "--relative", "--files-from") && options.has("", "--no-implied-dirs"),
    explains: ({ tree }, { left, right }) => {
      if (tree?.property !== "mtime" || tree.left !== "now" || left.tree.get(tree.path)?.type !== "directory")
        return false;
      // The parent, which is not sent, has no time of its own.
      const isMade = (snapshot: Snapshot): boolean =>
        [...snapshot].some(
          ([path, { type, mtime }]) => directoryName(path) === tree.path && type === "directory" && mtime === "now",
        );
      return isMade(left.tree) && isMade(right.tree);
    },
  },
  {
    row: "a wrong rule in a merge file of an argument, without incremental recursion, before arguments that are missing",
    applies: (one, options) => options.mergesFiles && one.scenario.words.sources.length > 1 && codes([1], [1], one),
    explains: (difference, one) =>
      difference.aspect === "stderr" &&
      onlyLines(difference, undefined, missingArgument) &&
      /^(?:Unknown filter rule|unexpected end of filter rule|invalid modifier )/m.test(one.left.stderr),
  },
  {
    row: "`-c --checksum-choice=none`, with arguments that are missing",
    applies: (one, options) =>
      (options.value("--checksum-choice") ?? options.value("--cc")) === "none" && codes([4], [4], one),
    explains: ({ aspect, left, right, isOrder }) =>
      aspect === "stderr" && !isOrder && left.length === 0 && right.every((line) => missingArgument.test(line)),
  },
  {
    row: "order of lines",
    // The names of what is there already, of which only attributes change, are the generator's: they look like those that are sent.
    applies: (_, options) => options.namesUnsent || hasOldLists(options),
    explains: ({ aspect, isOrder }, { scenario, left, right }) => {
      const [, place] = /^(stdout|log) items$/.exec(aspect) ?? [];
      if (!isOrder || place === undefined) return false;
      const [lines = [], others = []] = [left, right].map(({ stdout, log = "" }) =>
        place === "log" ? splitLog(log).items : splitOutput(stdout).items,
      );
      // Old lists do not come back to the sender: the other side tells of all that has no data.
      const isOld = hasOldLists(new Options(scenario.argv));
      const isTold = (line: string) =>
        stoodBefore(line, scenario.destination, left.tree) || (isOld && hasNoData(line, left.tree));
      return areTwoRows(lines, others) && sameOrderOf(lines, others, isTold);
    },
  },
];

/** Files that have come, but did not get their attributes. */
function lostNames(stderr: string): string[] {
  return stderr.split("\n").flatMap((line) => unescaped(lostAttributes.exec(line)?.[1] ?? "") || []);
}

function backupFolder({ argv }: Pick<DifferingCase["scenario"], "argv">): string | undefined {
  return argv.find((word) => word.startsWith("--backup-dir="))?.slice("--backup-dir=".length);
}

function lastProgress(stdout: string): string | undefined {
  return [...stdout.matchAll(/[\d,.]+[KMGTP]? +\d+%(?= .*\(xfr#\d+, ..-chk=\d+\/\d+\))/g)].at(-1)?.[0];
}

/** A list of extended attributes without ACLs. */
function withoutAcls(attributes: string): string {
  return attributes
    .split(" ")
    .filter((attribute) => attribute !== "" && !/^(?:user\.rsync\.)?system\.posix_acl_/.test(attribute))
    .join(" ");
}

/** Names told of with other extended attributes and nothing else. */
function lateNames(text = ""): string[] {
  return [...text.matchAll(/^(?:[\d/]+ [\d:]+ \[\d+\] )?\.f\.{8}x (.*)$/gm)].map((match) => match[1] ?? "");
}

/** Whether a name may be of something that was there before the run and was not sent: a file has kept its size. */
function stoodBefore(
  line: string,
  destination: DifferingCase["scenario"]["destination"],
  tree: DifferingCase["left"]["tree"],
): boolean {
  const end = `/${unescaped(line.replace(/ -> .*$/, "").replace(/\/$/, ""))}`;
  return [...destination].some(([top, plan]) =>
    [...plan].some(([inner, { node }]) => {
      const path = joinName(top, inner);
      if (!`/${path}`.endsWith(end) && end !== "/.") return false;
      return node.kind !== "file" || tree.get(path)?.size === String(contentLength(node.content));
    }),
  );
}

/** Whether the lists are of a protocol at which what has no data is told of by the side that makes it. */
function hasOldLists(options: Options): boolean {
  return /^2[78]$/.test(options.value("--protocol") ?? "");
}

/** Whether a line names a directory, a link or something special, or another name of a file. */
function hasNoData(line: string, tree: Snapshot): boolean {
  if (/ (?:->|=>) |\/$/.test(line)) return true;
  const end = `/${unescaped(line)}`;
  return [...tree].some(([path, { type }]) => type !== "file" && `/${path}`.endsWith(end));
}

/** Whether lines are those of two writers, each in one order, that came together in two ways: no three stand in reverse. */
function areTwoRows(left: readonly string[], right: readonly string[]): boolean {
  const places = Map.groupBy(right.keys(), (place) => right[place]);
  // The places at which the two rows end.
  let [first, second] = [-1, -1];
  for (const line of left) {
    const place = places.get(line)?.shift();
    if (place === undefined) return false;
    if (place > first) first = place;
    else if (place > second) second = place;
    else return false;
  }
  return true;
}
