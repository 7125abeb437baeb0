/** How much the generator deleted, of each kind (1-session 7.2). */
import { limits } from "../limits.ts";
import type { WireReader } from "./wire-reader.ts";
import type { WireWriter } from "./wire-writer.ts";

/** Numbers of deleted items; `files` are the regular ones. */
export interface DeleteCounts {
  readonly files: number;
  readonly directories: number;
  readonly symlinks: number;
  readonly devices: number;
  readonly specials: number;
}

export function writeDeleteCounts(writer: WireWriter, counts: DeleteCounts): void {
  writer.varint(counts.files);
  writer.varint(counts.directories);
  writer.varint(counts.symlinks);
  writer.varint(counts.devices);
  writer.varint(counts.specials);
}

/** The counts; one below 0 or above 2^28 is refused (exit 2). They are for display only. */
export function readDeleteCounts(reader: WireReader): DeleteCounts {
  const count = (): number => reader.varintIn("number of deleted items", 0, limits.deletedCount);
  return { files: count(), directories: count(), symlinks: count(), devices: count(), specials: count() };
}
