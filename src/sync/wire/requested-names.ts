/**
 * Which names a client that receives may be sent (2-file-list 3.11, 3.12; 4-traps S-10): what it asked for, what lies below, and the
 * parents of that; nothing that its own rules hide.
 */
import { type ByteName, byteName } from "../../bytes/byte-name.ts";
import { type Role, refusedError } from "../../errors.ts";
import { compileFilters, type FilterArgument, type FilterProgram } from "../../filter/compile-filters.ts";
import { FilterEvaluator } from "../../filter/evaluator.ts";
import type { FilterReader } from "../../filter/rule-list.ts";
import type { TransferOptions } from "../../options/transfer-options.ts";
import { EntryFlag, type FileEntry } from "../../protocol/file-entry.ts";
import { isDirectory } from "../file-list.ts";

const role: Role = "Receiver";

export class RequestedNames {
  private readonly asked: FilterEvaluator;
  private readonly parents: FilterEvaluator;
  /** What the sender had to leave out; undefined where that depends on files over there: per-directory ones. */
  private readonly hidden: FilterEvaluator | undefined;

  /** Whether what was asked for is known; if not, only the own rules count. */
  private readonly isKnown: boolean;
  /** `-vv`: takes what is said of a name that an own rule speaks of. */
  private readonly tell: ((text: ByteName, path: ByteName) => void) | undefined;

  /** `requests`: the remote arguments behind their host, or the names sent for `--files-from`; undefined: only the sender knows. */
  constructor(
    options: TransferOptions,
    requests: readonly ByteName[] | undefined,
    program: FilterProgram,
    reader: FilterReader,
    tell?: (text: ByteName, path: ByteName) => void,
  ) {
    this.tell = tell;
    const rules = new RequestRules(options);
    for (const request of requests ?? []) rules.add(request);
    this.isKnown = requests !== undefined;
    const evaluator = (texts: readonly ByteName[]): FilterEvaluator => {
      const args = texts.map((text): FilterArgument => ({ kind: "include", text }));
      return new FilterEvaluator(compileFilters(args, reader, program.settings), "sender", reader);
    };
    this.asked = evaluator(rules.asked);
    this.parents = evaluator(rules.parents);
    this.hidden = program.merges.length === 0 ? new FilterEvaluator(program, "sender", reader) : undefined;
  }

  /** Rules with `/` judge names as if the sender's directory were called like the one here that this side works in. */
  setCurrentDirectory(absolute: ByteName): void {
    this.hidden?.setCurrentDirectory(absolute);
  }

  /**
   * The entry, or as the mere parent that it was asked for as; refuses (exit 4) what nobody asked for. `sent`: its path with the slash
   * that it may have begun with. `isLater`: of a list that comes when the generator is there, which tells of it.
   */
  readonly check = (entry: FileEntry, sent: ByteName = entry.path, isLater = false): FileEntry => {
    const { path } = entry;
    const isDir = isDirectory(entry);
    if (path === ".") {
      return !this.isKnown || this.asked.check(byteName("x"), false) > 0 || (entry.flags & EntryFlag.content) === 0
        ? entry
        : asParent(entry);
    }
    // Parents of what was asked for are no exception.
    const verdict = this.hidden?.check(sent, isDir) ?? 0;
    if (verdict > 0 && isLater) {
      const rule = this.hidden?.lastRuleText ?? "";
      const text = `[generator] risking ${isDir ? "directory" : "file"} ${sent} because of pattern ${rule}`;
      this.tell?.(byteName(text), path);
    }
    if (verdict < 0) {
      throw refusedError(`ERROR: rejecting excluded file-list name: ${sent}`, role, path);
    }
    if (!this.isKnown || this.asked.check(path, isDir) > 0) return entry;
    if (isDir && this.parents.check(path, true) > 0) return asParent(entry);
    throw refusedError(`ERROR: rejecting unrequested file-list name: ${sent}`, role, path);
  };
}

function asParent(entry: FileEntry): FileEntry {
  if ((entry.flags & EntryFlag.content) === 0) return entry;
  return { ...entry, flags: EntryFlag.implied };
}

/** Patterns of what was asked for. */
class RequestRules {
  readonly asked: ByteName[] = [];
  readonly parents: ByteName[] = [];
  private readonly options: TransferOptions;
  private readonly known = new Set<string>();

  constructor(options: TransferOptions) {
    this.options = options;
  }

  add(request: ByteName): void {
    const { relative, recursive, directories } = this.options;
    let text: string = request;
    if (relative) {
      const cut = text.indexOf("/./");
      if (cut >= 0) text = text.slice(cut + 3);
    } else text = text.slice(text.lastIndexOf("/") + 1);
    if (text === "." || text === "..") text = "";
    const parts = text.split("/").filter((part) => part !== "" && part !== ".");
    const pattern = parts.map((part) => `/${part}`).join("");
    const isWild = /[*?[]/.test(pattern);
    const shapes = [isWild ? pattern.replace(/\\(?![*?[\]\\])/g, "\\\\") : pattern.replaceAll("\\]", "]")];
    // The shell over there may have taken a bracket for itself.
    if (pattern.includes("[")) shapes.push((shapes[0] ?? "").replace(/(?<!\\)\[/g, "\\["));
    for (const shape of shapes) {
      if (shape !== "") this.asked.push(byteName(shape));
      if (relative) this.addParents(shape, isWild);
      // Only a pattern with wildcards has backslashes that mean something.
      const below = isWild ? shape : shape.replaceAll("\\", "\\\\");
      if (recursive) this.asked.push(byteName(`${below}/**`));
      else if (directories) this.asked.push(byteName(`${below}/*`));
    }
  }

  private addParents(pattern: string, isWild: boolean): void {
    for (let slash = pattern.lastIndexOf("/"); slash > 0; slash = pattern.lastIndexOf("/", slash - 1)) {
      const start = pattern.slice(0, slash);
      const parent = isWild && !/[*?[]/.test(start) ? start.replaceAll("\\\\", "\\") : start;
      if (this.known.has(parent)) return;
      this.known.add(parent);
      this.parents.push(byteName(`${parent}/`));
    }
  }
}
