/** Recognizes what rsync makes of `--append` where the shorter file is another one than that of the destination. */
import { type ByteName, directoryName } from "../../src/bytes/byte-name.ts";
import {
  type Detector,
  type DifferingCase,
  Options,
  onlyLines,
  saysMoreBytes,
  unescaped,
} from "./difference-detector.ts";
import { endings } from "./linked-names.ts";

/** What a record more, or a longer one, may add to the bytes of a run between two machines. */
const recordBytes = 16;

/** What the statistics count of files that are made and transferred. */
const transferCounts =
  /^(?:Number of created files|Number of regular files transferred|Total transferred file size|Literal data|total): /;
const createdFiles = /^Number of created files: ([\d,]+)/;
const createdCount = (line = ""): number => Number(createdFiles.exec(line)?.[1]?.replaceAll(",", ""));
const notVerified = /^WARNING: (.*) failed verification -- update retained \(will try again\)\.$/gm;
const anyNotVerified = new RegExp(notVerified.source);

export const appendToNothing: Detector = {
  row: "`--append`, `--append-verify` when the shorter file is found by `--fuzzy` or in a directory of `--compare-dest`, `--copy-dest`, `--link-dest`",
  applies: (_, options) =>
    options.has("", "--append", "--append-verify") && (options.has("y", "--fuzzy") || options.hasAlternates),
  explains: (difference, one) => {
    const { aspect, tree, left: lines, right, isOrder } = difference;
    const isMissing = (path: ByteName): boolean =>
      !one.left.tree.has(path) && one.right.tree.get(path)?.type === "file";
    if (tree?.property === "content") return beginsWithZeros(tree.path, one);
    // So has the directory that it is made in.
    if (tree?.property === "mtime")
      return [...one.right.tree.keys()].some((path) => directoryName(path) === tree.path && isMissing(path));
    if (tree !== undefined) return tree.property === "existence" && tree.left === undefined && isMissing(tree.path);
    // What has arrived is removed.
    if (aspect === "source changed") {
      const path = /^"src\d*(\/.*)" existence: file \/ missing$/.exec(difference.detail)?.[1];
      return path !== undefined && [...one.right.tree.keys()].some((key) => key.endsWith(path) && isMissing(key));
    }
    const missing = [...one.right.tree.keys()].filter(isMissing);
    // What the verification finds is sent again.
    const again = [...`${one.left.stderr}${one.left.stdout}`.matchAll(notVerified)].map(([, name = ""]) =>
      unescaped(name),
    );
    if (aspect === "stderr" || /^(?:stdout|log) receiver$/.test(aspect)) return onlyLines(difference, anyNotVerified);
    // Without progress empty lines count.
    if (aspect === "stdout blank") return !isOrder && right.length === 0 && missing.length > 0;
    if (/^(?:stdout|log) totals$/.test(aspect)) {
      const resent = [...one.left.tree.keys()].filter((path) => again.some((name) => path.endsWith(`/${name}`)));
      // What does not shrink becomes a little longer by compression.
      const sizeOf = (path: ByteName): number =>
        1.01 * Number(one.right.tree.get(path)?.size) + 2 * path.length + 8 * recordBytes;
      const most = [...missing, ...resent].reduce((sum, path) => sum + sizeOf(path), 0);
      return saysMoreBytes(resent.length > 0 ? "either" : "right", difference, most);
    }
    if (aspect === "stdout progress" && !isOrder) {
      // What is counted over the run differs behind it.
      const isOfRun = /progress2/.test(new Options(one.scenario.argv).value("--info") ?? "");
      if (isOfRun) return missing.length > 0 && Math.abs(right.length - lines.length) <= missing.length + again.length;
      // Those that follow are counted on.
      const plain = (line: string) => line.replace(/xfr#\d+$/, "xfr#");
      const more = right.map(plain);
      for (const line of lines.map(plain)) {
        if (!more.includes(line)) return false;
        more.splice(more.indexOf(line), 1);
      }
      const sizes = missing.map((path) => `${one.right.tree.get(path)?.size} 100% xfr#`);
      return more.length === sizes.length && more.every((line) => sizes.includes(line.replaceAll(",", "")));
    }
    if (/^(?:stdout|log) summary$/.test(aspect)) {
      const [made, more] = [lines, right].map((texts) => createdCount(texts.find((text) => createdFiles.test(text))));
      const isCounted =
        Number.isNaN(made) && Number.isNaN(more) ? missing.length > 0 : Number(more) - Number(made) === missing.length;
      // A dry run makes none.
      const isDry = new Options(one.scenario.argv).has("n", "--dry-run") && Number(more) >= Number(made);
      return (isCounted || isDry) && onlyLines(difference, transferCounts, transferCounts);
    }
    if (!/^(?:stdout|log) items$/.test(aspect) || isOrder) return false;
    // Behind the name there may be how many bytes were sent for it.
    const named = (line: string): string[] => {
      const rest = line.replace(/^[<>]f\S{9} /, "");
      return [rest, rest.replace(/(?: \d+)+$/, "")];
    };
    if (!lines.every((line) => named(line).some((name) => again.includes(name)))) return false;
    const options = new Options(one.scenario.argv);
    // A dry run makes none.
    if (options.has("n", "--dry-run")) return right.every((line) => /^[<>]f\+{9}(?: |$)/.test(line));
    const format = options.value(aspect.startsWith("log") ? "--log-file-format" : "--out-format");
    // Lines that name nothing: no more than files are missing.
    if (format !== undefined && !/%[^a-zA-Z]*[nf]/.test(format)) return right.length <= missing.length;
    const isShown = (path: ByteName, line: string) =>
      endings(path)
        .slice(1)
        .some((name) => ` ${unescaped(line)} `.includes(` ${name} `));
    const ends = (path: ByteName, line: string) =>
      named(line).some((name) => path.endsWith(`/${name}`)) || (format !== undefined && isShown(path, line));
    return right.every((line) => missing.some((path) => ends(path, line)));
  },
};

/** Whether a new file has another beginning, of the same length. */
function beginsWithZeros(path: ByteName, { scenario, left, right }: DifferingCase): boolean {
  const [one, other] = [left, right].map(({ tree }) => tree.get(path));
  const [top = "", ...names] = path.split("/");
  const stood = scenario.destination.get(top as ByteName)?.get(names.join("/") as ByteName);
  return stood?.node.kind !== "file" && one?.type === "file" && other?.type === "file" && one.size === other.size;
}
