/**
 * The rules of one side at work (2-file-list 1.8): first match decides; the directory that is being processed decides
 * what per-directory files contribute. In a local run there are two: the sender's hides, the receiver's protects.
 */
import { type ByteName, baseName, byteName } from "../bytes/byte-name.ts";
import { internalError } from "../errors.ts";
import { absolutePath } from "./absolute-path.ts";
import type { FilterProgram } from "./compile-filters.ts";
import { type DirectoryFrame, enterDirectory, outerFrame } from "./directory-state.ts";
import { type MatchTarget, matchesRule, setTarget } from "./match-rule.ts";
import { type FilterRule, type FilterSide, looksUp } from "./rule.ts";
import { type FilterReader, RuleListBuilder } from "./rule-list.ts";

/** -1: excluded (hidden, protected), 1: included (shown, at risk), 0: no rule matched (treated as included). */
export type FilterVerdict = -1 | 0 | 1;

/** How one check differs from the usual. */
export interface CheckOptions {
  /** The contents of a directory that is being removed are checked: perishable rules do not count. */
  readonly ignorePerishable?: boolean;
}

/** The state of an evaluator as plain data. */
export interface FilterSnapshot {
  readonly frames: readonly DirectoryFrame[];
  readonly entered: boolean;
  readonly hasXattrRules: boolean;
  readonly cvsRules: readonly FilterRule[] | undefined;
  readonly currentDirectory: string;
}

