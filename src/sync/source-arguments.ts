/**
 * Source arguments and `--files-from` names become the entries of the first lists (2-file-list 9.1, 9.2, 2.3). What the
 * operator names is resolved with links; what lies below it is not (4-traps P-04).
 */
import { type ByteName, baseName, byteName, directoryName, joinName } from "../bytes/byte-name.ts";
import { cleanPath, collapseSlashes, components } from "../bytes/paths.ts";
import { selectionError } from "../errors.ts";
import { errnoText } from "../fs/errno.ts";
import { OperatorPaths, searchable } from "../fs/operator-path.ts";
import { emptyStat, type Stat } from "../fs/syscalls/interface.ts";
import { workingDirectory } from "../fs/working-directory.ts";
import { EntryFlag, FileType } from "../protocol/file-entry.ts";
import type { BuilderContext } from "./builder-context.ts";
import type { RunEvent } from "./events.ts";
import { IoError, isSymlink } from "./file-list.ts";
import type { FilterStack } from "./filter-stack.ts";
import { systemProblem } from "./ledger.ts";
import type { ListBuilder } from "./list-builder.ts";
import { operatorRules } from "./operator-rules.ts";
import { skipsDirectory } from "./scan-texts.ts";
import { enterParent, judgeArgument } from "./sender-filters.ts";
import { SharedParents } from "./shared-parents.ts";
import { isUnsafe, linksToFollow, lookAgain, type SourceStat } from "./source-stat.ts";
import { type Argument, joinBase, parentOfEntry, shownBase, splitPlain, splitRelative } from "./split-argument.ts";

const ELOOP = -40;

/** Adds everything that the command line names as source, or what `--files-from` lists below the one source. */
export function addSources(
  context: BuilderContext,
  builder: ListBuilder,
  sources: readonly ByteName[],
  listed: readonly ByteName[] | undefined,
): void {
  const all = new SourceArguments(context, builder);
  if (listed === undefined) all.addAll(sources);
  else all.addListed(sources[0] ?? byteName("."), listed);
}

class SourceArguments {
  private readonly context: BuilderContext;
  private readonly builder: ListBuilder;
  private readonly stat: Stat = emptyStat();
  private readonly working: () => ByteName;
  private readonly rootsByText = new Map<string, number>();
  /** The number of the row that the current argument is in (0: nothing before its name), and the text before its arguments' names. */
  private row = 0;
  private rows = 0;
  private rowText: ByteName | undefined;
  /** Which child each directory was last given as an implied one, for incremental recursion. */
  private readonly impliedIn = new Map<string, string>();
  /** The row of the argument that gave them: what implies nothing does not come between those without a text before the name. */
  private impliedRow = 0;
  /** The same without. */
  private readonly shared = new SharedParents();
  private rootImplied = false;
  /** `--files-from`: its base directory is not part of what `%f` shows. */
  private hiddenBase: ByteName = byteName("");
  /** `--confine-root`: what is listed must not lie elsewhere. */
  private confined: OperatorPaths | undefined;
  /** What is to be told of the current argument. */
  private unsafeLink: RunEvent | undefined;

  constructor(context: BuilderContext, builder: ListBuilder) {
    this.context = context;
    this.working = workingDirectory(context.syscalls);
    this.builder = builder;
  }

  /** Adds the arguments of the command line. */
  addAll(sources: readonly ByteName[]): void {
    for (const source of sources) {
      this.beginArgument();
      if (this.context.options.relative) this.addRelative(byteName(""), source);
      else this.addPlain(splitPlain(source));
    }
  }

  /** Adds the names of `--files-from` below the one base directory; a base that cannot be entered is fatal. */
  addListed(base: ByteName, names: readonly ByteName[]): void {
    this.hiddenBase = collapseSlashes(base);
    const root = this.base(base);
    if (root < 0) {
      const text = `[sender] change_dir "${this.written(base)}" failed: ${errnoText(-root)}`;
      throw selectionError(text, "sender");
    }
    const paths = new OperatorPaths(this.context.syscalls, operatorRules(this.context.options));
    if (paths.confined) this.confined = paths;
    for (const name of names) {
      this.beginArgument();
      if (!this.mayLie(base, name)) continue;
      if (this.context.options.relative) this.addRelative(base, name);
      else {
        const plain = splitPlain(name);
        this.addPlain({ ...plain, base: joinName(base, plain.base) });
      }
    }
  }

  private beginArgument(): void {
    this.builder.beginArgument();
    this.unsafeLink = undefined;
  }

