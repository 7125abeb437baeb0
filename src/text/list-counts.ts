/** What `--progress` and `--info=flist2` tell of the length of a complete list. */

/** One of the counts on the way, which overwrite each other. */
export function listCount(count: number): string {
  return ` ${count} files...\r`;
}

/** The counts of a list of so many entries that came from another machine: not told of the first hundred. */
export function receivedCounts(count: number): string {
  let text = "";
  for (let passed = 100; passed <= count; passed += 100) text += listCount(passed);
  return text;
}

/** The same for what a full deletion pass looks at: `count` entries behind the first `before`. */
export function deletionCounts(before: number, count: number): string {
  let text = "";
  for (let passed = Math.ceil(before / 100) * 100; passed < before + count; passed += 100) text += listCount(passed);
  return text;
}

/** What covers the last of these, without a newline in the log too. */
export const blankedCount: string = " ".repeat(20);

/** The last word on it. */
export function filesToConsider(count: number): string {
  return `${count} ${count === 1 ? "file" : "files"} to consider`;
}
