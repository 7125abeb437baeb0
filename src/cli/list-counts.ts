/** What `--progress` and `--info=flist2` tell of the length of a complete list. */

/**
 * The counts on the way, which overwrite each other. Of a list that comes the first hundred are not told of. `isBroken`: an
 * error was told of while the list was made or came.
 */
export function listCounts(count: number, receives: boolean, isBroken: boolean): string {
  const [start, end] = receives ? [100, count + 1] : [0, count];
  // What an old sender says comes before its list, and ends the line for good. Of what is listed here the first entry makes a
  // line of it; that an error came before it is less common than after it.
  let text = end > start && !(receives && isBroken) ? "\n" : "";
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
