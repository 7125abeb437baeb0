/** The remote shell as a child process (4-traps N-05): what it says is read to the end, whenever it ends. */
import { expect, test } from "vitest";
import { byteName } from "../../../src/bytes/byte-name.ts";
import { startCommand } from "../../../src/transport/command.ts";

const words = (script: string) => ["/bin/sh", "-c", script].map(byteName);

test("N-05 the last data may come after the end of the program", async () => {
  const { stream, status } = await startCommand(words("(sleep 0.3; echo late) & echo early; exit 3"), "Receiver");
  // It is gone before the data is through.
  expect(await status(10_000)).toBe(3);
  const heard: Uint8Array[] = [];
  for (let piece = await stream.read(); piece !== undefined; piece = await stream.read()) heard.push(piece);
  expect(Buffer.concat(heard).toString()).toBe("early\nlate\n");
});

test("a program that does not exist: 14", async () => {
  await expect(startCommand([byteName("/nonexistent/shell")], "sender")).rejects.toMatchObject({ exitCode: 14 });
  const message = "[sender] Failed to exec : No such file or directory (2)";
  await expect(startCommand([byteName("")], "sender")).rejects.toMatchObject({ exitCode: 14, message });
});
