/**
 * `connect` and `serve`: what is no connection for bytes is refused before anything is read of it, and one that ends is noticed, also by who
 * only sends.
 */
import { once } from "node:events";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { createServer, connect as openSocket, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { type Duplex, PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { type ConnectRequest, connect, serve, serverArgs, TsyncError } from "../../../src/index.ts";

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

test.each<[string, (wire: Duplex) => void]>([
  ["destroyed", (wire) => wire.destroy()],
  ["broken", (wire) => wire.on("error", () => {}).destroy(new Error("cable"))],
  ["ended", (wire) => wire.end()],
])("a connection that was %s long before", async (_name, end) => {
  for (const run of [
    (wire: Duplex) => connect(wire, request).summary,
    (wire: Duplex) => serve(wire, serverArgs(request)),
  ]) {
    const wire = new PassThrough();
    end(wire);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await expect(run(wire)).rejects.toMatchObject({ kind: "protocol", exitCode: 12 });
  }
});

test.each([
  ["client", "server"],
  ["server", "client"],
])("the %s leaves while the %s sends a large file slowly", async (leaving, sending) => {
  const folder = mkdtempSync(`${tmpdir()}/tsync-connect-`);
  const listener = createServer();
  try {
    writeFileSync(`${folder}/large`, "");
    truncateSync(`${folder}/large`, 1_000_000_000);
    listener.listen(`${folder}/socket`);
    const near = openSocket(`${folder}/socket`);
    const [far] = (await once(listener, "connection")) as [Socket];
    const isPush = sending === "client";
    const [source, destination] = [`${folder}/large`, `${folder}/copy`];
    const sources = [isPush ? source : `:${source}`];
    const wanted: ConnectRequest = { sources, destination: isPush ? `:${destination}` : destination, bwlimit: 2000 };
    const outcomes = Promise.allSettled([connect(near, wanted).summary, serve(far, serverArgs(wanted))]);
    await new Promise((resolve) => setTimeout(resolve, 500));
    (leaving === "client" ? near : far).destroy();
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { kind: "protocol", exitCode: 12 } });
    }
  } finally {
    listener.close();
    rmSync(folder, { recursive: true });
  }
});

test("serve: options that it does not have", async () => {
  for (const options of [null, { sginal: new AbortController().signal }]) {
    const run = serve(new PassThrough(), serverArgs(request), options as never);
    await expect(run).rejects.toMatchObject({ kind: "usage", exitCode: 1 });
  }
});
