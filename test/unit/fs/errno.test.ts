import { createRequire } from "node:module";
import { constants } from "node:os";
import { describe, expect, it } from "vitest";
import { errnoMessage, errnoName, errnoNumber, errnoOfMessage, errnoText } from "../../../src/fs/errno.ts";

describe("errno", () => {
  it("texts are glibc's", () => {
    const koffi: typeof import("koffi") = createRequire(import.meta.url)("koffi");
    const strerror = koffi.load(null).func("strerror", "string", ["int"]);
    for (let number = 1; number < 140; number++) expect(errnoMessage(number)).toBe(strerror(number));
  });

  it("numbers are the system's", () => {
    for (const [name, number] of Object.entries(constants.errno)) {
      // Two names of one number: EWOULDBLOCK is EAGAIN, ENOTSUP is EOPNOTSUPP.
      if (errnoNumber(name) !== undefined) expect([name, errnoNumber(name)]).toEqual([name, number]);
      expect(errnoName(number)).toBeDefined();
    }
  });

  it("text has the number, whatever the sign", () => {
    expect([errnoText(2), errnoText(-13), errnoText(134)]).toEqual([
      "No such file or directory (2)",
      "Permission denied (13)",
      "Unknown error 134 (134)",
    ]);
    expect([errnoOfMessage("Permission denied"), errnoOfMessage("nonsense"), errnoName(-2)]).toEqual([
      13,
      undefined,
      "ENOENT",
    ]);
  });
});
