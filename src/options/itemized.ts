/** Whether the lines of a run tell what changed. */
import type { TransferOptions } from "./transfer-options.ts";

/** Whether changes are itemized: by `-i`, or by a format of one's own with `%i`. */
export function isItemized({ itemize, outFormat }: Pick<TransferOptions, "itemize" | "outFormat">): boolean {
  return outFormat === undefined ? itemize > 0 : hasEscape(outFormat, "i");
}

/** Whether a format has an escape, of whatever width. */
export function hasEscape(format: string, letter: "i" | "o"): boolean {
  return new RegExp(`(?<!%)(?:%%)*%'*-?\\d*'*${letter}`).test(format);
}
