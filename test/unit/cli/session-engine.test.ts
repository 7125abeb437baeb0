/** Runs with another machine have V8 work in another way; what is compiled for V8's defaults must be of use again afterwards. */
import { cachedDataVersionTag } from "node:v8";
import { expect, test } from "vitest";
import { withSessionEngine } from "../../../src/cli/session-engine.ts";

test.each([
  ["ends", async () => "done", "done"],
  [
    "fails",
    async () => {
      throw new Error("lost");
    },
    "lost",
  ],
])("withSessionEngine goes back to V8's defaults when a run %s", async (_, end, expected) => {
  const before = cachedDataVersionTag();
  const seen: number[] = [];
  const running = withSessionEngine(async () => {
    seen.push(cachedDataVersionTag());
    await new Promise((resolve) => setTimeout(resolve, 1));
    seen.push(cachedDataVersionTag());
    return await end();
  });
  expect(await running.catch(({ message }: Error) => message)).toBe(expected);
  expect(seen[0]).toBe(before);
  expect(seen[1]).not.toBe(before);
  expect(cachedDataVersionTag()).toBe(before);
});
