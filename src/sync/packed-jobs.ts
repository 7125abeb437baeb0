/**
 * Receive jobs and their results in typed arrays, to cross threads without cloning object by object (design section 3):
 * the clone of a hundred jobs costs as much as copying ten of the files. ACLs and attributes travel as objects, each that
 * several jobs share once; so do results with failures or digests.
 */
import type { ByteName } from "../bytes/byte-name.ts";
import type { JobAttributes, JobResult, ReceiveJob } from "./receive-job.ts";

const columns = 12;
const methods = ["replace", "inplace", "partial"] as const;
const reflinks = ["auto", "always", "never"] as const;
const keeps = ["no", "in-place", "directory"] as const;

/** A part of the attributes that few jobs have: a column of its own, undefined if no job has it. */
type Column<Name extends keyof JobAttributes> = readonly JobAttributes[Name][] | undefined;

/** Jobs as they cross threads. */
export interface PackedJobs {
  readonly count: number;
  /** Names joined by NUL. */
  readonly names: string;
  /** Those of the sources that are not open, if they are others. */
  readonly sourceNames: string | undefined;
  /** Per job: id, source, size, directory, settings (see `packSettings`), uid, gid, mode, mtime (NaN: none), nanoseconds, atime (NaN: none), directory of an unopened source (-1: none). */
  readonly numbers: Float64Array;
  readonly accessAcls: Column<"accessAcl">;
  readonly xattrs: Column<"xattrs">;
  readonly removeXattrs: Column<"removeXattrs">;
  /** One for all jobs: it is an option of the run. */
  readonly partialDirectory: ByteName | undefined;
}

/** Results as they cross threads. */
export interface PackedResults {
  /** Per job: bytes written, and 1 if it is done. */
  readonly numbers: Float64Array;
  /** Results that say more. */
  readonly special: readonly (readonly [index: number, result: JobResult])[];
}

/** The jobs must be of one run. */
export function packJobs(jobs: readonly ReceiveJob[]): PackedJobs {
  const numbers = new Float64Array(jobs.length * columns);
  const names: string[] = [];
  let at = 0;
  for (const job of jobs) {
    const { attributes } = job;
    names.push(job.name);
    numbers[at] = job.id;
    numbers[at + 1] = job.source;
    numbers[at + 2] = job.size;
    numbers[at + 3] = job.directory;
    numbers[at + 4] = packSettings(job);
    numbers[at + 5] = attributes.uid;
    numbers[at + 6] = attributes.gid;
    numbers[at + 7] = attributes.mode;
    numbers[at + 8] = attributes.mtime ?? Number.NaN;
    numbers[at + 9] = attributes.mtimeNanoseconds;
    numbers[at + 10] = attributes.atime ?? Number.NaN;
    numbers[at + 11] = job.openFrom?.directory ?? -1;
    at += columns;
  }
  return {
    count: jobs.length,
    names: names.join("\0"),
    sourceNames: jobs.every(({ name, openFrom }) => openFrom === undefined || openFrom.name === name)
      ? undefined
      : jobs.map(({ openFrom }) => openFrom?.name ?? "").join("\0"),
    numbers,
    accessAcls: column(jobs, "accessAcl"),
    xattrs: column(jobs, "xattrs"),
    removeXattrs: column(jobs, "removeXattrs"),
    partialDirectory: jobs[0]?.partialDirectory,
  };
}

export function unpackJobs(packed: PackedJobs): ReceiveJob[] {
  const { count, numbers, accessAcls, xattrs, removeXattrs, partialDirectory } = packed;
  const names = packed.names.split("\0");
  const sourceNames = packed.sourceNames?.split("\0") ?? names;
  const jobs: ReceiveJob[] = [];
  for (let index = 0; index < count; index++) {
    const at = index * columns;
    const number = (column: number): number => numbers[at + column] ?? 0;
    const settings = number(4);
    const mtime = number(8);
    const sourceDirectory = number(11);
    jobs.push({
      id: number(0),
      source: number(1),
      openFrom:
        sourceDirectory < 0 ? undefined : { directory: sourceDirectory, name: (sourceNames[index] ?? "") as ByteName },
      size: number(2),
      directory: number(3),
      name: (names[index] ?? "") as ByteName,
      method: methods[settings & 3] ?? "replace",
      sparse: (settings & 16) !== 0,
      verify: (settings & 64) !== 0,
      fsync: (settings & 512) !== 0,
      preallocate: (settings & 2048) !== 0,
      ...((settings & 4096) !== 0 && { keepsModes: true }),
      reflink: reflinks[(settings >> 7) & 3] ?? "auto",
      attributes: {
        uid: number(5),
        gid: number(6),
        mode: number(7),
        mtime: Number.isNaN(mtime) ? undefined : mtime,
        mtimeNanoseconds: number(9),
        atime: Number.isNaN(number(10)) ? undefined : number(10),
        accessAcl: accessAcls?.[index],
        xattrs: xattrs?.[index],
        removeXattrs: removeXattrs?.[index],
      },
      keepPartial: keeps[(settings >> 2) & 3] ?? "no",
      partialDirectory,
      delayed: (settings & 1024) !== 0,
      wantDigest: (settings & 32) !== 0,
    });
  }
  return jobs;
}

/** Result i belongs to job i. */
export function packResults(results: readonly JobResult[]): PackedResults {
  const numbers = new Float64Array(results.length * 2);
  const special: [number, JobResult][] = [];
  for (const [index, result] of results.entries()) {
    numbers[index * 2] = result.written;
    numbers[index * 2 + 1] = result.done ? 1 : 0;
    if (!result.done || result.failures.length > 0 || result.digest !== undefined) special.push([index, result]);
  }
  return { numbers, special };
}

/** `jobs` are those that the results belong to. The temp name is told only where something failed. */
export function unpackResults(packed: PackedResults, jobs: readonly ReceiveJob[]): JobResult[] {
  const special = new Map(packed.special);
  return jobs.map(({ id }, index) => {
    const known = special.get(index);
    if (known !== undefined) return known;
    const written = packed.numbers[index * 2] ?? 0;
    return { id, done: true, written, failures: [], tempName: undefined, digest: undefined };
  });
}

/** Bits 0-1: method, 2-3: what is kept of a partial file, 4: sparse, 5: digest wanted, 6: verified, 7-8: reflink, 9: flushed, 10: delayed, 11: preallocated. */
function packSettings(job: ReceiveJob): number {
  const { method, keepPartial, sparse, wantDigest, verify, reflink, fsync, delayed, preallocate, keepsModes } = job;
  const choices = methods.indexOf(method) | (keeps.indexOf(keepPartial) << 2) | (reflinks.indexOf(reflink) << 7);
  const result = (sparse ? 16 : 0) | (wantDigest ? 32 : 0) | (verify ? 64 : 0);
  return (
    choices | result | (fsync ? 512 : 0) | (delayed ? 1024 : 0) | (preallocate ? 2048 : 0) | (keepsModes ? 4096 : 0)
  );
}

function column<Name extends keyof JobAttributes>(jobs: readonly ReceiveJob[], name: Name): Column<Name> {
  const values = jobs.map(({ attributes }) => attributes[name]);
  return values.some((value) => value !== undefined) ? values : undefined;
}
