/**
 * The rule sets of per-directory merge files (2-file-list 1.9): what they hold in the directory that is being
 * processed, inherited from its parents, restored on leaving it.
 */
import { type ByteName, baseName, directoryName } from "../bytes/byte-name.ts";
import { absolutePath } from "./absolute-path.ts";
import type { FilterRule } from "./rule.ts";
import type { RuleListBuilder } from "./rule-list.ts";

/** The state within one directory. Immutable plain data. */
export interface DirectoryFrame {
  /** Active dir-merges. */
  readonly merges: readonly FilterRule[];
  /** The rules of each, own ones first; same indexes. */
  readonly sets: readonly (readonly FilterRule[])[];
}

/** The frame outside all directories. */
export function outerFrame(merges: readonly FilterRule[]): DirectoryFrame {
  return { merges, sets: merges.map(() => []) };
}

/**
 * The frame within the directory at an absolute path. `knownCount`: how many of the active dir-merges had their parent
 * directories scanned before; `base`: the directory that transfer paths are relative to. Throws what a wrong rule in a
 * file throws.
 */
export function enterDirectory(
  outer: DirectoryFrame,
  directory: ByteName,
  base: ByteName,
  knownCount: number,
  builder: RuleListBuilder,
): DirectoryFrame {
  const merges = [...outer.merges];
  const sets = [...outer.sets];
  // Files that are read here may activate further dir-merges, which are then processed here too.
  for (let index = 0; index < merges.length; index++) {
    const rule = merges[index];
    if (rule?.merge === undefined) continue;
    let inherited = sets[index] ?? [];
    if (index >= knownCount) {
      for (const parent of parentsToScan(rule.merge.file, directory)) {
        inherited = readSet(rule, parent, base, inherited, merges, builder);
      }
    }
    sets[index] = readSet(rule, directory, base, inherited, merges, builder);
  }
  return { merges, sets };
}

/** The set of one dir-merge within a directory: rules of the file there, then what is inherited. */
function readSet(
  rule: FilterRule,
  directory: ByteName,
  base: ByteName,
  outer: readonly FilterRule[],
  merges: FilterRule[],
  builder: RuleListBuilder,
): readonly FilterRule[] {
  if (rule.merge === undefined) return outer;
  let inherited = rule.merge.noInherit ? [] : outer;
  const rules: FilterRule[] = [];
  const clear = (): void => {
    // Dir-merges that the cleared rules activated are given up.
    for (let last = merges.at(-1); last !== undefined && rules.includes(last); last = merges.at(-1)) merges.pop();
    rules.length = 0;
    inherited = [];
  };
  builder.addDirectoryFile({ rules, merges, clear }, rule, directory, base);
  return rules.length === 0 ? inherited : [...rules, ...inherited];
}

/** The directories above `directory` whose files count too, topmost first: those a file name with slashes asks for. */
function parentsToScan(file: ByteName, directory: ByteName): ByteName[] {
  if (baseName(file) === file || directory === "/") return [];
  const top = absolutePath(directoryName(file), directory);
  const parents: ByteName[] = [];
  for (let parent = directoryName(directory); ; parent = directoryName(parent)) {
    parents.unshift(parent);
    if (parent === top) return parents;
    if (parent === "/" || parent === "") return [];
  }
}
