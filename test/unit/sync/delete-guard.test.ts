import { expect, test } from "vitest";
import { byteName } from "../../../src/bytes/byte-name.ts";
import { parseDeleteGuard } from "../../../src/options/delete-guard.ts";
import { DeleteGuard } from "../../../src/sync/delete-guard.ts";

test.each([
  ["2", 2, 5, "pass"],
  ["2", 3, 5, "hold"],
  ["0", 0, 5, "pass"],
  ["0", 1, 5, "hold"],
  ["20%", 1, 5, "pass"],
  ["20%", 2, 5, "hold"],
  ["100%", 5, 5, "pass"],
  ["50%", 0, 0, "pass"],
])("DeleteGuard %s with %i of %i: %s", (limit, doomed, entries, verdict) => {
  const guard = new DeleteGuard(parseDeleteGuard(limit));
  guard.saw(entries);
  guard.endCount();
  guard.saw(100);
  for (let count = 0; count < doomed; count++) guard.doomed.push({ path: byteName(`f${count}`), directory: false });
  expect(guard.verdict).toBeUndefined();
  guard.decide();
  expect(guard.verdict).toBe(verdict);
  expect(guard.text).toContain(`--delete-guard=${limit}`);
});
