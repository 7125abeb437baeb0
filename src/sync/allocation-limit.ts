/**
 * `--max-alloc`: ends a run where rsync would refuse to get so much memory at once (3-transfer 10.2). What is counted is what
 * it needs, a pointer for each name of a list, whose room it doubles, and a record for each block; ours have bounds of their
 * own besides (`limits`).
 */
import { ExitCode, type Role, TsyncError } from "../errors.ts";

/** Names that a list has room for at first. */
const firstNames = 32 * 1024;
const pointerBytes = 8;
const blockBytes = 24;

/** Throws (exit 22) when a list of so many names is more than `maxAlloc` bytes allow. */
export function checkListAllocation(count: number, maxAlloc: number, role: Role): void {
  if (count <= firstNames) return;
  const room = firstNames * 2 ** Math.ceil(Math.log2(count / firstNames));
  if (room >= Math.floor(maxAlloc / pointerBytes)) throw exceeded(maxAlloc, role);
}

/** The same for the sums of so many blocks. */
export function checkBlockAllocation(count: number, maxAlloc: number): void {
  if (count >= Math.floor(maxAlloc / blockBytes)) throw exceeded(maxAlloc, "sender");
}

function exceeded(maxAlloc: number, role: Role): TsyncError {
  const message = `[${role}] exceeded --max-alloc=${maxAlloc} setting`;
  return new TsyncError("limit", message, { exitCode: ExitCode.malloc, role, plain: true });
}
