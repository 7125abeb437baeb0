/**
 * Whether files are just copied: nothing is told of one before its data is there, and nothing that stands in its place, or its
 * source, changes what is done. Then work can be put off or left out that only others need (bench: first copies).
 */

import { isItemized } from "../options/itemized.ts";
import type { RunContext } from "./context.ts";
import type { Turn } from "./entry-parts.ts";
import { isRegular } from "./file-list.ts";
import { followsFiles } from "./source-stat.ts";

/** Whether sources may be opened by whoever reads them, and a file may take its name without a look at what has it. */
export function copiesStraight(context: RunContext): boolean {
  const { options } = context;
  const asksSource = options.copyDevices || options.openNoAtime || followsFiles(options);
  return takesNewPlaces(context) && !asksSource && options.wholeFile;
}

/** Whether a file in a directory that the run has made may take its name without a look at what has it (`hasNewPlace`). */
export function takesNewPlaces({ options, wants, gate, isRemote }: RunContext): boolean {
  // A sender on another machine may tell what this side does not.
  const toldThere = isRemote === true && (isItemized(options) || options.info.name > 0);
  const told = wants.items || wants.transferred || wants.progress || options.dryRun || toldThere;
  const asksPlace = options.backup || options.inplace || options.update || options.ignoreExisting;
  const others = options.partialDirectory !== undefined || options.alternates !== undefined || gate !== undefined;
  return !(told || asksPlace || others);
}

/**
 * Whether a file of a straight copy has nothing in its place: the run has made its directory. Where names differ in case only and
 * the file system tells no difference, or somebody else was as quick, the file replaces what is there.
 */
export function hasNewPlace({ entry, directory }: Turn): boolean {
  return directory.isNew && isRegular(entry);
}