/** Evaluates a program for one side of a transfer. */
export class FilterEvaluator {
  readonly #rules: readonly FilterRule[];
  readonly #side: FilterSide;
  readonly #builder: RuleListBuilder;
  readonly #mergeCount: number;
  #frames: DirectoryFrame[];
  #frame: DirectoryFrame;
  #entered = false;
  #lastRule: FilterRule | undefined;
  /** The dir-merge or `-C` rule whose set holds the last rule. */
  #lastOwner: FilterRule | undefined;
  readonly #target: MatchTarget = {
    path: "",
    name: "",
    base: "",
    isDirectory: false,
    isXattr: false,
    currentDirectory: "",
  };

  constructor(program: FilterProgram, side: FilterSide, reader: FilterReader) {
    this.#side = side;
    // A dir-merge is read on both sides whatever its own side: its rules carry the side.
    this.#rules = program.rules.filter((rule) => rule.side === undefined || rule.side === side);
    this.#mergeCount = program.merges.length;
    const role = side === "sender" ? "sender" : "generator";
    this.#builder = new RuleListBuilder(reader, program.settings, role);
    this.#builder.sawXattr = program.hasXattrRules;
    this.#builder.cvsRules = program.cvsRules;
    this.#frame = outerFrame(program.merges);
    this.#frames = [this.#frame];
  }

  /** No rule can ever match: callers may skip every call. */
  get isEmpty(): boolean {
    return this.#rules.length === 0 && this.#mergeCount === 0;
  }

  /** Whether directories need to be entered for their merge files at all. */
  get hasMergeFiles(): boolean {
    return this.#mergeCount > 0;
  }

  /** Whether there are merge files that are looked for in all directories above, too. */
  get looksUp(): boolean {
    return looksUp(this.#frame.merges);
  }

  /** Names of the merge files that are looked for in the directory entered last. */
  get mergeFileNames(): ByteName[] {
    return this.#frame.merges.flatMap(({ merge }) => (merge === undefined ? [] : [baseName(merge.file)]));
  }

  /** Some rule with the `x` modifier was seen, in whatever file: xattr names are judged by `checkXattr` alone. */
  get hasXattrRules(): boolean {
    return this.#builder.sawXattr;
  }

  /** How many directories are entered. */
  get depth(): number {
    return this.#frames.length - 1;
  }

  /**
   * The rule that decided the last check, in the words of `-vv`; undefined when none did. Content of files is never
   * shown (4-traps R-09).
   */
  get lastRuleText(): ByteName | undefined {
    const rule = this.#lastRule;
    if (rule === undefined) return undefined;
    const owner = this.#lastOwner;
    const text = rule.origin ?? `${rule.pattern}${rule.directoryOnly ? "/" : ""}`;
    if (owner === undefined) return byteName(text);
    return byteName(`${text} [${owner.kind === "cvs" ? "global CVS" : `per-dir ${mergeName(owner)}`}]`);
  }

  /** What `setCurrentDirectory` or `enter` set last, absolute. */
  get currentDirectory(): ByteName {
    return byteName(`/${this.#target.currentDirectory}`);
  }

  /**
   * Says which absolute directory the paths given to `check` and `enter` are relative to: the one the sender changed
   * into for its argument, the destination for the receiver. Needed before an argument itself is checked; `enter`
   * works it out when the directory's two paths allow.
   */
  setCurrentDirectory(absolute: ByteName): void {
    this.#target.currentDirectory = absolute.replace(/^\/+|\/+$/g, "");
  }

  /**
   * Enters a directory: its merge files take effect. `path` is transfer-relative (empty or `.` for the root),
   * `absolute` its real absolute path. Throws for a wrong rule in a file.
   */
  enter(path: ByteName, absolute: ByteName): void {
    const directory = absolutePath(absolute, byteName("/"));
    if (path === "" || path === ".") this.setCurrentDirectory(directory);
    else if (directory.endsWith(`/${path}`)) {
      this.setCurrentDirectory(byteName(directory.slice(0, directory.length - path.length - 1)));
    }
    if (this.#frame.merges.length > 0) {
      const outer = this.#frames[this.#frames.length - 2];
      // Global dir-merges are scanned upwards once a run; those activated in a directory were, when it was entered.
      const knownCount = !this.#entered ? 0 : outer === undefined ? this.#mergeCount : this.#frame.merges.length;
      this.#frame = enterDirectory(
        this.#frame,
        directory,
        byteName(`/${this.#target.currentDirectory}`),
        knownCount,
        this.#builder,
      );
      this.#entered = true;
    }
    this.#frames.push(this.#frame);
  }

  /** Leaves the directory entered last. */
  leave(): void {
    this.#frames.pop();
    const frame = this.#frames[this.#frames.length - 1];
    if (frame === undefined) throw internalError("a filter directory is left that was not entered");
    this.#frame = frame;
  }

  /** Checks a transfer-relative path; the directory that holds it should be the one entered last. */
  check(path: ByteName, isDirectory: boolean, options?: CheckOptions): FilterVerdict {
    setTarget(this.#target, path, isDirectory, false);
    return this.#run(options?.ignorePerishable === true);
  }

  /** Checks the name of an extended attribute against the rules with the `x` modifier. */
  checkXattr(name: ByteName): FilterVerdict {
    setTarget(this.#target, name, false, true);
    return this.#run(false);
  }

  /** The state as plain data, for another thread. */
  snapshot(): FilterSnapshot {
    return {
      frames: [...this.#frames],
      entered: this.#entered,
      hasXattrRules: this.#builder.sawXattr,
      cvsRules: this.#builder.cvsRules,
      currentDirectory: this.#target.currentDirectory,
    };
  }

  /** Takes over the state of an evaluator of the same program and side. */
  restore(snapshot: FilterSnapshot): void {
    const frame = snapshot.frames[snapshot.frames.length - 1];
    if (frame === undefined) throw internalError("a filter snapshot has no frame");
    this.#frames = [...snapshot.frames];
    this.#frame = frame;
    this.#entered = snapshot.entered;
    this.#builder.sawXattr = snapshot.hasXattrRules;
    this.#builder.cvsRules = snapshot.cvsRules;
    this.#target.currentDirectory = snapshot.currentDirectory;
  }

  #run(ignorePerishable: boolean): FilterVerdict {
    this.#lastRule = undefined;
    this.#lastOwner = undefined;
    return this.#decide(this.#rules, undefined, ignorePerishable);
  }

  #decide(rules: readonly FilterRule[], owner: FilterRule | undefined, ignorePerishable: boolean): FilterVerdict {
    for (const rule of rules) {
      if (ignorePerishable && rule.perishable) continue;
      if (rule.side !== undefined && rule.side !== this.#side) continue;
      if (rule.kind === "pattern") {
        if (!matchesRule(rule, this.#target)) continue;
        this.#lastRule = rule;
        this.#lastOwner = owner;
        return rule.include ? 1 : -1;
      }
      const inner = rule.merge === undefined ? this.#builder.cvsRules : this.#frame.sets[rule.merge.index];
      const verdict = inner === undefined ? 0 : this.#decide(inner, rule, ignorePerishable);
      if (verdict !== 0) return verdict;
    }
    return 0;
  }
}

/** A dir-merge as messages name it: its file name, or the place of a rule that came from a file. */
function mergeName(rule: FilterRule): string {
  return rule.origin ?? rule.pattern.slice(rule.pattern.lastIndexOf("/") + 1);
}
