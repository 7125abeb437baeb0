/**
 * The last step of a file that was written in a temporary or partial directory on another file system, where a rename cannot
 * put it in its place. A copy beside the old file does, so that one of them is whole at any time; only where there is no room
 * for both does the old one go first, as it always does in rsync (3-transfer 5.3).
 */
import type { ByteName } from "../bytes/byte-name.ts";
import type { DataCopier } from "../fs/copy-data.ts";
import { emptyStat, type Stat, type Syscalls } from "../fs/syscalls/interface.ts";
import { createTempFile, type TempNames } from "../fs/temp-file.ts";
import type { JobFailure, ReceiveJob } from "./receive-job.ts";
import type { CopyVerifier } from "./verify-copy.ts";

const EACCES = -13;
const EIO = -5;
const EXDEV = -18;
const ENOSPC = -28;
const EDQUOT = -122;

export interface CopyOverParts {
  readonly syscalls: Syscalls;
  readonly names: TempNames;
  readonly copier: DataCopier;
  readonly verifier: CopyVerifier;
  readonly setAttributes: (
    job: ReceiveJob,
    descriptor: number,
    directory: number,
    name: ByteName,
    failures: JobFailure[],
  ) => void;
}

export class CopyOver {
  private readonly parts: CopyOverParts;
  private readonly stat: Stat = emptyStat();

  constructor(parts: CopyOverParts) {
    this.parts = parts;
  }

  /** Puts a copy of `name`, which then goes, in the place of the job's file. Returns 0 or a negative errno. */
  install(job: ReceiveJob, directory: number, name: ByteName, failures: JobFailure[]): number {
    const { syscalls, names } = this.parts;
    const { readOnly, writeOnly, create, exclusive } = syscalls.flags;
    let source = syscalls.openAt(directory, name, readOnly);
    if (source === EACCES && syscalls.chmodAt(directory, name, 0o600) === 0) {
      source = syscalls.openAt(directory, name, readOnly);
    }
    let status = source;
    let told: JobFailure[] = [];
    let roomWithout = false;
    if (source >= 0) {
      const beside = createTempFile(syscalls, names, job.directory, job.name);
      if (typeof beside === "number") status = beside;
      else {
        status = this.fill(job, source, beside.descriptor, beside.name, told);
        if (status === 0) status = syscalls.renameAt(job.directory, beside.name, job.directory, job.name);
        if (status < 0) {
          roomWithout = this.hasRoomWithout(job, source, beside.name);
          syscalls.unlinkAt(job.directory, beside.name);
        }
      }
      if ((status === ENOSPC || status === EDQUOT) && roomWithout) {
        told = [];
        syscalls.unlinkAt(job.directory, job.name);
        const target = syscalls.openAt(job.directory, job.name, writeOnly | create | exclusive, 0o600);
        status = target < 0 ? target : this.fill(job, source, target, job.name, told);
        if (target >= 0 && status < 0) syscalls.unlinkAt(job.directory, job.name);
      }
      syscalls.close(source);
    }
    if (status < 0 && told.every(({ step }) => step !== "compare" && step !== "write")) {
      told.push({ step: "rename", errno: status, detail: name });
    }
    failures.push(...told);
    if (status < 0) return status;
    syscalls.unlinkAt(directory, name);
    return 0;
  }

  /** Puts the incomplete file `name` into the place of the job's file, by a copy if they lie on two file systems. */
  move(job: ReceiveJob, directory: number, name: ByteName): boolean {
    const status = this.parts.syscalls.renameAt(directory, name, job.directory, job.name);
    if (status !== EXDEV) return status === 0;
    return this.install({ ...job, verify: false, fsync: false }, directory, name, []) === 0;
  }

  /** Whether the copy that has come so far as `beside` has could be whole if the old file went. */
  private hasRoomWithout(job: ReceiveJob, source: number, beside: ByteName): boolean {
    const { syscalls } = this.parts;
    const { stat } = this;
    const reached = syscalls.lstatAt(job.directory, beside, stat) === 0 ? stat.size : 0;
    const freed = syscalls.lstatAt(job.directory, job.name, stat) === 0 ? stat.size : 0;
    return syscalls.fstat(source, stat) === 0 && reached + freed >= stat.size;
  }

  /** Makes the new file `target`, called `name`, a copy of `source` with all that the job asks for; closes it. */
  private fill(job: ReceiveJob, source: number, target: number, name: ByteName, failures: JobFailure[]): number {
    const { syscalls, copier, verifier, setAttributes } = this.parts;
    let status = syscalls.fstat(source, this.stat);
    if (status >= 0) {
      const { sparse, reflink } = job;
      const copying = copier.copyData(source, target, this.stat.size, { sparse, kernel: reflink !== "never" });
      let step = copying.next();
      while (step.done !== true) step = copying.next();
      status = step.value;
    }
    const { size } = this.stat;
    if (status >= 0 && job.fsync) status = Math.min(syscalls.fsync(target), 0);
    if (status >= 0 && job.verify) {
      const steps = verifier.compare(job.source, target, job.directory, name, size);
      let step = steps.next();
      while (step.done !== true) step = steps.next();
      if (step.value !== "equal") {
        failures.push({ step: "compare", errno: step.value === "different" ? 0 : step.value, detail: name });
        syscalls.close(target);
        return EIO;
      }
    }
    if (status >= 0) setAttributes(job, target, job.directory, name, failures);
    const closed = syscalls.close(target);
    if (status >= 0 && closed >= 0) return 0;
    failures.push({ step: "write", errno: Math.min(status, closed), detail: name });
    return Math.min(status, closed);
  }
}
