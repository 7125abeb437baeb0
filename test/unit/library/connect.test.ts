/** `connect` and `serve`: what is no connection for bytes is refused before anything is read of it. */
import { type Duplex, PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { connect, serve, TsyncError } from "../../../src/index.ts";

const request = { sources: [":s/"], destination: "/nowhere/d", archive: true };
const decoded = (): Duplex => new PassThrough().setEncoding("utf8");
const objects = (): Duplex => new PassThrough({ objectMode: true });

test.each<[string, () => unknown]>([
  ["nothing", () => null],
  ["a stream of objects", objects],
  ["a stream of text", decoded],
  ["a pair of which one has text", () => ({ readable: decoded(), writable: new PassThrough() })],
  ["a pair of which one takes objects", () => ({ readable: new PassThrough(), writable: objects() })],
  ["a pair without a writable", () => ({ readable: new PassThrough() })],
])("%s", async (_name, make) => {
  const wire = make() as Duplex;
  for (const run of [() => connect(wire, request), () => serve(wire, ["--server", ".", "d"])]) {
    const error = await (async () => run())().then(
      () => undefined,
      (caught: unknown) => caught,
    );
    expect(error).toBeInstanceOf(TsyncError);
    expect(error).toMatchObject({ kind: "usage", exitCode: 1 });
  }
});
