/** `signature`, `delta` and `patch` of the library: what they are given that is no stream, and streams that they never come to read. */
import { createReadStream } from "node:fs";
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

test.each([[null], [{ blocklength: 5 }]])("signature: %j are no options", async (given) => {
  expect(await ends(() => signature([], given as never))).toBe("usage");
});

test.each([[undefined], [-1], [1.5], [6]])("patch: a basis does not give %s bytes of 5", async (bytesRead) => {
  const changes: Uint8Array[] = [];
  for await (const piece of delta(signature([Buffer.from("basis")]), [Buffer.from("basis")])) changes.push(piece);
  const basis = { read: () => Promise.resolve({ bytesRead: bytesRead as number }) };
  expect(await ends(() => patch(basis, changes))).toBe("usage");
});

describe("a stream that is not read", () => {
  const outputs: [string, (stream: Readable) => AsyncGenerator<Uint8Array, void, void>][] = [
    ["signature", (stream) => signature(stream)],
    ["delta, signature", (stream) => delta(stream, [])],
    ["delta, file", (stream) => delta(signature([]), stream)],
    ["patch", (stream) => patch(new Uint8Array(0), stream)],
  ];

  test.each(outputs)("is closed though nothing was asked for: %s", async (_name, make) => {
    for (const stop of ["return", "throw"] as const) {
      const stream = Readable.from([new Uint8Array(1)]);
      const output = make(stream);
      const stopped = stop === "return" ? output.return() : output.throw(new Error("enough"));
      await stopped.catch((error: unknown) => expect(error).toMatchObject({ message: "enough" }));
      expect(stream.destroyed).toBe(true);
      expect(await output.next()).toEqual({ done: true, value: undefined });
    }
  });

  test("is closed though another one cannot be", async () => {
    const file = Readable.from([new Uint8Array(1)]);
    const stubborn = async function* (): AsyncGenerator<Uint8Array> {
      try {
        yield new Uint8Array(100);
      } finally {
        await Promise.reject(new Error("not now"));
      }
    };
    expect(await ends(() => delta(stubborn(), file))).toMatchObject({ message: "not now" });
    expect(file.destroyed).toBe(true);
  });

  test("tells of its error in its turn", async () => {
    const late = async function* (): AsyncGenerator<Uint8Array> {
      await new Promise((resolve) => setTimeout(resolve, 50));
      yield* signature([]);
    };
    const missing = createReadStream("/nowhere/missing");
    expect(await ends(() => delta(late(), missing))).toMatchObject({ code: "ENOENT" });
    expect(missing.destroyed).toBe(true);
  });

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
