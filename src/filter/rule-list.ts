/**
 * Builds lists of rules from arguments, files and words (2-file-list 1.4, 1.5): executes `merge` and `clear`, decides
 * the side of a rule, numbers dir-merges, and expands `-C`. Content of files comes from a `FilterReader`.
 */
import { type ByteName, baseName, byteName, directoryName, joinName } from "../bytes/byte-name.ts";
import { fileIoError, type Role } from "../errors.ts";
import { limits } from "../limits.ts";
import { absolutePath } from "./absolute-path.ts";
import { builtInCvsNames } from "./cvs-names.ts";
import { splitRecords, splitWords } from "./parse-file.ts";
import { argumentTemplate, type ParsedRule, parseRule } from "./parse-rule.ts";
import { type DirectoryMerge, type FilterRule, type FilterSide, makeRule, type RuleTemplate } from "./rule.ts";

/** All input and output of the filters comes from outside. */
export interface FilterReader {
  /** Content of a file named by the operator (`merge`, `*-from`, `$HOME/.cvsignore`; `-` is stdin), or a negative errno. */
  readOperatorFile(path: ByteName): Uint8Array | number;
  /**
   * Content of the file `name` (one component) in an absolute directory, undefined if it is missing or unreadable.
   */
  readMergeFile(directoryAbsolute: ByteName, name: ByteName): Uint8Array | undefined;
  /** Text for a negative errno in rsync's form, e.g. `No such file or directory (2)`. */
  describeError(errno: number): string;
  /** A remark that stops nothing, e.g. `discarding over-long filter: ...` (standard error in rsync). */
  warn(text: ByteName): void;
}

/** What the rules of a run depend on besides their texts. */
export interface FilterSettings {
  readonly deleteExcluded: boolean;
  /** The names of the option `-C` are for both sides even so: that of a client that receives (2-file-list 1.2). */
  readonly cvsProtects?: boolean | undefined;
  /** `--from0`. */
  readonly nulTerminated: boolean;
  /** `$HOME` and `$CVSIGNORE`, for `-C`. */
  readonly home?: ByteName | undefined;
  readonly cvsIgnoreVariable?: ByteName | undefined;
}

/** A list that is being built. */
export interface RuleTarget {
  /** Rules in order; cleared in place. */
  readonly rules: FilterRule[];
  /** All active dir-merges; grows in place. */
  readonly merges: FilterRule[];
  /** Empties the list (and what it inherited). */
  clear(): void;
}

/** Where a text came from. */
interface Source {
  /** Name of the file for messages; undefined for an argument. */
  readonly label: ByteName | undefined;
  /** Records are shown without their line: the file was named in a file. */
  readonly anonymous: boolean;
  /** While directories are processed: the one whose file is read, and the one that transfer paths are relative to. */
  readonly directory: ByteName | undefined;
  readonly base: ByteName;
  /** The rules belong to the directory: they are anchored there, and the other side's are dropped. */
  readonly ofDirectory: boolean;
  readonly depth: number;
}

const fromEarlierFile = byteName("<rule from a file read earlier>");
const argumentSource: Source = {
  label: undefined,
  anonymous: false,
  directory: undefined,
  base: byteName(""),
  ofDirectory: false,
  depth: 0,
};

/** Parses texts and files into a `RuleTarget`. */
export class RuleListBuilder {
  /** Some rule with the `x` modifier was read, wherever it is. */
  sawXattr = false;
  /** How the records of the files read from here on end: at NUL (`--from0`), else at line ends. */
  nulTerminated: boolean;
  /** What is parsed now stood before `--delete-excluded`. */
  beforeDeleteExcluded = false;
  /** Whether the built-in names of `-C` are perishable. */
  namesPerishable = true;
  /** The rules of `-C`: made once a run, for whichever `-C` rule comes first, and shared by all of them. */
  cvsRules: readonly FilterRule[] | undefined = undefined;
  readonly #reader: FilterReader;
  readonly #settings: FilterSettings;
  readonly #role: Role;

  constructor(reader: FilterReader, settings: FilterSettings, role: Role) {
    this.#reader = reader;
    this.#settings = settings;
    this.nulTerminated = settings.nulTerminated;
    this.#role = role;
  }

  /** Adds the rule of one argument. */
  addArgument(target: RuleTarget, text: ByteName, template: RuleTemplate): void {
    this.#addText(target, text, template, argumentSource, 0);
  }

  /** Adds the rules of a file named by the operator; throws (exit 11) if it cannot be read. */
  addOperatorFile(target: RuleTarget, path: ByteName, template: RuleTemplate): void {
    this.#addNamedFile(target, path, template, argumentSource, 0);
  }

