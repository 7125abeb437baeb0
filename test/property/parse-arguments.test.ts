/** Whatever stands on the command line, parsing ends in a command or a `TsyncError`. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { byteName } from "../../src/bytes/byte-name.ts";
import { TsyncError } from "../../src/errors.ts";
import { optionsByLetter, optionsByName } from "../../src/options/option-table.ts";
import { parseArguments } from "../../src/options/parse-arguments.ts";

const bytes = fc
  .array(fc.integer({ min: 1, max: 255 }), { maxLength: 8 })
  .map((codes) => String.fromCharCode(...codes));
const value = fc.oneof(bytes, fc.constantFrom("0", "-1", "u+x", "a:b", "name2", "5k", "x/..", "~", "e", "N", "-_x"));
const word = fc.oneof(
  bytes,
  fc.constantFrom(...optionsByName.keys()).map((name) => `--${name}`),
  fc.tuple(fc.constantFrom(...optionsByName.keys()), value).map(([name, text]) => `--${name}=${text}`),
  fc.array(fc.constantFrom(...optionsByLetter.keys()), { minLength: 1, maxLength: 4 }).map((all) => `-${all.join("")}`),
  value,
);

test("parseArguments never fails in another way", () => {
  const kinds = new Set<string>();
  fc.assert(
    fc.property(fc.array(word, { maxLength: 8 }), (words) => {
      try {
        kinds.add(parseArguments(words.map(byteName), {}).kind);
      } catch (error) {
        expect(error).toBeInstanceOf(TsyncError);
        kinds.add((error as TsyncError).kind);
      }
    }),
    { numRuns: 3000 },
  );
  expect([...kinds]).toEqual(expect.arrayContaining(["run", "usage", "unsupported"]));
});
