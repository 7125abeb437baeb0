/** The batch file that a sender's bytes are written to, or that what comes from one is (3-transfer 8.1). */
import { type ByteName, toBytes } from "../../bytes/byte-name.ts";
import { ExitCode, TsyncError } from "../../errors.ts";
import { errnoText } from "../../fs/errno.ts";
import type { OperatorPaths } from "../../fs/operator-path.ts";
import type { Syscalls } from "../../fs/syscalls/interface.ts";
import { absolutePath } from "../../fs/working-directory.ts";
import { type BatchHeader, writeBatchHeader } from "../../protocol/batch-header.ts";
import { WireWriter } from "../../protocol/wire-writer.ts";

const EINVAL = -22;
const batchMode = 0o600;
const scriptMode = 0o700;

export class BatchRecorder {
  /** Whether the data of files goes here only. */
  readonly isOnly: boolean;
  private readonly syscalls: Syscalls;
  private readonly operator: OperatorPaths;
  private readonly path: ByteName;
  private descriptor = -1;
  /** What came before its head was known. */
  private early: Uint8Array[] | undefined = [];

  constructor(path: ByteName, isOnly: boolean, syscalls: Syscalls, operator: OperatorPaths) {
    this.path = path;
    this.isOnly = isOnly;
    this.syscalls = syscalls;
    this.operator = operator;
  }

  /**
   * Opens the file, and writes the script that goes with it.
   * @throws TsyncError file (exit 3 for the script, 11 for the file)
   */
  open(script: ByteName): void {
    const beside = `${this.path}.sh` as ByteName;
    const descriptor = this.create(beside, scriptMode, ExitCode.fileSelect);
    try {
      this.descriptor = this.create(this.path, batchMode, ExitCode.fileIo);
      this.writeTo(descriptor, toBytes(script));
    } finally {
      this.syscalls.close(descriptor);
    }
  }

  /**
   * Writes the head of the file, which everything else comes behind.
   * @throws TsyncError file (exit 11)
   */
  begin(header: BatchHeader): void {
    const writer = new WireWriter();
    writeBatchHeader(writer, header);
    const waiting = this.early ?? [];
    this.early = undefined;
    this.write(writer.take());
    for (const bytes of waiting) this.write(bytes);
  }

  /**
   * Adds what the sender has sent.
   * @throws TsyncError file (exit 11)
   */
  write(bytes: Uint8Array): void {
    if (this.early === undefined) this.writeTo(this.descriptor, bytes);
    else this.early.push(bytes.slice());
  }

  close(): void {
    if (this.descriptor >= 0) this.syscalls.close(this.descriptor);
    this.descriptor = -1;
  }

  private create(path: ByteName, mode: number, exitCode: ExitCode): number {
    const { writeOnly, create, truncate } = this.syscalls.flags;
    const descriptor = path === "" ? EINVAL : this.operator.open(path, writeOnly | create | truncate, mode);
    if (descriptor >= 0) return descriptor;
    const absolute = absolutePath(this.syscalls, path);
    const message = `[Receiver] Batch file "${absolute}" open error: ${errnoText(-descriptor)}`;
    throw new TsyncError("file", message, { exitCode, role: "Receiver", path: absolute });
  }

  private writeTo(descriptor: number, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const count = this.syscalls.write(descriptor, bytes, at, bytes.length - at, -1);
      if (count > 0) at += count;
      else {
        const message = `[sender] write error on batch file: ${errnoText(-count)}`;
        throw new TsyncError("file", message, { exitCode: ExitCode.fileIo, role: "sender", path: this.path });
      }
    }
  }
}