  /** Tells of a name that leads out of the directory of `--confine-root`; one that is not there lies where it would (-2: ENOENT). */
  private mayLie(base: ByteName, name: ByteName): boolean {
    if (this.confined === undefined) return true;
    const { syscalls, options } = this.context;
    const full = joinName(base, name);
    let found = this.confined.open(full, syscalls.flags.path | (options.copyLinks ? 0 : syscalls.flags.noFollow));
    if (found === -2) found = this.confined.open(directoryName(full) || byteName("."), syscalls.flags.path);
    if (found >= 0) syscalls.close(found);
    if (found === ELOOP) this.missing(this.absolute(full), ELOOP);
    return found !== ELOOP;
  }

  private addPlain(argument: Argument): void {
    const root = this.enterBase(argument.base, argument.base);
    if (root < 0) return;
    const { syscalls, roots } = this.context;
    const { descriptor } = roots.get(root);
    const seen = argument.content
      ? syscalls.fstat(descriptor, this.stat)
      : this.look(descriptor, argument.path, argument.path);
    lookAgain(this.context, seen, descriptor, argument.path, this.stat);
    if (seen === "dangling" && this.isHidden(roots.get(root).absolute, argument.path)) return;
    if (this.found(seen, roots.absolute(root, argument.path)))
      this.addStatted(root, descriptor, argument, seen === "followed");
    else if (this.deletes(seen)) this.addMissing(root, argument.path);
  }

  private addRelative(base: ByteName, text: ByteName): void {
    const argument = splitRelative(base, text);
    const { syscalls, options } = this.context;
    const absoluteBase = this.absolute(argument.base);
    if (argument.base === "") this.continueRow(argument.base);
    else {
      const root = this.enterBase(argument.base, collapseSlashes(argument.base));
      if (root < 0) return;
    }
    const full = argument.path === "." ? argument.base || byteName(".") : joinBase(argument.base, argument.path);
    const cut = text.indexOf("/./");
    const written = cut < 0 ? text : text.slice(cut + 3);
    if (written.startsWith("./") && argument.path !== ".") this.addImplied(argument.base, byteName("."));
    const seen = this.lookRelative(argument, full);
    if (seen === "dangling" && this.isHidden(absoluteBase, argument.path)) return;
    if (!this.found(seen, this.absolute(full))) {
      // A link is there: that it leads nowhere is found out behind its parents.
      if (this.deletes(seen)) this.addMissingBelow(argument, absoluteBase);
      else if (seen === "dangling" && !options.copyLinks) this.addParents(argument);
      return;
    }
    const { path } = argument;
    const isDir = (this.stat.mode & FileType.mask) === FileType.directory;
    // What is not sent itself has no further parents to imply.
    const judgedAsDir = isDir && !isUnsafe(options, seen);
    if (this.leavesOut(absoluteBase, argument.path, judgedAsDir)) return;
    const inside = argument.content && isDir;
    const prefix = argument.path === "." ? byteName("") : inside ? argument.path : directoryName(argument.path);
    const directory = prefix === "" ? argument.base : joinBase(argument.base, prefix);
    const own = { ...this.stat };
    const root = this.root(directory, prefix, absoluteBase, argument.base);
    if (root < 0) {
      this.missing(this.absolute(full), root);
      return;
    }
    this.addParents(argument);
    if (judgedAsDir !== isDir && options.incrementalRecursion && this.leavesOut(absoluteBase, path, true)) return;
    enterParent(this.context, root, path);
    const { descriptor } = this.context.roots.get(root);
    Object.assign(this.stat, own);
    if (inside) syscalls.fstat(descriptor, this.stat);
    else if (seen === "followed") syscalls.statAt(descriptor, baseName(path), this.stat);
    // That a link has been read for --copy-unsafe-links does not count.
    else if (!isSymlink(own) || options.copyDirectoryLinks) syscalls.lstatAt(descriptor, baseName(path), this.stat);
    this.addStatted(root, descriptor, { ...argument, content: argument.content && isDir }, seen === "followed");
  }

  /** What is to be told of an unsafe link waits until it is known that no rule leaves it out. */
  private look(directory: number, name: ByteName, path: ByteName): SourceStat {
    return this.builder.look(directory, name, path, this.stat, 0, (remark) => {
      this.unsafeLink = remark;
    });
  }

  /** Looks at an argument of `--relative`, named by its path as a whole. */
  private lookRelative(argument: Argument, full: ByteName): SourceStat {
    const { syscalls, options } = this.context;
    if (argument.content) {
      const status = syscalls.statPath(full, this.stat);
      // A dangling link with a slash at its end is sent as the link.
      return status < 0 ? syscalls.lstatPath(full, this.stat) : status;
    }
    const status = syscalls.lstatPath(full, this.stat);
    const isLink = (this.stat.mode & FileType.mask) === FileType.symlink;
    if (status < 0 || !isLink || linksToFollow(options) === "none") return status;
    const parent = directoryName(full) || byteName(".");
    const descriptor = syscalls.openPath(parent, syscalls.flags.path | syscalls.flags.directory);
    if (descriptor < 0) return descriptor;
    const seen = this.look(descriptor, baseName(full), argument.path);
    syscalls.close(descriptor);
    return seen;
  }

