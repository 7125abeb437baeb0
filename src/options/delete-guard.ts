/** The argument of `--delete-guard`: a number of entries, or a share of those that the destination has. */
import { usageError } from "../errors.ts";

/** How many deletions are let pass. */
export type DeleteGuardLimit =
  | { readonly kind: "count"; readonly entries: number }
  | { readonly kind: "share"; readonly percent: number };

/**
 * `25`, `10%`, `0.5%`.
 * @throws TsyncError usage for anything else
 */
export function parseDeleteGuard(text: string): DeleteGuardLimit {
  const [, digits = "", fraction = "", percent] = /^([0-9]{1,15})(\.[0-9]{1,9})?(%)?$/.exec(text) ?? [];
  const number = Number(digits + fraction);
  if (percent === "%" && digits !== "" && number <= 100) return { kind: "share", percent: number };
  if (percent === undefined && digits !== "" && fraction === "") return { kind: "count", entries: number };
  throw usageError(`--delete-guard=${text} is invalid: must be a number, or a number from 0 to 100 with %`);
}

/** The limit as it was given. */
export function formatDeleteGuard(limit: DeleteGuardLimit): string {
  return limit.kind === "count" ? `${limit.entries}` : `${limit.percent}%`;
}
