/** `signature`, `delta` and `patch` of the library: what they are given that is no stream, and streams that they never come to read. */
import { Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { TsyncError } from "../../../src/errors.ts";
import { delta, patch, signature } from "../../../src/index.ts";

const ends = async (make: () => AsyncIterable<Uint8Array>): Promise<unknown> => {
  try {
    for await (const _piece of make());
    return "done";
  } catch (error) {
    return error instanceof TsyncError ? error.kind : error;
  }
};

describe.each([[null], [undefined], [5], ["text"], [{}], [() => 1], [Promise.resolve(1)], [[null]], [["text"]]])(
  "%s is no stream",
  (given) => {
    const wrong = given as never;
    test.each<[string, () => AsyncIterable<Uint8Array>]>([
      ["signature", () => signature(wrong)],
      ["delta, signature", () => delta(wrong, [])],
      ["delta, file", () => delta(signature([]), wrong)],
      ["patch", () => patch(new Uint8Array(0), wrong)],
    ])("%s", async (_name, make) => {
      expect(await ends(make)).toBe("usage");
    });
  },
);

test.each([[null], [5], [{}], [[]]])("patch: %s is no basis", async (given) => {
  expect(await ends(() => patch(given as never, [new Uint8Array(1)]))).toBe("usage");
});

test("signature: options that are none", async () => {
  expect(await ends(() => signature([], null as never))).toBe("usage");
});

describe("a stream that is not read", () => {
  test("is closed with the output", async () => {
    const file = Readable.from([new Uint8Array(1)]);
    for await (const _header of signature(file)) break;
    expect(file.destroyed).toBe(true);
  });

  test("is closed when the signature is damaged", async () => {
    const file = Readable.from([new Uint8Array(1)]);
    expect(await ends(() => delta([new Uint8Array(100)], file))).toBe("protocol");
    expect(file.destroyed).toBe(true);
  });
});
