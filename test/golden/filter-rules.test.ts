/** Filter rules on the wire: the texts of a client are those that rsync 3.5.0 sent for the same arguments. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { byteName } from "../../src/bytes/byte-name.ts";
import { compileFilters, type FilterArgument } from "../../src/filter/compile-filters.ts";
import type { FilterReader } from "../../src/filter/rule-list.ts";
import { compileWireRules, formatWireRules } from "../../src/filter/wire-rules.ts";
import type { FilterCase } from "./filter-cases.ts";

const cases = JSON.parse(readFileSync(new URL("filter-rules.json", import.meta.url), "utf8")) as readonly FilterCase[];

const noFiles: FilterReader = {
  readOperatorFile: () => -2,
  readMergeFile: () => undefined,
  describeError: String,
  warn: () => undefined,
};

/** The filter arguments among words of a command line, as the option parser makes them. */
function parseWords(words: readonly string[]): readonly FilterArgument[] {
  const args: FilterArgument[] = [];
  const add = (kind: FilterArgument["kind"], text: string): void => void args.push({ kind, text: byteName(text) });
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    const option = /^--(exclude|include)=(.*)$/s.exec(word);
    if (option !== null) add(option[1] as "exclude" | "include", option[2] ?? "");
    else if (word === "-f") add("filter", words[++at] ?? "");
    else if (word === "-C") add("cvs", "");
    else if (word.startsWith("-F")) {
      add("filter", ": /.rsync-filter");
      if (word === "-FF") add("filter", "- .rsync-filter");
    }
  }
  return args;
}

describe("formatWireRules", () => {
  test.each(cases.map((one) => [`${one.direction} ${one.protocol} ${one.filters.join(" ")}`, one] as const))(
    "%s",
    (_title, { direction, protocol, filters, rules, error }) => {
      const deleteExcluded = filters.includes("--delete-excluded");
      const settings = { deleteExcluded, nulTerminated: false };
      const clientSide = direction === "push" ? "sender" : "receiver";
      const program = compileFilters(parseWords(filters), noFiles, settings);
      const format = (): readonly string[] => formatWireRules(program, { protocol, clientSide });
      if (rules === undefined) {
        expect(format).toThrow("filter rules are too modern for remote rsync.");
        expect(error).toContain("filter rules are too modern for remote rsync.");
        return;
      }
      const texts = format();
      if (direction === "push" && deleteExcluded && protocol < 29) expect(rules).toEqual([]);
      else expect(texts).toEqual(rules);
      // What a server makes of them says the same again.
      const serverSide = direction === "push" ? "receiver" : "sender";
      const compiled = compileWireRules(
        rules.map((text) => byteName(text)),
        noFiles,
        { deleteExcluded: false, nulTerminated: false },
        { protocol, serverSide, cvs: false, role: "server", args: [] },
      );
      expect(
        formatWireRules(compiled, { protocol: 32, clientSide: serverSide === "sender" ? "receiver" : "sender" }),
      ).toHaveLength(rules.length);
    },
  );
});
