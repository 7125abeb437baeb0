/** What `--progress` and `--info=flist2` tell of the length of a complete list. */

/** The counts on the way, which overwrite each other. Of a list that comes the first hundred are not told of. */
export function listCounts(count: number, receives: boolean): string {
  const [start, end] = receives ? [100, count + 1] : [0, count];
  // A line is made of the first entry; that an error came before it is less common than after it.
  let text = end > start ? "\n" : "";
  for (let passed = start; passed < end; passed += 100) text += ` ${passed} files...\r`;
  return text;
}

/** The same for what a full deletion pass looks at: `count` entries behind the first `before`. */
export function deletionCounts(before: number, count: number): string {
  let text = "";
  for (let passed = Math.ceil(before / 100) * 100; passed < before + count; passed += 100)
    text += ` ${passed} files...\r`;
  return text;
}

/** What covers the last of these, without a newline in the log too. */
export const blankedCount: string = " ".repeat(20);

/** The last word on it. */
export function filesToConsider(count: number): string {
  return `${count} ${count === 1 ? "file" : "files"} to consider`;
}
