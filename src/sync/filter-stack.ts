/**
 * Keeps a filter evaluator's per-directory state in step with a walk (2-file-list 1.9): entering a directory leaves
 * those that are not its ancestors and enters the ancestors that are missing.
 */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import { absolutePath } from "../filter/absolute-path.ts";
import type { FilterEvaluator } from "../filter/evaluator.ts";

/** Where a walk's directories lie on disk. */
export interface AbsolutePaths {
  absolute(root: number, path: ByteName): ByteName;
}

/** A directory whose rules are in force. */
export interface EnteredDirectory {
  readonly root: number;
  readonly path: ByteName;
}

/** Where a stack is in its walks: plain data. */
export interface FilterPosition {
  readonly apart: boolean;
  readonly fromTop: boolean;
  readonly starts: readonly string[];
  readonly entered: readonly EnteredDirectory[];
}

export class FilterStack {
  private readonly evaluator: FilterEvaluator;
  private readonly entered: EnteredDirectory[] = [];
  /** Whether each of several content arguments has merge files of its own, as in rsync without incremental recursion. */
  private readonly apart: boolean;
  /** Whether the merge files of all directories in a path count: those that `--relative` implies. */
  private readonly fromTop: boolean;
  /** Where walks began, as `WALK PATH`: what lies above has no say. */
  private readonly starts: Set<string>;

  constructor(evaluator: FilterEvaluator, apart = false, fromTop = false, starts: readonly string[] = []) {
    this.evaluator = evaluator;
    this.apart = apart;
    this.fromTop = fromTop;
    this.starts = new Set(starts);
  }

  /** What another thread needs to go on: see `resume`. */
  snapshot(): FilterPosition {
    return { apart: this.apart, fromTop: this.fromTop, starts: [...this.starts], entered: this.entered };
  }

  /** A stack in the state of a snapshot, made with an evaluator that has entered nothing yet. */
  static resume(evaluator: FilterEvaluator, position: FilterPosition, where: AbsolutePaths): FilterStack {
    const stack = new FilterStack(evaluator, position.apart, position.fromTop, position.starts);
    for (const { root, path } of position.entered) stack.push(root, path, where);
    return stack;
  }

  get hasMergeFiles(): boolean {
    return this.evaluator.hasMergeFiles;
  }

  /** Whether there are merge files that are looked for in all directories above, too. */
  get looksUp(): boolean {
    return this.evaluator.looksUp;
  }

  /** Names of the merge files that are looked for in the directory entered last. */
  get mergeFileNames(): ByteName[] {
    return this.evaluator.mergeFileNames;
  }

  get isEmpty(): boolean {
    return this.evaluator.isEmpty;
  }

  /** Some rule was seen that judges attribute names: what it says can depend on the directory. */
  get hasXattrRules(): boolean {
    return this.evaluator.hasXattrRules;
  }

  get lastRuleText(): ByteName | undefined {
    return this.evaluator.lastRuleText;
  }

  /** Makes the rules of directory `path` (below `root`) current. */
  enter(root: number, path: ByteName, where: AbsolutePaths): void {
    if (this.evaluator.isEmpty) return;
    for (;;) {
      const top = this.entered.at(-1);
      if (top === undefined) break;
      // Of several content arguments only the first one's own merge files count where `.` is entered once, as in rsync.
      const same = this.walkOf(top.root, where) === this.walkOf(root, where);
      const related = same || (top.path === "." && !this.apart);
      if (related && isInside(path, top.path)) break;
      this.entered.pop();
      this.evaluator.leave();
    }
    if (this.entered.length === 0) this.push(root, this.startOf(this.walkOf(root, where), path), where);
    const top = this.entered.at(-1);
    if (top?.path === path) return;
    if (top !== undefined) {
      for (let slash = path.indexOf("/", top.path === "." ? 0 : top.path.length + 1); slash > 0; ) {
        this.push(root, path.slice(0, slash) as ByteName, where);
        slash = path.indexOf("/", slash + 1);
      }
    }
    this.push(root, path, where);
  }

