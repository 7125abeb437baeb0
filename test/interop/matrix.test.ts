/**
 * A slice of the interop matrix (run-matrix.ts): every option set with every real rsync, at protocols, in roles and over transports
 * that take turns.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { allCells, cellName, type InteropCell, optionSets } from "../support/interop-cells.ts";
import { InteropRunner } from "../support/interop-runner.ts";
import { olderPeer, realPeers } from "../support/peers.ts";

const peers = realPeers();
const cells = allCells(peers);

let runner: InteropRunner;
beforeAll(async () => {
  runner = await InteropRunner.start(peers);
});
afterAll(() => runner.stop());

/** One cell a peer; the steps share no factor with the number of cells, so that over the sets everything comes up. */
function sliceOf(set: InteropCell["set"], index: number): InteropCell[] {
  return peers.flatMap(({ version }, position) => {
    const own = cells.filter((cell) => cell.set === set && cell.peer.version === version);
    return own[(index * 7 + position * 5) % own.length] ?? [];
  });
}

test("there is a second release of rsync", () => {
  expect(olderPeer().version).toBe("3.2.7");
});

test.each(optionSets.map((set, index) => [set.name, sliceOf(set, index)] as const))("%s", async (_name, slice) => {
  for (const cell of slice) {
    const { reason, text } = await runner.run(cell);
    expect({ cell: cellName(cell), reason, text: reason === undefined ? "" : text }).toEqual({
      cell: cellName(cell),
      reason: undefined,
      text: "",
    });
  }
});
