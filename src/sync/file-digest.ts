/**
 * Whole-file digests of `-c` and `%C` (2-file-list 3.8): by default the digest that two 3.5.0 peers agree on,
 * xxh128, without a seed, in wire order. A role keeps one digester, since making the checksum costs more than the digest of a small file.
 */
import type { ByteName } from "../bytes/byte-name.ts";
import { type ChecksumName, createChecksum, digestBytes, type StreamingChecksum } from "../delta/checksum.ts";
import { openSource } from "../fs/followed-links.ts";
import { emptyStat, type Stat, type Syscalls } from "../fs/syscalls/interface.ts";
import { FileType } from "../protocol/file-entry.ts";
import { finish, inSteps } from "./steps.ts";

/** A file up to this size is digested in one go: signals, the peer and timers wait so long. */
export const quickDigestBytes: number = 16 * 1024 * 1024;

const stepBytes = 8 * 1024 * 1024;

/** Computes digests of files, for one thread. */
export class FileDigester {
  private readonly syscalls: Syscalls;
  /** Made when the first digest is asked for: most runs need none. */
  private checksum: StreamingChecksum | undefined;
  private readonly name: ChecksumName;
  private readonly stat: Stat = emptyStat();
  private prepared: { readonly directory: number; readonly name: ByteName; readonly digest: Uint8Array } | undefined;

  /** Digests have the algorithm `name` unless a call says otherwise. */
  constructor(syscalls: Syscalls, name: ChecksumName = "xxh128") {
    this.syscalls = syscalls;
    this.name = name;
  }

  /** Digest of a file in a held directory, or of what a link there leads to (`follow`); all zeros when it cannot be read (2-file-list 3.8). */
  digestAt(directory: number, name: ByteName, follow = false, leaveAccessTime = false, bytesMax?: number): Uint8Array {
    const { prepared } = this;
    this.forget();
    if (prepared?.directory === directory && prepared.name === name) return prepared.digest;
    return finish(this.stepsAt(directory, name, follow, leaveAccessTime, bytesMax));
  }

  /** The same in steps, between which nothing else may be digested. */
  *stepsAt(
    directory: number,
    name: ByteName,
    follow = false,
    leaveAccessTime = false,
    bytesMax?: number,
  ): Generator<void, Uint8Array> {
    const { syscalls } = this;
    const { readOnly, nonBlock, noAccessTime } = syscalls.flags;
    const flags = readOnly | nonBlock | (leaveAccessTime ? noAccessTime : 0);
    const descriptor = openSource(syscalls, directory, name, flags, follow);
    if (descriptor < 0) return new Uint8Array(digestBytes[this.name]);
    try {
      return yield* this.stepsOf(descriptor, this.name, bytesMax);
    } finally {
      syscalls.close(descriptor);
    }
  }

  /** Digests a file with pauses; `digestAt` for it, if that comes next and before `forget`, has nothing left to do. */
  async prepareAt(
    pause: () => Promise<void>,
    directory: number,
    name: ByteName,
    leaveAccessTime: boolean,
    bytesMax: number,
  ): Promise<void> {
    const steps = this.apart().stepsAt(directory, name, false, leaveAccessTime, bytesMax);
    const digest = await inSteps(steps, pause);
    this.prepared = { directory, name, digest };
  }

  /** Another one like it, in whose pauses this one may be used. */
  apart(): FileDigester {
    return new FileDigester(this.syscalls, this.name);
  }

  forget(): void {
    this.prepared = undefined;
  }

  /**
   * Digest of an open file from its start; its file offset is not used. Of a regular file no more counts than its size says:
   * nothing, of most files in /proc, as nothing of them is sent; of anything else no more than `bytesMax`.
   */
  digestOf(descriptor: number, name: ChecksumName = this.name): Uint8Array {
    return finish(this.stepsOf(descriptor, name));
  }

  private *stepsOf(
    descriptor: number,
    name: ChecksumName,
    bytesMax: number = Number.POSITIVE_INFINITY,
  ): Generator<void, Uint8Array> {
    if (this.checksum?.name !== name) {
      this.checksum?.release();
      this.checksum = createChecksum(name);
    }
    const { checksum, syscalls } = this;
    checksum.reset();
    const buffer = checksum.inputBuffer;
    const known = syscalls.fstat(descriptor, this.stat) === 0 && (this.stat.mode & FileType.mask) === FileType.regular;
    const size = known ? this.stat.size : bytesMax;
    for (let position = 0; ; ) {
      // Not asked for what is not there: even that may count as an access.
      if (position >= size) return checksum.digest();
      const count = syscalls.read(descriptor, buffer, 0, Math.min(buffer.length, size - position), position);
      if (count < 0) return new Uint8Array(digestBytes[name]);
      if (count === 0) return checksum.digest();
      checksum.updateFromInput(count);
      position += count;
      if (position % stepBytes < count) yield;
    }
  }
}
