/** The queue of records that a sender has not answered. */
import { expect, test } from "vitest";
import { type Asked, AskedRecords } from "../../../src/sync/wire/asked-records.ts";

function asked(ndx: number, kind: "item" | "transfer" = "transfer"): Asked {
  return { record: { kind, ndx }, head: undefined } as unknown as Asked;
}

test("AskedRecords gives records in order, however many have been taken", () => {
  const records = new AskedRecords();
  let next = 0;
  let first = 0;
  for (let round = 0; round < 60; round++) {
    for (let count = 0; count < 97; count++) records.push(asked(next++));
    for (let count = 0; count < 96; count++) expect(records.take(0)?.record.ndx).toBe(first++);
    expect(records.length).toBe(next - first);
    expect(records.at(0)?.record.ndx).toBe(first);
    expect(records.find(next - 1, true)).toBe(next - first - 1);
    expect(records.find(first - 1, true)).toBe(-1);
  }
  while (first < next) expect(records.take(0)?.record.ndx).toBe(first++);
  expect(records.length).toBe(0);
  expect(records.take(0)).toBeUndefined();
});

test("AskedRecords takes one out of the middle and tells kinds apart", () => {
  const records = new AskedRecords();
  for (const ndx of [1, 2, 3, 4]) records.push(asked(ndx));
  records.push(asked(3, "item"));
  records.take(0);
  expect(records.find(3, false)).toBe(3);
  expect(records.take(records.find(3, true))?.record.ndx).toBe(3);
  expect([0, 1, 2].map((place) => records.at(place)?.record.ndx)).toEqual([2, 4, 3]);
  expect(records.find(3, true)).toBe(-1);
  expect(records.length).toBe(3);
});
