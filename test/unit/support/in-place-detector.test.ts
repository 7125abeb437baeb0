/** The detector of link-detectors.ts for files that are written in place and have several names: what it knows, and what it does not. */
import { describe, expect, test } from "vitest";
import { byteName } from "../../../src/bytes/byte-name.ts";
import { type Case, rowOf } from "../../support/differing-case.ts";
import type { TreeDifference } from "../../support/snapshot.ts";

const differs = (path: string, property: TreeDifference["property"], left?: string, right?: string) => {
  return { aspect: `tree ${property}`, tree: { path: byteName(path), property, left, right } };
};
const row = /^`--inplace`, `--append` onto/;
const two = { "dst/a": { linkedWith: "dst/a" }, "dst/b": { linkedWith: "dst/a" } };
const unverified = "failed verification -- update retained (will try again).";

/** What is recognized, and the same with one thing changed, which is not. */
const cases: readonly (readonly [name: string, known: Case, unlike: Partial<Case>])[] = [
  [
    "the content of a file that has one name",
    { argv: "-a --append --no-W", tree: two, difference: differs("dst/b", "content", "1", "2") },
    { tree: { "dst/b": {} } },
  ],
  [
    "the request for a file that has one name",
    { argv: "-a --inplace", tree: two, difference: { aspect: "stdout items", left: [">f.st...... b"] } },
    { tree: { "dst/a": {}, "dst/b": {} } },
  ],
  [
    "the request for a file that has one name, told of by its size",
    { argv: "-a --append", tree: two, difference: { aspect: "stdout items", left: [" >f.st...... 1 p{#}"] } },
    { difference: { aspect: "stdout items", left: [" >f.st...... 21 p{#}"] } },
  ],
  [
    "the request for a file that has one name, in a log with a format of its own",
    { argv: "-a --inplace", tree: two, difference: { aspect: "log items", left: ["[send]|b|473"] } },
    { difference: { aspect: "log items", left: ["[send]|c|473"] } },
  ],
  [
    "progress of a file of another size",
    { argv: "-a --append", tree: two, difference: { aspect: "stdout progress", left: ["1 100% xfr#3"] } },
    { difference: { aspect: "stdout progress", left: ["21 100% xfr#3"] } },
  ],
  [
    "progress of a file, for humans",
    {
      ...{
        argv: "-ah --append",
        tree: { "dst/a": { linkedWith: "dst/a", size: "1540" }, "dst/b": { linkedWith: "dst/a", size: "1540" } },
      },
      difference: { aspect: "stdout progress", right: ["1.54K 100% xfr#3"] },
    },
    { difference: { aspect: "stdout progress", right: ["2.54K 100% xfr#3"] } },
  ],
  [
    "the request for a file that has one name, in a format of one's own",
    { argv: "-a --append", tree: two, difference: { aspect: "stdout items", right: ["<f.st......|b|"] } },
    { difference: { aspect: "stdout items", right: ["<f.st......|c|"] } },
  ],
  [
    "the failed verification of a file that has one name",
    {
      ...{ argv: "-a --append-verify", tree: two },
      difference: { aspect: "stderr", right: [`WARNING: b ${unverified}`] },
    },
    { difference: { aspect: "stderr", right: [`WARNING: c ${unverified}`] } },
  ],
  [
    "the kind of a file that has several names",
    { argv: "-a --append-verify", tree: two, difference: differs("dst/b", "mtime", "1", "2") },
    { difference: differs("dst/b", "type", "file", "fifo") },
  ],
  [
    "the content of a backup of a file that has one name",
    { argv: "-ab --append", tree: { ...two, "dst/b~": {} }, difference: differs("dst/b~", "size", "0", "1") },
    { tree: { "dst/b": {}, "dst/b~": {} } },
  ],
  [
    "a backup that holds what no other does",
    {
      ...{ argv: "-a --append --backup-dir=../bk", difference: differs("bk/d/b", "existence", "file") },
      tree: { "dst/a": { linkedWith: "l" }, "dst/d/b": { linkedWith: "l" }, "bk/a": {}, "bk/d/b": {} },
    },
    { tree: { "dst/a": { linkedWith: "l" }, "dst/d/b": { linkedWith: "l" }, "bk/a": { content: "b" }, "bk/d/b": {} } },
  ],
  [
    "a backup of what another name has no backup of",
    {
      ...{ argv: "-ab --inplace", difference: differs("dst/b~", "existence", undefined, "file") },
      ...{ tree: { ...two, "dst/a~": {}, "dst/b~": {} }, missing: ["dst/b~"] },
    },
    { missing: ["dst/a~", "dst/b~"] },
  ],
  [
    "the removal of a file that has one name",
    {
      ...{ argv: "-a --inplace --remove-source-files", tree: two },
      difference: { aspect: "source changed", detail: '"src/b" existence: file / missing' },
    },
    { tree: { "dst/a": {}, "dst/b": {} } },
  ],
  [
    "the removal of a file that has not arrived",
    {
      ...{ argv: "-a --inplace --remove-source-files", tree: two },
      difference: { aspect: "source changed", detail: '"src/b" existence: file / missing' },
    },
    { difference: { aspect: "source changed", detail: '"src/c" existence: file / missing' } },
  ],
];

describe("linkDetectors", () => {
  test.each(cases)("do not know %s", (_, known, unlike) => {
    expect(rowOf(known)).toMatch(row);
    expect(rowOf({ ...known, ...unlike })).toBeUndefined();
  });
});
