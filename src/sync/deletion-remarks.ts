/** What is said of entries that a deletion comes upon and leaves, and of rules that have a say in it (2-file-list 1.8, 3-transfer 6). */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import type { RunContext } from "./context.ts";
import type { NoticeCode } from "./events.ts";

export class DeletionRemarks {
  /** A look ahead says nothing; the deletion will. */
  silent = false;
  private readonly context: RunContext;

  constructor(context: RunContext) {
    this.context = context;
  }

  mountPoint(text: string, path: ByteName): void {
    if (this.context.options.info.mount > 0 && !this.silent) this.notice("mount-point", text, path);
  }

  /** A directory stays because of what it holds. */
  notEmpty(path: ByteName): void {
    this.notice("non-empty-directory", `cannot delete non-empty directory: ${path}`, path);
  }

  /** Whether rules protect an entry, which `-vv` tells. */
  isProtected(path: ByteName, isDirectory: boolean, beingRemoved: boolean): boolean {
    const { filters, options } = this.context;
    const verdict = filters.check(path, isDirectory, beingRemoved);
    if (verdict !== 0 && options.debug.filter > 0 && !this.silent) {
      const act = verdict < 0 ? "protecting" : "risking";
      const kind = isDirectory ? "directory" : "file";
      const text = `[generator] ${act} ${kind} ${path} because of pattern ${filters.lastRuleText ?? ""}`;
      this.notice("filter", text, path);
    }
    return verdict < 0;
  }

  private notice(code: NoticeCode, text: string, path: ByteName): void {
    this.context.emit({ type: "notice", role: "generator", code, path, text: byteName(text) });
  }
}
