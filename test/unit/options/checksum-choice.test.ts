import { describe, expect, test } from "vitest";
import { byteName } from "../../../src/bytes/byte-name.ts";
import { ExitCode, TsyncError } from "../../../src/errors.ts";
import { chosenChecksums, parseChecksumChoice } from "../../../src/options/checksum-choice.ts";

const parse = (text: string | undefined) => parseChecksumChoice(text === undefined ? undefined : byteName(text));

function errorOf(action: () => unknown): TsyncError {
  try {
    action();
  } catch (error) {
    if (error instanceof TsyncError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("parseChecksumChoice", () => {
  test.each([
    [undefined, "xxh128", "xxh128"],
    ["auto", "xxh128", "xxh128"],
    ["md5", "md5", "md5"],
    ["MD5", "md5", "md5"],
    ["xxhash", "xxh64", "xxh64"],
    ["sha1,md4", "sha1", "md4"],
    ["none,xxh3", "none", "xxh3"],
    ["auto,none", "xxh128", "none"],
    ["none", "none", "none"],
  ])("reads %s", (text, transfer, list) => {
    expect(parse(text)).toEqual({ transfer, list });
  });

  test.each([
    ["", "unknown checksum name: "],
    ["foo", "unknown checksum name: foo"],
    ["md5,", "unknown checksum name: "],
    ["md5,foo", "unknown checksum name: foo"],
    ["md5,sha1,xxh3", "unknown checksum name: sha1,xxh3"],
    ["toString", "unknown checksum name: toString"],
  ])("refuses %j", (text, message) => {
    const error = errorOf(() => parse(text));
    expect(error).toMatchObject({ message, exitCode: ExitCode.unsupported, plain: true, role: "client" });
  });

  test("takes none for the data alone", () => {
    expect(parse("none,md5")).toEqual({ transfer: "none", list: "md5" });
  });
});

describe("chosenChecksums", () => {
  test.each([
    [undefined, undefined],
    ["auto", undefined],
    ["AUTO,auto", undefined],
    ["md4", { transfer: "md4", list: "md4" }],
    ["md4,auto", { transfer: "md4", list: undefined }],
    ["auto,sha1", { transfer: undefined, list: "sha1" }],
    ["md5,xxh3", { transfer: "md5", list: "xxh3" }],
  ])("of %s", (text, chosen) => {
    expect(chosenChecksums(text === undefined ? undefined : byteName(text))).toEqual(chosen);
  });
});
