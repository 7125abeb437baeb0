/** How far two file names are apart, for `--fuzzy` (3-transfer 1.9). Distances are in 65536ths of a letter. */

/** One letter more or less, or another. */
export const one = 65_536;

/**
 * The distance of two texts: what it costs to make one of the other, where letters that are close to each other cost a
 * little less. More than `limit` if the lengths alone say so.
 */
export function nameDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) * one > limit) return Number.POSITIVE_INFINITY;
  if (a === "" || b === "") return sumOf(a + b);
  // What is before the first letter that both have costs its length only.
  let row = Array.from({ length: b.length + 1 }, (_, column) => column * one);
  for (let line = 0; line < a.length; line++) {
    const letter = a.charCodeAt(line);
    const next = [(line + 1) * one];
    for (let column = 0; column < b.length; column++) {
      const other = b.charCodeAt(column);
      const replaced = (row[column] ?? 0) + (letter === other ? 0 : one + Math.abs(letter - other));
      const removed = (row[column + 1] ?? 0) + one + letter;
      const inserted = (next[column] ?? 0) + one + other;
      next.push(Math.min(replaced, removed, inserted));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** The price of all letters of a text. */
function sumOf(text: string): number {
  let sum = 0;
  for (let at = 0; at < text.length; at++) sum += one + text.charCodeAt(at);
  return sum;
}

/**
 * The suffix that tells the kind of a file, with its dot: `.txt` of `a.txt.bak` and of `a.txt~`; of digits only if there is no
 * other. One mark of a backup is passed over, not two (`.old` of `a.old~`).
 */
export function fileSuffix(name: string): string {
  let text = name.replace(/^\.+/, "");
  const tilde = text.endsWith("~");
  if (tilde) text = text.slice(0, -1);
  let marked = tilde;
  let digits = "";
  for (let dot = text.lastIndexOf("."); dot > 0; dot = text.lastIndexOf(".")) {
    const suffix = text.slice(dot);
    text = text.slice(0, dot);
    if (tilde && /^\.~\d+$/.test(suffix)) continue;
    if (!marked && /^\.(?:bak|old|orig)$/.test(suffix)) marked = true;
    else if (!/^\.\d*$/.test(suffix)) return suffix;
    else if (digits === "") digits = suffix;
  }
  return digits;
}
