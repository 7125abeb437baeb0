/** More detectors of listed differences (listed-differences.ts): of files that rsync cannot make, or leaves unfinished without a word, of rules that it does not ask, and of what it removes behind links. */
import { type ByteName, baseName, byteName } from "../../src/bytes/byte-name.ts";
import { directoriesBehindLinks, passesDanglingLink } from "./dangling-links.ts";
import {
  codes,
  type Detector,
  type DifferingCase,
  Options,
  onlyLines,
  sameOrderOf,
  someFailed,
  unescaped,
} from "./difference-detector.ts";
import { splitLog, splitOutput } from "./output.ts";
import { bytesOf, frameBytes, frameSlack, totalNumber } from "./wire-totals.ts";

const notThere =
  /^rsync: \[\w+\] (?:recv_generator: )?(?:mkstemp|open|mknod|symlink|mkdir) "(.*?)"(?: -> ".*")? failed: No such file or directory \(2\)$/;
const counts =
  /^(?:Number of created files|Number of regular files transferred|Total transferred file size|Literal data): /;
const removedEarlier =
  /^(?:cd|>f|cL|cS|cD|hf|hL|hS|hD|\.[dfLDS])\S{9} |^\*deleting {3}|^deleting |^rsync: \[(?:sender|receiver|generator)\] .*".*"(?: failed)?: |^Number of |^Total transferred file size: |^Literal data: |^rsync error: some files/;
const noWayFirst =
  /^(?:rsync: \[generator\] delete_file: unlink\(.*\) failed: Permission denied \(13\)|could not make way for new [a-z ]+: .*|rsync: \[generator\] (?:symlink|mknod|link) .* failed: File exists \(17\))$/;
const noTemporary =
  /^rsync: \[generator\] (?:symlink|mknod|link) ".*\/\.[^/]*\.######"(?: (?:->|=>) .*)? failed: Permission denied \(13\)$/;
const noParent =
  /^default_perms_for_dir: sys_acl_get_file\(.*, ACL_TYPE_DEFAULT\): No such file or directory, falling back on umask$/;
const skipping = /^\*\*\* Skipping any contents from this failed directory \*\*\*$/;
const notBackedUp =
  /^rsync: \[\w+\] (?:link "(?=.*" -> ")|mknod ")(.*?)"(?: -> ".*":| failed:) File name too long \(36\)$/;
const verification = /^WARNING: (.*) failed verification -- update retained \(will try again\)\.$/;

/** How many bytes a receiving side sends at least for a file that it asks for, or tells of, with a few others. */
const bytesPerMessage = 256;

