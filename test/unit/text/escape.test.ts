/** Display escaping against what rsync 3.5.0 printed for the same names. */
import { describe, expect, test } from "vitest";
import { byteName } from "../../../src/bytes/byte-name.ts";
import { escapeForLog, escapeForTerminal } from "../../../src/text/escape.ts";

interface Row {
  readonly name: string;
  readonly utf8: string;
  readonly ascii?: string;
  readonly raw?: string;
  readonly log?: string;
}

const rows: readonly Row[] = [
  { name: "plain name", utf8: "plain name" },
  { name: "t\tb", utf8: "t\tb" },
  { name: "D\x01E", utf8: "D\\#001E" },
  { name: "D\x7fE", utf8: "D\x7fE" },
  { name: "tr\n", utf8: "tr\\#012" },
  { name: "cr\r", utf8: "cr\\#015" },
  { name: "\rlead", utf8: "\rlead", log: "\\#015lead" },
  { name: "a\r\x1b[2J", utf8: "a\\#015\\#033[2J" },
  { name: "a\\#123b", utf8: "a\\#134#123b" },
  { name: "a\\#189", utf8: "a\\#134#189" },
  { name: "a\\#12", utf8: "a\\#12" },
  { name: "\\#\\#012", utf8: "\\#\\#134#012" },
  { name: "\\#0120", utf8: "\\#134#0120" },
  { name: "\xc3\xa9", utf8: "\xc3\xa9", ascii: "\\#303\\#251", log: "\xc3\xa9" },
  { name: "\xc2\x85", utf8: "\xc2\x85", ascii: "\\#302\\#205", log: "\xc2\\#205" },
  { name: "\xe2\x82", utf8: "\\#342\\#202", log: "\xe2\\#202" },
  {
    name: "\xe2\x82\xe2\x82\xac",
    utf8: "\\#342\\#202\xe2\x82\xac",
    ascii: "\\#342\\#202\\#342\\#202\\#254",
    log: "\xe2\\#202\xe2\\#202\xac",
  },
  { name: "\xe2\xc3\xa9", utf8: "\\#342\xc3\xa9", ascii: "\\#342\\#303\\#251", log: "\xe2\xc3\xa9" },
  { name: "\xc0\x80", utf8: "\\#300\\#200", log: "\xc0\\#200" },
  { name: "\xe0\x9f\xbf", utf8: "\\#340\\#237\\#277", log: "\xe0\\#237\xbf" },
  { name: "\xe0\xa0\x80", utf8: "\xe0\xa0\x80", ascii: "\\#340\\#240\\#200", log: "\xe0\xa0\\#200" },
  { name: "\xed\x9f\xbf", utf8: "\xed\x9f\xbf", ascii: "\\#355\\#237\\#277", log: "\xed\\#237\xbf" },
  { name: "\xed\xa0\x80", utf8: "\\#355\\#240\\#200", log: "\xed\xa0\\#200" },
  { name: "\xf0\x8f\xbf\xbf", utf8: "\\#360\\#217\\#277\\#277", log: "\xf0\\#217\xbf\xbf" },
  {
    name: "\xf4\x90\x80\x80",
    utf8: "\xf4\x90\x80\x80",
    ascii: "\\#364\\#220\\#200\\#200",
    log: "\xf4\\#220\\#200\\#200",
  },
  {
    name: "\xf8\x88\x80\x80\x80",
    utf8: "\xf8\x88\x80\x80\x80",
    ascii: "\\#370\\#210\\#200\\#200\\#200",
    log: "\xf8\\#210\\#200\\#200\\#200",
  },
  { name: "\xf8\x80\x80\x80\x80", utf8: "\\#370\\#200\\#200\\#200\\#200", log: "\xf8\\#200\\#200\\#200\\#200" },
  {
    name: "\xfd\xbf\xbf\xbf\xbf\xbf",
    utf8: "\xfd\xbf\xbf\xbf\xbf\xbf",
    ascii: "\\#375\\#277\\#277\\#277\\#277\\#277",
    log: "\xfd\xbf\xbf\xbf\xbf\xbf",
  },
  { name: "\xfe\xbf", utf8: "\\#376\\#277", log: "\xfe\xbf" },
  { name: "b\x80\xffd", utf8: "b\\#200\\#377d", log: "b\\#200\xffd" },
];

describe("escapeForTerminal", () => {
  test.each([
    [1018, "\\#134#012"],
    [1019, "\\#012"],
    [1022, "\\#012"],
    [1023, "\\#134#012"],
    [2041, "\\#134#012"],
    [2042, "\\#012"],
    [2046, "\\#134#012"],
  ])("shows what reads as an escape behind %i bytes as %s, as in rsync's pieces", (length, shown) => {
    const before = "x".repeat(length);
    expect(escapeForTerminal(byteName(`${before}\\#012`), "utf8")).toBe(`${before}${shown}`);
    expect(escapeForLog(byteName(`${before}\\#012`))).toBe(`${before}\\#134#012`);
  });
  test.each(rows)("shows $name in a UTF-8 locale", ({ name, utf8 }) => {
    expect(escapeForTerminal(byteName(name), "utf8")).toBe(utf8);
  });
  test.each(rows)("shows $name in the C locale", ({ name, utf8, ascii }) => {
    expect(escapeForTerminal(byteName(name), "escaped")).toBe(ascii ?? utf8);
  });
  test.each(rows.filter(({ name }) => /[\x80-\xff]/.test(name)))(
    "leaves the high bytes of $name with -8",
    ({ name }) => {
      expect(escapeForTerminal(byteName(name), "raw")).toBe(name);
    },
  );
  test("escapes control bytes with -8 too", () => {
    expect(escapeForTerminal(byteName("\x1b\xc3\n"), "raw")).toBe("\\#033\xc3\\#012");
  });
});

describe("escapeForLog", () => {
  test.each(rows)("writes $name", ({ name, utf8, log }) => {
    expect(escapeForLog(byteName(name))).toBe(log ?? utf8);
  });
  test("makes one line of any name", () => {
    const every = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join("");
    expect(escapeForLog(byteName(every))).not.toMatch(/[\x00-\x08\x0a-\x1f\x80-\x9f]/);
  });
});
