import { describe, expect, test } from "vitest";
import {
  abortedError,
  ExitCode,
  fileIoError,
  internalError,
  plainUsageError,
  selectionError,
  type TsyncError,
  unsupportedError,
  usageError,
} from "../../../src/errors.ts";
import { errorMessageLines, exitLine, exitText } from "../../../src/text/exit-text.ts";
import { version } from "../../../src/version.ts";

describe("exitText", () => {
  test("has words for every exit code that can be thrown", () => {
    for (const code of Object.values(ExitCode)) {
      if (code !== ExitCode.ok) expect(exitText(code), String(code)).not.toBe("unexplained error");
    }
  });
  test("of an unknown code", () => {
    expect(exitText(99)).toBe("unexplained error");
  });
});

describe("exitLine", () => {
  test.each([
    [23, "rsync error: some files/attrs were not transferred (see previous errors) (code 23)"],
    [24, "rsync warning: some files vanished before they could be transferred (code 24)"],
    [1, "rsync error: syntax or usage error (code 1)"],
  ])("of code %d", (code, text) => {
    expect(exitLine(code, "sender")).toBe(`${text} at tsync [sender=${version}]`);
  });
});

describe("errorMessageLines", () => {
  test.each<[TsyncError, string[]]>([
    [usageError("--bogus: unknown option"), ["rsync: --bogus: unknown option"]],
    [plainUsageError('Unknown --info item: "foo"'), ['Unknown --info item: "foo"']],
    [plainUsageError("Unexpected local arg: x", "Receiver", "If arg is"), ["Unexpected local arg: x", "If arg is"]],
    [usageError("a newline\nin a name"), ["rsync: a newline\nin a name"]],
    [unsupportedError("no --append yet"), ["rsync: no --append yet"]],
    [selectionError("ERROR: destination must be a directory"), ["ERROR: destination must be a directory"]],
    [selectionError("[Receiver] ERROR: cannot stat"), ["rsync: [Receiver] ERROR: cannot stat"]],
    [fileIoError("rsync: [client] failed to open x", "client"), ["rsync: [client] failed to open x"]],
    [fileIoError("stopped", "receiver"), ["stopped"]],
    [internalError("oops"), ["rsync: oops"]],
    [abortedError(), []],
  ])("of %s", (error, lines) => {
    expect(errorMessageLines(error)).toEqual(lines);
  });
});
