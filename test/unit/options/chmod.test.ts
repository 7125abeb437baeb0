/** `--chmod`: results taken from rsync 3.5.0 on real files (see also test/interop/options.test.ts). */
import { describe, expect, test } from "vitest";
import { byteName } from "../../../src/bytes/byte-name.ts";
import { TsyncError } from "../../../src/errors.ts";
import { applyModeChanges, parseChmod } from "../../../src/options/chmod.ts";
import { FileType } from "../../../src/protocol/file-entry.ts";

const { regular, directory } = FileType;

describe("applyModeChanges", () => {
  test.each([
    // [text, umask, mode of a file, its result, mode of a directory, its result]
    ["+x", 0o077, 0o644, 0o744, 0o755, 0o755],
    ["Fa+x", 0o077, 0o644, 0o755, 0o755, 0o755],
    ["F=rw", 0o077, 0o644, 0o600, 0o755, 0o755],
    ["=r", 0o077, 0o644, 0o400, 0o755, 0o400],
    ["-w", 0o077, 0o644, 0o444, 0o755, 0o555],
    ["Fg+w,u-w", 0, 0o644, 0o464, 0o755, 0o555],
    ["uDg+w", 0o022, 0o644, 0o644, 0o755, 0o775],
    ["D2775,F664", 0o022, 0o644, 0o664, 0o755, 0o2775],
    ["07777", 0o022, 0o644, 0o7777, 0o755, 0o7777],
    ["ugo=rwX", 0o022, 0o644, 0o666, 0o755, 0o777],
    ["u+x,go+X", 0o022, 0o644, 0o744, 0o755, 0o755],
    ["a-x,+X", 0o022, 0o755, 0o755, 0o755, 0o755],
    ["+Xx", 0, 0o600, 0o600, 0o700, 0o711],
    ["a-X", 0o022, 0o600, 0o600, 0o777, 0o666],
    ["g=u,o=g", 0o022, 0o644, 0o666, 0o755, 0o777],
    ["=u", 0o022, 0o7777, 0o755, 0o7777, 0o755],
    ["go=u", 0o022, 0o7777, 0o4777, 0o7777, 0o4777],
    ["u-g", 0o022, 0o7777, 0o7077, 0o7777, 0o7077],
    ["+s", 0o022, 0o644, 0o4644, 0o755, 0o4755],
    ["o+s", 0o022, 0o644, 0o4644, 0o755, 0o4755],
    ["go+s", 0o022, 0o644, 0o2644, 0o755, 0o2755],
    ["a-s", 0o022, 0o7777, 0o1777, 0o7777, 0o1777],
    ["u=t", 0o022, 0o7777, 0o3077, 0o7777, 0o3077],
    ["o=t", 0o022, 0o7777, 0o7770, 0o7777, 0o7770],
    ["u=r", 0o022, 0o7777, 0o7477, 0o7777, 0o7477],
    ["=ts", 0o022, 0o777, 0o4000, 0o777, 0o4000],
    ["=st", 0o022, 0o777, 0o5000, 0o777, 0o5000],
    ["a=", 0o022, 0o7777, 0o7000, 0o7777, 0o7000],
    ["u+", 0o022, 0o644, 0o644, 0o755, 0o755],
  ])("%s under umask %o", (text, umask, file, fileResult, dir, dirResult) => {
    const changes = parseChmod(byteName(text));
    expect((applyModeChanges(regular | file, changes, umask) & 0o7777).toString(8)).toBe(fileResult.toString(8));
    expect((applyModeChanges(directory | dir, changes, umask) & 0o7777).toString(8)).toBe(dirResult.toString(8));
  });

  test("keeps the file type, and without changes the mode", () => {
    expect(applyModeChanges(regular | 0o640, parseChmod(byteName("0")), 0)).toBe(regular);
    expect(applyModeChanges(directory | 0o640, [], 0o777)).toBe(directory | 0o640);
  });
});

describe("parseChmod", () => {
  test.each([
    "",
    "u",
    "D",
    "q",
    "9",
    "10000",
    "77777",
    "7778",
    ",u+x",
    "u+x,",
    "u+x,,g+w",
    "u+x, g+w",
    "u+x-w",
    "u++x",
    "++",
    "u+7",
    "u664",
    "uD664",
    "FDu+w",
    "FuD+w",
    "g=uo",
    "g=uu",
    "g+xu",
    "g=us",
    "+a",
    "U+x",
    "u =r",
  ])("refuses %j", (text) => {
    const attempt = (): unknown => parseChmod(byteName(text));
    expect(attempt).toThrow(TsyncError);
    expect(attempt).toThrow(`Invalid argument passed to --chmod (${text})`);
  });
});