  /**
   * Makes the rules of a directory that an argument lies in current. As in rsync one above the current directory changes nothing, and
   * whoever goes on below the current one reads it again: what lies above the first one then counts no more.
   */
  enterForArgument(root: number, path: ByteName, where: AbsolutePaths): void {
    const top = this.entered.at(-1)?.path;
    if (top !== undefined && isInside(top, path)) return;
    if (top !== undefined && isInside(path, top)) {
      this.entered.pop();
      this.evaluator.leave();
    }
    this.enter(root, path, where);
  }

  /** Lets `judge` ask about paths that are relative to another absolute directory: that of an argument. */
  from<T>(absolute: ByteName, judge: () => T): T {
    const before = this.evaluator.currentDirectory;
    this.evaluator.setCurrentDirectory(absolutePath(absolute, byteName("/")));
    const judged = judge();
    this.evaluator.setCurrentDirectory(before);
    return judged;
  }

  /** -1 excluded, 0 no rule, 1 included. */
  check(path: ByteName, isDirectory: boolean, ignorePerishable = false): -1 | 0 | 1 {
    return this.evaluator.check(path, isDirectory, { ignorePerishable });
  }

  /** What a rule has to say of an attribute's name: -1 left out, 0 nothing, 1 kept. */
  checkXattr(name: ByteName): -1 | 0 | 1 {
    return this.evaluator.checkXattr(name);
  }

  /** Whether a sender lists this extended attribute (2-file-list 7.7). */
  sendsXattr(name: ByteName, level: number): boolean {
    if (this.evaluator.hasXattrRules) return this.evaluator.checkXattr(name) >= 0;
    return !name.startsWith("system.") && (level > 1 || !name.startsWith("user.rsync.%"));
  }

  /** Whether a receiver may set or remove this attribute (2-file-list 7.7). */
  storesXattr(name: ByteName, level: number, privileged: boolean): boolean {
    if (this.evaluator.hasXattrRules) return this.evaluator.checkXattr(name) >= 0;
    if (name.startsWith("user.rsync.%") && level < 2) return false;
    return privileged ? !name.startsWith("system.") : name.startsWith("user.");
  }

  /** The name under which a receiver stores an attribute that `storesXattr` lets through. */
  storedXattrName(name: ByteName, privileged: boolean): ByteName {
    const asItIs = privileged || !this.evaluator.hasXattrRules || name.startsWith("user.");
    return asItIs ? name : (`user.rsync.${name}` as ByteName);
  }

  /** The highest directory above (or at) `path` where a walk began; if none did, one begins here. */
  private startOf(walk: string, path: ByteName): ByteName {
    if (this.fromTop) {
      const slash = path.indexOf("/", 1);
      return slash < 0 ? path : (path.slice(0, slash) as ByteName);
    }
    if (path === ".") {
      this.starts.add(`${walk} .`);
      return path;
    }
    if (this.starts.has(`${walk} .`)) return byteName(".");
    for (let slash = path.indexOf("/", 1); slash > 0; slash = path.indexOf("/", slash + 1)) {
      if (this.starts.has(`${walk} ${path.slice(0, slash)}`)) return path.slice(0, slash) as ByteName;
    }
    this.starts.add(`${walk} ${path}`);
    return path;
  }

  /** Directories with the same are inside each other if their paths say so: with incremental recursion whatever named them. */
  private walkOf(root: number, where: AbsolutePaths): string {
    return this.apart ? String(root) : where.absolute(root, byteName("."));
  }

  private push(root: number, path: ByteName, where: AbsolutePaths): void {
    this.evaluator.enter(path, where.absolute(root, path === "." ? byteName(".") : path));
    this.entered.push({ root, path });
  }
}

function isInside(path: ByteName, directory: ByteName): boolean {
  return directory === "." || path === directory || path.startsWith(`${directory}/`);
}
