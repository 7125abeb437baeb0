/** Jobs and results come out of their packed form as they went in. */
import { describe, expect, test } from "vitest";
import { byteName } from "../../../src/bytes/byte-name.ts";
import { packJobs, packResults, unpackJobs, unpackResults } from "../../../src/sync/packed-jobs.ts";
import type { JobAttributes, JobResult, ReceiveJob } from "../../../src/sync/receive-job.ts";

const attributes: JobAttributes = {
  uid: -1,
  gid: 100,
  mode: 0o6755,
  mtime: -5,
  mtimeNanoseconds: 999_999_999,
  atime: 77,
  accessAcl: undefined,
  xattrs: undefined,
  removeXattrs: undefined,
};

const job: ReceiveJob = {
  id: 0,
  source: 40,
  size: 2 ** 40 + 1,
  directory: 17,
  name: byteName("caf\xe9 \xff"),
  method: "replace",
  sparse: false,
  verify: false,
  preallocate: false,
  fsync: false,
  reflink: "auto",
  attributes,
  keepPartial: "no",
  partialDirectory: undefined,
  delayed: false,
  wantDigest: false,
};

const xattr = { name: byteName("user.a"), value: new Uint8Array([1, 0, 255]) };

const cases: readonly (readonly [string, Partial<ReceiveJob>])[] = [
  ["a plain file", {}],
  ["with a source to open", { source: -1, openFrom: { directory: 0, name: job.name } }],
  ["with a source of another name", { source: -1, openFrom: { directory: 9, name: byteName("b\xff") } }],
  ["verified", { verify: true }],
  ["flushed", { fsync: true }],
  ["preallocated", { preallocate: true }],
  ["always shared", { reflink: "always" }],
  ["never shared, sparse", { reflink: "never", sparse: true, verify: true, wantDigest: true }],
  ["in place, sparse", { method: "inplace", sparse: true }],
  ["into a partial file, which is kept", { method: "partial", keepPartial: "directory" }],
  ["kept in place, with a digest", { keepPartial: "in-place", wantDigest: true }],
  ["without a time", { attributes: { ...attributes, mtime: undefined } }],
  ["the time zero", { attributes: { ...attributes, mtime: 0, mtimeNanoseconds: 0 } }],
  ["without an ACL", { attributes: { ...attributes, accessAcl: null } }],
  ["with an ACL and attributes", { attributes: { ...attributes, accessAcl: new Uint8Array([2]), xattrs: [xattr] } }],
  ["with attributes to remove", { attributes: { ...attributes, removeXattrs: [byteName("user.b")] } }],
];

describe("packJobs and unpackJobs", () => {
  test.each(cases)("keep %s", (_, change) => {
    expect(unpackJobs(structuredClone(packJobs([{ ...job, ...change }])))).toEqual([{ ...job, ...change }]);
  });

  test("keep all of them together, in order", () => {
    const jobs = cases.map(([name, change], id) => ({
      ...job,
      ...change,
      id,
      name: byteName(name),
      partialDirectory: byteName(".partial"),
    }));
    expect(unpackJobs(structuredClone(packJobs(jobs)))).toEqual(jobs);
  });
});

const done: JobResult = { id: 7, done: true, written: 2 ** 41, failures: [], tempName: undefined, digest: undefined };

describe("packResults and unpackResults", () => {
  const results: readonly JobResult[] = [
    done,
    { ...done, id: 8, written: 0 },
    { ...done, id: 9, done: false, written: 3 },
    { ...done, id: 10, digest: new Uint8Array([9, 8]) },
    {
      ...done,
      id: 11,
      failures: [{ step: "chown", errno: -1, detail: byteName(".x.AAAAAA") }],
      tempName: byteName(".x.AAAAAA"),
    },
  ];
  const jobs = results.map(({ id }) => ({ ...job, id }));

  test("keep what a result says", () => {
    expect(unpackResults(structuredClone(packResults(results)), jobs)).toEqual(results);
  });

  test("tell a temp name only where something failed", () => {
    const packed = packResults([{ ...done, tempName: byteName(".x.AAAAAA") }]);
    expect(unpackResults(packed, [{ ...job, id: 7 }])).toEqual([done]);
  });
});