export const unfinishedDetectors: readonly Detector[] = [
  {
    row: "`--temp-dir`, a link, special file or further name in the place of something",
    applies: (_, options) => options.has("T", "--temp-dir"),
    explains: (difference) => difference.aspect === "stderr" && onlyLines(difference, noWayFirst, noTemporary),
  },
  {
    row: "`--no-implied-dirs --delete-missing-args` with new parents whose first name is missing",
    applies: (_, options) =>
      options.has("", "--no-implied-dirs", "--no-i-d") && options.has("", "--delete-missing-args"),
    explains: (difference, { left, right }) => {
      const told = left.stderr.split("\n").some((line) => notThere.test(line));
      if (difference.aspect === "exit code") return told && codes([23], [0], { left, right });
      if (difference.tree !== undefined) return told && difference.tree.left === undefined;
      const isOf = new RegExp(`${noParent.source}|${notThere.source}|${someFailed.source}`);
      return difference.aspect === "stderr" && onlyLines(difference, isOf);
    },
  },
  {
    row: "`--delete-before`, or `-n --delete-after`, a link of the destination in the place of a directory of the source",
    applies: (one, options) =>
      (options.has("", "--delete-before") || (options.has("n", "--dry-run") && options.has("", "--delete-after"))) &&
      directoriesBehindLinks(one.scenario).length > 0,
    explains: (difference, one) => {
      const { aspect, tree, left, right, isOrder } = difference;
      if (aspect === "exit code") return codes([0, 23], [0, 23], one);
      const behind = directoriesBehindLinks(one.scenario);
      if (tree !== undefined) return behind.some(({ path }) => `${tree.path}/`.startsWith(`${path}/`));
      if (isOrder || !/^(?:stderr|(?:stdout|log) (?:items|generator|summary))$/.test(aspect)) return false;
      const isOf = (line: string) =>
        !line.includes("/") ||
        behind.some(({ inner, link }) => [inner, link].some((name) => unescaped(line).includes(name)));
      return [...left, ...right].every((line) => removedEarlier.test(line) && isOf(line));
    },
  },
  {
    row: "order of lines: files that are sent again under incremental recursion, and further names of those",
    applies: ({ left }) => repeated(left.stderr).length > 0,
    explains: ({ aspect, isOrder }, { left, right }) => {
      const [, where, key] = /^(stdout|log) (items|followers)$/.exec(aspect) ?? [];
      if (!isOrder || (key !== "items" && key !== "followers")) return false;
      const again = repeated(left.stderr);
      const further = splitOutput(left.stdout).followers.flatMap((line) => {
        const [name = "", leader = ""] = line.replace(/^h\S+ /, "").split(" => ");
        // Lines of a log may not tell a further name, which comes when its first one has, from others.
        return again.includes(leader) || where === "log" ? name : [];
      });
      const names = [...again, ...further];
      const lines = ({ stdout, log }: DifferingCase["left"]) =>
        (where === "log" ? splitLog(log ?? "") : splitOutput(stdout))[key];
      return sameOrderOf(lines(left), lines(right), (line) => names.some((name) => line.includes(name)));
    },
  },
  {
    row: "`--ignore-existing` with a symbolic link where the source has a directory",
    applies: (_, options) => options.has("", "--ignore-existing"),
    explains: (difference, one) => {
      const { aspect, isOrder, left, right } = difference;
      const isBelow = (path: string) => isBelowDanglingLink(path, one);
      const told = one.left.stderr.split("\n").flatMap((line) => notThere.exec(line)?.[1] ?? []);
      if (aspect === "exit code") return codes([23], [0], one) && told.some((path) => isBelow(unescaped(path)));
      if (aspect === "stderr")
        return (
          onlyLines(difference, new RegExp(`${notThere.source}|${skipping.source}|${someFailed.source}`)) &&
          left.every((line) => !notThere.test(line) || isBelow(unescaped(notThere.exec(line)?.[1] ?? "")))
        );
      if (aspect === "stdout summary")
        return [...left, ...right].every((line) => counts.test(line)) && told.some((path) => isBelow(unescaped(path)));
      if (!/^(?:stdout|log) items$/.test(aspect) || isOrder || right.length > 0) return false;
      return left.every((line) => {
        const words = unescaped(line).split(" ");
        return words.some((_, index) =>
          isBelow(
            words
              .slice(index)
              .join(" ")
              .replace(/ -> .*$/, ""),
          ),
        );
      });
    },
  },
  {
    row: "`--append-verify -H` with names of a file of which the first is missing and another has an old part that differs",
    applies: (_, options) => options.has("H", "--hard-links") && options.has("", "--append-verify"),
    explains: ({ tree }, one) => {
      const { left, right } = one;
      const members = namesSentAgain(one);
      const missing = members.filter((path) => !left.tree.has(path));
      if (tree === undefined || missing.length === 0) return false;
      if (members.includes(tree.path))
        return tree.property === "existence" ? tree.left === undefined : left.tree.has(tree.path);
      const isAbove = missing.some((path) => path.startsWith(`${tree.path}/`));
      return isAbove && tree.property === "mtime" && right.tree.get(tree.path)?.type === "directory";
    },
  },
  {
    row: "a backup of a link or special file that cannot be made",
    applies: (one, options) => options.has("b", "--backup", "--backup-dir") && namesWithoutBackup(one).length > 0,
    explains: ({ aspect, isOrder, left, right, tree }, one) => {
      const names = namesWithoutBackup(one);
      // Directories that cannot be deleted then.
      const isAbove = (path: string) =>
        [...one.right.tree.keys()].some(
          (below) =>
            below.startsWith(`${path}/`) && names.includes(baseName(byteName(below))) && !one.left.tree.has(below),
        );
      if (tree !== undefined) {
        if (names.includes(baseName(tree.path))) return one.right.tree.get(tree.path)?.type !== "file";
        return tree.property === "existence" ? tree.left === undefined && isAbove(tree.path) : tree.left === "now";
      }
      const isTold = (line: string) => names.some((name) => unescaped(line).includes(name));
      if (isOrder || !/^(?:stderr|stdout (?:items|generator|summary)|log (?:items|generator))$/.test(aspect))
        return false;
      return (
        left.every((line) => isTold(line) || counts.test(line)) &&
        right.every((line) => isTold(line) || counts.test(line))
      );
    },
  },
  {
    row: "`--delete-missing-args` with merge files in the destination that protect",
    applies: (_, options) => options.has("", "--delete-missing-args") && options.mergesFiles,
    // They are read before something is removed.
    explains: ({ tree }, { left, scenario }) => {
      if (tree?.property !== "atime" || tree.right !== "now" || left.tree.get(tree.path)?.type !== "file") return false;
      const name = baseName(tree.path);
      const ofOptions = [".rsync-filter", ".cvsignore"].includes(name);
      return ofOptions || scenario.argv.some((word) => word.endsWith(` ${name}`) || word.endsWith(`_${name}`));
    },
  },
  {
    row: "frames of a receiving server",
    applies: () => true,
    explains: ({ aspect, left, right, isOrder }) =>
      /^(?:stdout|log) totals$/.test(aspect) &&
      !isOrder &&
      left.length === right.length &&
      left.every((line, index) => differsInFrames(line, right[index] ?? "")),
  },
];

