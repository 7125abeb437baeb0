/** Which verbosity level shows which remark (3-transfer 9.4). The engine may emit all of them. */
import type { TransferOptions } from "../options/transfer-options.ts";
import type { NoticeCode } from "./events.ts";

/** The options that decide. */
export type NoticeOptions = Pick<TransferOptions, "info" | "debug">;

/** Whether a notice of this kind is to be printed; `itemizing`: the output format has `%i`. */
export function isNoticeShown(code: NoticeCode, options: NoticeOptions, itemizing: boolean): boolean {
  const { info, debug } = options;
  switch (code) {
    case "up-to-date":
      return info.name >= 2 && !itemizing;
    case "exists":
    case "newer":
    case "size-limit":
    case "not-creating":
      return info.skip >= 1;
    case "non-regular":
      return info.nonreg >= 1;
    case "unsafe-link":
    case "source-removed":
      // The engine emits them at their own levels only.
      return true;
    case "mount-point":
      return info.mount >= 1;
    case "backed-up":
    case "backup-directory":
      return info.backup >= 1;
    case "filter":
      return debug.filter >= 1;
    case "delta-transmission":
      return debug.flist >= 1;
    case "deleting-in":
      return debug.del >= 1;
    case "match-totals":
      return debug.deltasum >= 1;
    case "duplicate":
      return debug.dup >= 1;
    case "skipping-directory":
    case "non-empty-directory":
    case "deletion-skipped":
    case "command":
    case "other":
      return true;
  }
}
