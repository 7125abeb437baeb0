/** Messages to a peer that does not take them: gathered, not queued one by one, and in their place. */
import { expect, test } from "vitest";
import { byteName } from "../../../src/bytes/byte-name.ts";
import { Connection } from "../../../src/transport/connection.ts";

/** A stream that takes one write and then nothing until it is released. */
function slowStream() {
  const written: Buffer[] = [];
  let release = (): void => undefined;
  const stream = {
    read: () => new Promise<undefined>(() => undefined),
    write: (bytes: Uint8Array) => {
      written.push(Buffer.from(bytes));
      return new Promise<void>((resolve) => {
        release = resolve;
      });
    },
    finish: () => Promise.resolve(),
    destroy: () => undefined,
  };
  return { stream, written, release: () => release() };
}

const deleted = (number: number) => ({ kind: "deleted", name: byteName(`name-${number}`), directory: false }) as const;

test("very many messages wait as one buffer, ahead of the data that is written behind them", async () => {
  const { stream, written, release } = slowStream();
  const connection = new Connection(stream, "generator");
  connection.frameOutput({ protocol: 32, isServer: true });
  for (let number = 0; number < 10_000; number++) connection.message(deleted(number));
  connection.out.int32(0x11223344);
  expect(written).toHaveLength(1);
  connection.flush();
  expect(written).toHaveLength(3);
  const said = Buffer.concat(written);
  expect(said.indexOf("name-0")).toBe(4);
  expect(said.indexOf("name-9999")).toBeGreaterThan(said.indexOf("name-9998"));
  expect(said.subarray(-8).toString("hex")).toBe("0400000744332211");
  expect(connection.bytesWritten).toBe(said.length);
  connection.message(deleted(10_000));
  expect(written).toHaveLength(3);
  release();
  await new Promise((resolve) => setImmediate(resolve));
  expect(written).toHaveLength(3);
  await connection.finish();
  expect(Buffer.concat(written).includes("name-10000")).toBe(true);
});