  /**
   * The directories above an argument of `--relative`. `vanished` hears of those that are not there; with incremental
   * recursion only of the first, and the answer is then false.
   */
  private addParents({ base, path: whole }: Argument, vanished?: (path: ByteName) => void): boolean {
    const parts = components(whole).slice(0, -1);
    const known = this.shared.countKnown(parts);
    if (parts.length > 0 && this.impliedRow !== this.row) this.impliedIn.clear();
    if (parts.length > 0) this.impliedRow = this.row;
    let parent = whole.startsWith("/") ? "/" : "";
    for (const [index, part] of parts.entries()) {
      const path = `${parent}${part}` as ByteName;
      const { incrementalRecursion } = this.context.options;
      const isKnown = incrementalRecursion ? this.impliedIn.get(parent) === part : index < known;
      this.impliedIn.set(parent, part);
      if (!isKnown && !this.addImplied(base, path) && vanished !== undefined) {
        vanished(path);
        this.impliedIn.delete(parent);
        if (incrementalRecursion) return false;
      }
      parent = `${path}/`;
    }
    return true;
  }

  /** Whether an argument is missing and its counterpart is to be deleted. */
  private deletes(seen: SourceStat): boolean {
    const { missingArguments, copyLinks } = this.context.options;
    return missingArguments === "delete" && (seen === -2 || (seen === "dangling" && copyLinks));
  }

  /** Whether an argument is there; reported if not. An argument that `-L` finds dangling is a missing one to rsync. */
  private found(seen: SourceStat, absolute: ByteName): boolean {
    if (seen === "own" || seen === "followed" || seen === 0) return true;
    const { options } = this.context;
    if (this.unsafeLink !== undefined) this.builder.report(this.unsafeLink);
    if (seen === "dangling" && !options.copyLinks) this.builder.dangling(absolute);
    else if (typeof seen === "number" && seen !== -2) this.missing(absolute, seen);
    else if (options.missingArguments === "report") this.missing(absolute, -2);
    return false;
  }

  /** An entry without a mode tells the receiver to delete the name. */
  private addMissing(root: number, path: ByteName): void {
    enterParent(this.context, root, path);
    const entry = this.builder.makeEntry(root, -1, baseName(path), path, emptyStat(), 0);
    if (entry !== undefined) this.builder.addEntry(parentOfEntry(path), { ...entry, mode: 0 });
  }

  private addMissingBelow(argument: Argument, absoluteBase: ByteName): void {
    const root = this.root(argument.base, byteName(""), absoluteBase, argument.base);
    const vanished = (path: ByteName): void => {
      const full = joinBase(argument.base, path);
      const isLink = this.context.syscalls.lstatPath(full, this.stat) === 0 && isSymlink(this.stat);
      this.builder[isLink ? "dangling" : "vanished"](this.absolute(full));
    };
    if (root >= 0 && this.addParents(argument, vanished)) this.addMissing(root, argument.path);
  }

  /** Adds the entry of an argument whose stat is in `this.stat`; `directory` holds it, or is it when `content`. */
  private addStatted(root: number, directory: number, argument: Argument, followed = false): void {
    const { options } = this.context;
    const { path, content } = argument;
    const isDir = (this.stat.mode & FileType.mask) === FileType.directory;
    const dot = path === ".";
    const judgedAsDir = isDir && !(followed && isUnsafe(options, "followed"));
    if (!options.relative && this.leavesOut(this.context.roots.get(root).absolute, path, judgedAsDir)) return;
    const hasContent = isDir && (options.recursive || (options.directories && content));
    const flags = isDir ? EntryFlag.top | (hasContent ? EntryFlag.content : 0) : 0;
    const name = content ? byteName(".") : baseName(path);
    const place = hasContent ? this.inRow(root) : root;
    // Its merge files already count for the arguments that follow, as rsync reads this directory first.
    if (dot && hasContent && options.incrementalRecursion) this.context.filters.enter(place, path, this.context.roots);
    const entry = this.builder.makeEntry(place, directory, name, path, this.stat, flags, followed);
    if (entry === undefined) return;
    const [complete] = this.builder.withAttributes([entry], directory, path, content);
    if (complete === undefined) return;
    this.builder.addEntry(dot ? path : parentOfEntry(path), complete, this.unsafeLink);
  }

  /** Whether rules hide a link that leads nowhere: as a file or as a directory, it is not missed then, but under `-L`. */
  private isHidden(absoluteBase: ByteName, path: ByteName): boolean {
    const isHidden = (rules: FilterStack) => [false, true].some((isDir) => this.builder.hidden(path, isDir, rules));
    return !this.context.options.copyLinks && judgeArgument(this.context, absoluteBase, isHidden);
  }

