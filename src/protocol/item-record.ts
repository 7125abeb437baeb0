/**
 * The records of the transfer phase (3-transfer 1.1, 7): an index, for a file followed by item flags, basis type and
 * name. What else belongs to an item (attribute requests, sum head, tokens) has codecs of its own, since it depends on
 * options.
 */
import type { ByteName } from "../bytes/byte-name.ts";
import { protocolError } from "../errors.ts";
import { limits } from "../limits.ts";
import { type DeleteCounts, readDeleteCounts, writeDeleteCounts } from "./delete-counts.ts";
import { ItemFlag } from "./item-flags.ts";
import { Ndx, type NdxReader, type NdxWriter } from "./ndx.ts";
import type { WireContext } from "./wire-context.ts";
import type { WireReader } from "./wire-reader.ts";
import type { WireWriter } from "./wire-writer.ts";

/** Basis types (3-transfer 1.1); below `destination`: the number of an alternate directory. */
export const BasisType = {
  destination: 0x80,
  partial: 0x81,
  backup: 0x82,
  /** A similar file in the destination directory; higher numbers: in the same place of an alternate directory. */
  fuzzy: 0x83,
} as const;

/** An item: what the generator wants done with one file, and the sender's answer. */
export interface ItemRecord {
  readonly kind: "item";
  /** Not negative; whether there is such an entry is up to the caller. */
  readonly ndx: number;
  /** `ItemFlag` bits. Before protocol 29 always `transfer` alone. */
  readonly flags: number;
  readonly basisType: number;
  /** Name of a fuzzy basis, or what a hard link was linked to; undefined without `nameFollows`. */
  readonly name: ByteName | undefined;
}

/** What may come where an item is expected. */
export type TransferRecord =
  | ItemRecord
  | { readonly kind: "done" }
  | { readonly kind: "lists-end" }
  /** The file list of the directory with this number follows (2-file-list 4.5). */
  | { readonly kind: "list"; readonly directory: number }
  | { readonly kind: "delete-stats"; readonly counts: DeleteCounts };

const oldFlags: number = ItemFlag.transfer;

/** Reads the records of one direction. */
export class TransferRecordReader {
  private readonly context: WireContext;
  private readonly ndxReader: NdxReader;
  /** The index of a record whose rest is not here yet. */
  private ndx: number | undefined;

  constructor(context: WireContext, ndxReader: NdxReader) {
    this.context = context;
    this.ndxReader = ndxReader;
  }

  /** The next record. To be called through `poll`, again until it succeeds. */
  read(reader: WireReader): TransferRecord {
    if (this.ndx === undefined) {
      this.ndx = this.ndxReader.read(reader);
      reader.commit();
    }
    const record = this.readRest(reader, this.ndx);
    this.ndx = undefined;
    return record;
  }

  private readRest(reader: WireReader, ndx: number): TransferRecord {
    if (ndx >= 0) return this.readItem(reader, ndx);
    const { protocol } = this.context;
    if (ndx === Ndx.done) return { kind: "done" };
    if (ndx === Ndx.deleteStats && protocol >= 31) return { kind: "delete-stats", counts: readDeleteCounts(reader) };
    if (protocol >= 30) {
      if (ndx === Ndx.listsEnd) return { kind: "lists-end" };
      if (ndx <= Ndx.listBase) return { kind: "list", directory: Ndx.listBase - ndx };
    }
    throw protocolError(`Invalid file index: ${ndx} [${reader.role}]`, reader.role);
  }

  private readItem(reader: WireReader, ndx: number): ItemRecord {
    if (this.context.protocol < 29) {
      return { kind: "item", ndx, flags: oldFlags, basisType: BasisType.destination, name: undefined };
    }
    const flags = reader.uint16();
    const basisType = (flags & ItemFlag.basisTypeFollows) === 0 ? BasisType.destination : reader.byte();
    let name: ByteName | undefined;
    if ((flags & ItemFlag.nameFollows) !== 0) {
      name = reader.vstring(limits.pathBytes - 1);
      if (name === undefined || name.includes("\0")) {
        throw protocolError(`Invalid name of a basis or link [${reader.role}]`, reader.role);
      }
    }
    return { kind: "item", ndx, flags, basisType, name };
  }
}

/** Writes the records of one direction. */
export class TransferRecordWriter {
  private readonly context: WireContext;
  private readonly ndxWriter: NdxWriter;

  constructor(context: WireContext, ndxWriter: NdxWriter) {
    this.context = context;
    this.ndxWriter = ndxWriter;
  }

  write(writer: WireWriter, record: TransferRecord): void {
    const { ndxWriter } = this;
    switch (record.kind) {
      case "item":
        ndxWriter.write(writer, record.ndx);
        if (this.context.protocol < 29) return;
        writer.uint16(record.flags);
        if ((record.flags & ItemFlag.basisTypeFollows) !== 0) writer.byte(record.basisType);
        if ((record.flags & ItemFlag.nameFollows) !== 0) writer.vstring(record.name ?? ("" as ByteName));
        return;
      case "done":
        ndxWriter.write(writer, Ndx.done);
        return;
      case "lists-end":
        ndxWriter.write(writer, Ndx.listsEnd);
        return;
      case "list":
        ndxWriter.write(writer, Ndx.listBase - record.directory);
        return;
      case "delete-stats":
        ndxWriter.write(writer, Ndx.deleteStats);
        writeDeleteCounts(writer, record.counts);
    }
  }
}
