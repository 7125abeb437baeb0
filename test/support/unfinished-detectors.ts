/** More detectors of listed differences (listed-differences.ts): of files that rsync cannot make, or leaves unfinished without a word. */
import type { ByteName } from "../../src/bytes/byte-name.ts";
import { codes, type Detector, type DifferingCase, onlyLines, someFailed, unescaped } from "./difference-detector.ts";

const notThere =
  /^rsync: \[\w+\] (?:recv_generator: )?(?:mkstemp|open|mknod|symlink|mkdir) "(.*?)"(?: -> ".*")? failed: No such file or directory \(2\)$/;
const skipping = /^\*\*\* Skipping any contents from this failed directory \*\*\*$/;
const verification = /^WARNING: (.*) failed verification -- update retained \(will try again\)\.$/;

export const unfinishedDetectors: readonly Detector[] = [
  {
    row: "`--ignore-existing` with a symbolic link where the source has a directory",
    applies: (one, options) => options.has("", "--ignore-existing") && linksToNothing(one).length > 0,
    explains: (difference, one) => {
      const { aspect, isOrder, left, right } = difference;
      if (aspect === "exit code") return codes([23], [0], one);
      const isBelow = (text: string) => linksToNothing(one).some((path) => `/${text}`.includes(`/${path}/`));
      if (aspect === "stderr")
        return (
          onlyLines(difference, new RegExp(`${notThere.source}|${skipping.source}|${someFailed.source}`)) &&
          left.every((line) => !notThere.test(line) || isBelow(unescaped(notThere.exec(line)?.[1] ?? "")))
        );
      if (!/^(?:stdout|log) items$/.test(aspect) || isOrder || right.length > 0) return false;
      // What is told of may be named without the destination.
      const ends = linksToNothing(one).map((path) => `${path.replace(/^[^/]*\//, "")}/`);
      return left.every((line) => ends.some((end) => unescaped(line).includes(end)));
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
];

/** Links of the destination behind which nothing could be made. */
function linksToNothing({ left }: DifferingCase): ByteName[] {
  const told = left.stderr.split("\n").flatMap((line) => unescaped(notThere.exec(line)?.[1] ?? "") || []);
  return [...left.tree]
    .filter(([path, { type }]) => type === "symlink" && told.some((name) => name.includes(`/${path}/`)))
    .map(([path]) => path);
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