/** Whether two lines of totals are the same but for frames: a few more than always, the more the longer they are. */
function differsInFrames(line: string, other: string): boolean {
  if (line.replace(totalNumber, "#") !== other.replace(totalNumber, "#")) return false;
  if (!/^(?:sent |Total bytes )/.test(line)) return false;
  const [numbers = [], others = []] = [line, other].map((text) => text.match(totalNumber) ?? []);
  return numbers.every((number, place) => {
    const bytes = bytesOf(number);
    const more = Math.abs(bytes - bytesOf(others[place] ?? ""));
    const most = frameSlack(bytes) + frameBytes * Math.min(bytes / bytesPerMessage, 32);
    return more <= most && (more % frameBytes === 0 || /[KMG]$/.test(number));
  });
}

/** Whether a path, absolute or below the destination, lies behind a link of the destination that leads to nothing. */
function isBelowDanglingLink(path: string, { left: { tree } }: DifferingCase): boolean {
  const names = [...tree.keys()];
  const tops = new Set(names.map((name) => name.replace(/\/.*$/, "")));
  if (path.startsWith("/"))
    return [...tops].some((top) => {
      const at = path.indexOf(`/${top}/`);
      return at >= 0 && passesDanglingLink(path.slice(at + top.length + 2), tree, [top]);
    });
  const inner = names.filter((name) => tree.get(name)?.type === "directory" && name.split("/").length === 2);
  return passesDanglingLink(path, tree, [...tops, ...inner]);
}

/** Last parts of the names of links and special files of which both tell that no backup could be made. */
function namesWithoutBackup({ scenario, left, right }: DifferingCase): ByteName[] {
  const suffix = new Options(scenario.argv).value("--suffix") ?? "~";
  const told = ({ stderr }: DifferingCase["left"]) =>
    stderr.split("\n").flatMap((line) => {
      const [, made = ""] = notBackedUp.exec(line) ?? [];
      return made.endsWith(suffix) ? baseName(byteName(unescaped(made.slice(0, made.length - suffix.length)))) : [];
    });
  const others = told(right);
  return told(left).filter((name) => others.includes(name));
}

/** All names of linked files that tsync has whole and that both have tried twice. */
function namesSentAgain({ left, right }: DifferingCase): ByteName[] {
  const told = left.stderr.split("\n").flatMap((line) => unescaped(verification.exec(line)?.[1] ?? "") || []);
  const linked = [...right.tree].filter(([, { type, linkedWith }]) => type === "file" && linkedWith !== "");
  const groups = linked.filter(([path]) => told.some((name) => path.endsWith(`/${name}`)));
  return linked
    .filter(([, { linkedWith }]) => groups.some(([, other]) => other.linkedWith === linkedWith))
    .map(([path]) => path);
}

/** Names of files that are sent again. */
function repeated(stderr: string): string[] {
  return stderr.split("\n").flatMap((line) => verification.exec(line)?.[1] ?? []);
}