  /** Whether rules hide the argument, or it is a directory and directories are not sent. */
  private leavesOut(absoluteBase: ByteName, path: ByteName, isDir: boolean): boolean {
    const { recursive, directories } = this.context.options;
    const judge = (rules: FilterStack) => this.builder.hidden(path, isDir, rules);
    if (path !== "." && judgeArgument(this.context, absoluteBase, judge)) return true;
    if (!isDir || recursive || directories) return false;
    this.builder.report(skipsDirectory(path));
    return true;
  }

  /** Adds a directory that an argument implies; false if there is none. */
  private addImplied(base: ByteName, path: ByteName): boolean {
    const { syscalls, roots } = this.context;
    const directory = path === "." ? base : joinBase(base, path);
    const root = this.root(directory, path === "." ? byteName("") : path, this.absolute(base), base);
    if (root < 0) return false;
    const { descriptor } = roots.get(root);
    if (syscalls.fstat(descriptor, this.stat) < 0) return false;
    if (path === ".") {
      if (this.rootImplied) return true;
      this.rootImplied = true;
      if (this.leavesOut(this.absolute(base), path, true) || this.builder.hidden(path, true)) return true;
    }
    const flags = EntryFlag.top | EntryFlag.implied;
    const entry = this.builder.makeEntry(root, descriptor, byteName("."), path, this.stat, flags);
    if (entry === undefined) return true;
    const [complete] = this.builder.withAttributes([entry], descriptor, path, true);
    if (complete === undefined) return true;
    this.builder.addEntry(path === "." ? path : parentOfEntry(path), complete);
    return true;
  }

  /** The root for a base directory, which rsync enters: it must be searchable. */
  private base(text: ByteName): number {
    const root = this.root(text, byteName(""));
    if (root < 0) return root;
    const status = searchable(this.context.syscalls, this.context.roots.get(root).descriptor, this.stat);
    return status < 0 ? status : root;
  }

  /** Index of the root for a directory as written, or a negative errno. */
  private root(text: ByteName, prefix: ByteName, absolute?: ByteName, shown?: ByteName): number {
    const key = `${text}\0${prefix}`;
    const known = this.rootsByText.get(key);
    if (known !== undefined) return known;
    const { syscalls, roots } = this.context;
    const { readOnly, directory, path } = syscalls.flags;
    const where = text === "" ? byteName(".") : text;
    let descriptor = syscalls.openPath(where, readOnly | directory);
    if (descriptor === -13) descriptor = syscalls.openPath(where, directory | path);
    if (descriptor < 0) return descriptor;
    if (this.confined?.contains(descriptor) === false) {
      syscalls.close(descriptor);
      return ELOOP;
    }
    const root = roots.add({
      descriptor,
      prefix,
      row: this.row,
      absolute: absolute ?? this.absolute(text),
      shown: shownBase(shown ?? text, this.hiddenBase),
    });
    this.rootsByText.set(key, root);
    return root;
  }

  /** As `base`, in the row of `rowText`; one that cannot be entered is reported, and does not come between the arguments around it. */
  private enterBase(text: ByteName, rowText: ByteName): number {
    const before = { row: this.row, rowText: this.rowText };
    this.continueRow(rowText);
    const root = this.base(text);
    if (root >= 0) return root;
    Object.assign(this, before);
    this.fail(`change_dir "${this.written(rowText)}" failed`, root, IoError.general);
    return root;
  }

  private continueRow(text: ByteName): void {
    if (this.rowText === text) return;
    this.rowText = text;
    this.row = text === "" ? 0 : ++this.rows;
  }

  /** The same root for the current row: arguments that others came between count as different places. */
  private inRow(root: number): number {
    const { roots } = this.context;
    if (roots.get(root).row === this.row) return root;
    const key = `${root}\0\0${this.row}`;
    const known = this.rootsByText.get(key) ?? roots.add({ ...roots.get(root), row: this.row });
    this.rootsByText.set(key, known);
    return known;
  }

  /** An absolute path as messages about entering it show it: as it was typed. */
  private written(path: ByteName): ByteName {
    return path.startsWith("/") ? path : joinName(this.working(), path);
  }

  private absolute(path: ByteName): ByteName {
    return path === "" || path === "." ? this.working() : cleanPath(this.written(path));
  }

  private missing(absolute: ByteName, errno: number): void {
    this.fail(`link_stat "${absolute}" failed`, errno, errno === -2 ? 0 : IoError.general);
  }

  private fail(text: string, errno: number, ioError: number): void {
    this.builder.report(systemProblem("sender", text, errno), ioError);
  }
}
