/**
 * A detector of listed differences (listed-differences.ts): under `-R` rsync does not find files that the source has in a list with the
 * names of an absolute source and others, deletes them, and transfers them again.
 */
import { byteName } from "../../src/bytes/byte-name.ts";
import { type Detector, type DifferingCase, unescaped } from "./difference-detector.ts";

export const absoluteSourceDetectors: readonly Detector[] = [
  {
    row: "`-R` with deletion, an absolute source and others",
    applies: (one, options) =>
      options.has("R", "--relative", "--files-from") &&
      options.deletes &&
      one.scenario.words.sources.length > 1 &&
      one.scenario.words.sources.some((source) => source.startsWith("/")) &&
      deletesWhatStays(one),
    // Whatever is deleted and made again may differ in all respects.
    explains: ({ aspect, right }) => aspect !== "exit code" && (aspect !== "stderr" || right.length === 0),
  },
];

function deletesWhatStays({ left, right }: DifferingCase): boolean {
  const tops = new Set([...right.tree.keys()].map((path) => path.replace(/\/.*$/s, "")));
  const names = [...`${left.stdout}\n${left.log ?? ""}`.matchAll(/^(?:.*\] )?\*?deleting +(\S.*?)\/?$/gm)];
  const stays = ([, name = ""]: RegExpMatchArray) =>
    [...tops].some((top) => right.tree.has(byteName(`${top}/${unescaped(name)}`)));
  return names.some(stays);
}
