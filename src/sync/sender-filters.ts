/** The rules of the sending side at work: for what is scanned, and for what is named (2-file-list 1.9). */
import { type ByteName, directoryName } from "../bytes/byte-name.ts";
import type { FilterProgram } from "../filter/compile-filters.ts";
import { FilterEvaluator } from "../filter/evaluator.ts";
import type { FilterReader } from "../filter/rule-list.ts";
import type { TransferOptions } from "../options/transfer-options.ts";
import { type AbsolutePaths, FilterStack } from "./filter-stack.ts";

export interface SenderFilters {
  readonly filters: FilterStack;
  /**
   * `--relative` without incremental recursion: an argument is judged by the merge files of the directories that lie above the last one
   * before it. They are looked for before anything is scanned, so they have a place of their own.
   */
  readonly argumentFilters?: FilterStack | undefined;
}

/** Makes the rules' state for one run. */
export function makeSenderFilters(
  program: FilterProgram,
  reader: FilterReader,
  { incrementalRecursion, relative }: TransferOptions,
): SenderFilters {
  const evaluator = (): FilterEvaluator => new FilterEvaluator(program, "sender", reader);
  const filters = new FilterStack(evaluator(), !incrementalRecursion, relative);
  const persists = relative && !incrementalRecursion && filters.hasMergeFiles;
  return { filters, argumentFilters: persists ? new FilterStack(evaluator(), true, true) : undefined };
}

/** Lets `judge` ask the rules that count for an argument below the directory `absolute`. */
export function judgeArgument(
  { argumentFilters, filters }: SenderFilters,
  absolute: ByteName,
  judge: (filters: FilterStack) => boolean,
): boolean {
  const counting = argumentFilters ?? filters;
  return counting.from(absolute, () => judge(counting));
}

/** The merge files of the directory that an argument lies in count for those that follow. */
export function enterParent(
  { argumentFilters, roots }: SenderFilters & { readonly roots: AbsolutePaths },
  root: number,
  path: ByteName,
): void {
  // A path counts as the one that was entered last whatever it lies below.
  const where: AbsolutePaths = { absolute: (_root, inner) => roots.absolute(root, inner) };
  if (path.includes("/")) argumentFilters?.enterForArgument(0, directoryName(path), where);
}
