/** The client's filter rules on the wire (2-file-list 1.1): texts with their lengths. Their syntax is up to `filter/`. */
import type { ByteName } from "../bytes/byte-name.ts";
import { limitError } from "../errors.ts";
import { limits } from "../limits.ts";
import { MemoryBudget } from "./memory-budget.ts";
import type { WireReader } from "./wire-reader.ts";
import type { WireWriter } from "./wire-writer.ts";

export function writeFilterList(writer: WireWriter, rules: readonly ByteName[]): void {
  for (const rule of rules) {
    writer.int32(rule.length);
    writer.name(rule);
  }
  writer.int32(0);
}

/** Memory of a rule besides its text, for the budget. */
const ruleBytes = 250;

/** Collects the client's rules. */
export class FilterListReader {
  private readonly rules: ByteName[] = [];
  private readonly budget = new MemoryBudget("filter rules", limits.filterListBytes);

  /** The texts, once all are here; through `poll`, again until it succeeds. A rule of 5120 bytes or more, or too much: exit 22. */
  read(reader: WireReader): readonly ByteName[] {
    for (;;) {
      const length = reader.int32();
      if (length === 0) return this.rules;
      if (length < 0 || length > limits.ruleBytes) {
        throw limitError(`Invalid length of a filter rule: ${length} [${reader.role}]`, reader.role);
      }
      if (this.rules.length >= limits.filterRules) {
        throw limitError(`More than ${limits.filterRules} filter rules [${reader.role}]`, reader.role);
      }
      this.rules.push(reader.name(length));
      this.budget.take(ruleBytes + length, reader.role);
      reader.commit();
    }
  }
}

/** What decides whether there is a filter list at all; both sides know it (2-file-list 1.1). */
export interface FilterListCondition {
  readonly protocol: number;
  readonly serverIsSender: boolean;
  readonly pruneEmptyDirs: boolean;
  /** Any of the `--delete` options. */
  readonly deletes: boolean;
  readonly deleteExcluded: boolean;
}

/** Whether the client sends a filter list; if not, not even its end is sent. */
export function sendsFilterList(condition: FilterListCondition): boolean {
  const { protocol, serverIsSender, pruneEmptyDirs, deletes, deleteExcluded } = condition;
  return serverIsSender || pruneEmptyDirs || (deletes && (!deleteExcluded || protocol >= 29));
}