  /**
   * Adds the rules of a dir-merge's file in an absolute directory, if it exists there. `base` is the directory that
   * transfer paths are relative to.
   */
  addDirectoryFile(target: RuleTarget, rule: FilterRule, directory: ByteName, base: ByteName): void {
    const merge = rule.merge;
    if (merge === undefined) return;
    const name = baseName(merge.file);
    const content = this.#reader.readMergeFile(directory, name);
    if (content === undefined) return;
    const anonymous = rule.origin !== undefined;
    const label = anonymous ? byteName("a file read earlier") : joinName(directory, name);
    this.#addContent(target, content, merge.template, {
      label,
      anonymous,
      directory,
      base,
      ofDirectory: true,
      depth: 1,
    });
  }

  #addContent(target: RuleTarget, content: Uint8Array, template: RuleTemplate, source: Source): void {
    for (const record of splitRecords(content, template.wordSplit, this.nulTerminated)) {
      const line = template.wordSplit ? 0 : record.line;
      if (record.overlong) this.#discard(shownPlace(source, line) ?? record.text);
      else this.#addText(target, record.text, template, source, line);
    }
  }

  #addText(target: RuleTarget, text: ByteName, template: RuleTemplate, source: Source, line: number): void {
    const shown = shownPlace(source, line);
    const parsed = parseRule(text, template, { role: this.#role, shown });
    if (parsed === undefined) return;
    if (parsed.xattr) this.sawXattr = true;
    if (parsed.text.length >= limits.pathBytes) {
      this.#discard(shown ?? parsed.text);
      return;
    }
    switch (parsed.action) {
      case "clear":
        target.clear();
        return;
      case "merge":
        this.#addSelfExclude(target, parsed, source);
        this.#addNamedFile(target, parsed.text, parsed.template, source, line);
        return;
      case "dir-merge":
        this.#addSelfExclude(target, parsed, source);
        if (!source.ofDirectory || this.#applies(parsed)) this.#addMerge(target, parsed, shown);
        return;
      case "cvs":
        this.cvsRules ??= this.#makeCvsRules(parsed, source);
        target.rules.push(this.#cvsRule(parsed, source));
        return;
      default:
        target.rules.push(makeRule({ ...this.#draft(parsed, source), kind: "pattern" }, anchorOf(source)));
    }
  }

  /** A `merge` rule, or a `*-from` option: reads the file now. */
  #addNamedFile(target: RuleTarget, path: ByteName, template: RuleTemplate, source: Source, line: number): void {
    const shown = shownPlace(source, line);
    if (source.depth >= limits.mergeDepth) {
      const message = `[${this.#role}] merge-file include depth limit (${limits.mergeDepth}) exceeded at ${shown}`;
      throw fileIoError(message, this.#role);
    }
    const content = this.#readNamed(path, source);
    if (typeof content === "number") {
      const kind = template.include ? "include" : "exclude";
      const message =
        shown === undefined
          ? `rsync: [${this.#role}] failed to open ${kind} file ${path}: ${this.#reader.describeError(content)}`
          : `failed to open ${kind} file ${shown}`;
      throw fileIoError(message, this.#role, path);
    }
    const nested = source.label !== undefined;
    const label = nested ? byteName(`a file named at ${placeText(source, source.label, line)}`) : path;
    const depth = source.depth + 1;
    this.#addContent(target, content, template, { ...source, label, anonymous: nested, ofDirectory: false, depth });
  }

  /**
   * A file that a `merge` rule names. From within a per-directory file a bare name is relative to where the transfer
   * paths begin, one with slashes to the directory of the file [run].
   */
  #readNamed(path: ByteName, source: Source): Uint8Array | number {
    if (source.directory === undefined) return this.#reader.readOperatorFile(path);
    const absolute = absolutePath(path, path.includes("/") ? source.directory : source.base);
    return this.#reader.readMergeFile(directoryName(absolute), baseName(absolute)) ?? -1;
  }

  /** The `e` modifier: the file's own name is excluded, before the merge and on no particular side. */
  #addSelfExclude(target: RuleTarget, parsed: ParsedRule, source: Source): void {
    if (!parsed.excludeSelf) return;
    const named = { ...parsed, text: baseName(parsed.text), senderSide: false, receiverSide: false };
    const draft = {
      ...this.#draft(named, { ...source, ofDirectory: false }),
      kind: "pattern" as const,
      include: false,
      absolute: false,
      directoryOnly: false,
      perishable: false,
      negate: false,
      xattr: false,
    };
    target.rules.push(makeRule(draft, undefined));
  }

  #addMerge(target: RuleTarget, parsed: ParsedRule, shown: ByteName | undefined): void {
    const draft = makeRule(
      { ...this.#draft(parsed, argumentSource), kind: "dir-merge", side: undefined, origin: shown },
      undefined,
    );
    const file = draft.pattern;
    const base = baseName(file);
    if (target.merges.some((other) => baseName(other.pattern) === base)) return;
    const merge: DirectoryMerge = {
      file,
      noInherit: parsed.noInherit,
      template: { ...parsed.template, directoryOnly: draft.directoryOnly },
      index: target.merges.length,
    };
    const rule: FilterRule = { ...draft, merge };
    target.rules.push(rule);
    target.merges.push(rule);
  }

  /** The place of `-C` in a list. */
  #cvsRule(parsed: ParsedRule, source: Source): FilterRule {
    return makeRule({ ...this.#draft({ ...parsed, text: byteName("") }, source), kind: "cvs" }, undefined);
  }

  /** Built-in names, `$HOME/.cvsignore`, `$CVSIGNORE` (2-file-list 1.9), with the flags of the `-C` rule. */
  #makeCvsRules(parsed: ParsedRule, source: Source): FilterRule[] {
    const rules: FilterRule[] = [];
    const add = (word: ByteName, origin: ByteName | undefined, perishable: boolean): void => {
      if (word === "!") rules.length = 0;
      else {
        const draft = this.#draft({ ...parsed, text: word }, source);
        const shownOrigin = draft.origin ?? origin;
        // Made for a per-directory file they serve both sides; that file's `-C` has the side.
        const side = source.directory === undefined ? draft.side : undefined;
        const item = { ...draft, kind: "pattern" as const, origin: shownOrigin, side };
        rules.push(makeRule({ ...item, perishable: item.perishable || perishable }, undefined));
      }
    };
    for (const word of splitWords(builtInCvsNames)) add(word, undefined, this.namesPerishable);
    const { home, cvsIgnoreVariable } = this.#settings;
    if (home !== undefined) {
      const content = this.#reader.readOperatorFile(byteName(`${home}/.cvsignore`));
      if (typeof content !== "number") {
        for (const record of splitRecords(content, true, this.nulTerminated)) {
          add(record.text, fromEarlierFile, false);
        }
      }
    }
    for (const word of splitWords(cvsIgnoreVariable ?? byteName(""))) add(word, undefined, false);
    return rules;
  }

  #draft(parsed: ParsedRule, source: Source): Omit<Parameters<typeof makeRule>[0], "kind"> {
    return {
      pattern: parsed.text,
      origin: source.label === undefined ? undefined : fromEarlierFile,
      include: parsed.include,
      negate: parsed.negate,
      absolute: parsed.absolute,
      directoryOnly: parsed.directoryOnly,
      perishable: parsed.perishable,
      xattr: parsed.xattr,
      // A file merged into a per-directory file has rules for both sides, whatever they say [run].
      side:
        source.directory === undefined || source.ofDirectory
          ? this.#side(parsed.senderSide, parsed.receiverSide)
          : undefined,
      unsaidSide: this.beforeDeleteExcluded && !parsed.senderSide && !parsed.receiverSide,
      saysBoth: parsed.senderSide && parsed.receiverSide,
    };
  }

  /** Whether a rule of a per-directory file is for the side that reads it (2-file-list 1.5.1). */
  #applies(parsed: ParsedRule): boolean {
    return parsed.senderSide === parsed.receiverSide || parsed.senderSide === (this.#role === "sender");
  }

  /** Which side applies a rule (2-file-list 1.2): one without sides is the sender's alone under `--delete-excluded`. */
  #side(sender: boolean, receiver: boolean): FilterSide | undefined {
    if (sender === receiver) return !sender && this.#settings.deleteExcluded ? "sender" : undefined;
    return sender ? "sender" : "receiver";
  }

  #discard(shown: ByteName): void {
    this.#reader.warn(byteName(`discarding over-long filter: ${shown}`));
  }
}

/** The template of the rules that an option adds by itself (`:C`, `-C`). */
export const modernTemplate: RuleTemplate = argumentTemplate("modern", false);

/** Where anchored rules of a source begin, if not at the root of the transfer. */
function anchorOf(source: Source): ByteName | undefined {
  return source.ofDirectory ? source.directory : undefined;
}

/** What messages show for a text in a source; undefined: the text itself. */
function shownPlace(source: Source, line: number): ByteName | undefined {
  return source.label === undefined ? undefined : byteName(`<rule from ${placeText(source, source.label, line)}>`);
}

function placeText(source: Source, label: ByteName, line: number): string {
  return line === 0 || source.anonymous ? label : `${label} line ${line}`;
}
