import { expect, test } from "vitest";
import { readLocale } from "../../../src/text/locale.ts";

test.each([
  [{}, false, false],
  [{ LANG: "C.UTF-8" }, true, false],
  [{ LANG: "en_US.utf8" }, true, false],
  [{ LANG: "C.UTF-8", LC_ALL: "C" }, false, false],
  [{ LANG: "C.UTF-8", LC_ALL: "" }, true, false],
  [{ LANG: "C", LC_CTYPE: "C.UTF-8" }, true, false],
  [{ LANG: "de_DE.UTF-8" }, true, true],
  [{ LANG: "de_DE.UTF-8@euro" }, true, true],
  [{ LANG: "C.UTF-8", LC_NUMERIC: "de_DE" }, true, true],
  [{ LANG: "de_DE.ISO-8859-1" }, false, true],
  [{ LANG: "no such thing" }, false, false],
  [{ LC_ALL: "POSIX", LC_NUMERIC: "de_DE" }, false, false],
])("readLocale(%o)", (environment, utf8, decimalComma) => {
  expect(readLocale(environment, () => true)).toEqual({ utf8, decimalComma });
});

test.each([
  [{ LANG: "C.UTF-8" }, true, false],
  [{ LANG: "C.utf8", LC_NUMERIC: "de_DE.UTF-8" }, true, false],
  [{ LANG: "en_US.UTF-8" }, false, false],
  [{ LANG: "C", LC_CTYPE: "de_DE.UTF-8" }, false, false],
  [{ LC_ALL: "de_DE.UTF-8" }, false, false],
])("readLocale(%o) where nothing is installed", (environment, utf8, decimalComma) => {
  expect(readLocale(environment, () => false)).toEqual({ utf8, decimalComma });
});
