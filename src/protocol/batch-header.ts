/** The head of a batch file (3-transfer 8.1); what follows are the bytes of a sender as they were sent. */
import { protocolError } from "../errors.ts";
import { versionMismatch } from "./session-start.ts";
import type { WireReader } from "./wire-reader.ts";
import type { WireWriter } from "./wire-writer.ts";

/** Stream flags: options that change the bytes. */
export const BatchFlag = {
  recurse: 0x0001,
  owner: 0x0002,
  group: 0x0004,
  links: 0x0008,
  devices: 0x0010,
  hardLinks: 0x0020,
  checksum: 0x0040,
  dirs: 0x0080,
  compress: 0x0100,
  iconv: 0x0200,
  acls: 0x0400,
  xattrs: 0x0800,
  inplace: 0x1000,
  append: 0x2000,
  appendVerify: 0x4000,
} as const;

export interface BatchHeader {
  /** `BatchFlag` bits. */
  readonly flags: number;
  readonly protocol: number;
  /** `CompatFlag` bits; 0 before protocol 30. */
  readonly compat: number;
  readonly seed: number;
}

/** Bits that mean something at a protocol (3-transfer 8.1). */
export function batchFlagsOf(protocol: number): number {
  return protocol >= 30 ? 0x7fff : protocol >= 29 ? 0x01ff : 0x007f;
}

export function writeBatchHeader(writer: WireWriter, header: BatchHeader): void {
  writer.int32(header.flags);
  writer.int32(header.protocol);
  if (header.protocol >= 30) writer.varint(header.compat);
  writer.int32(header.seed);
}

/** The head of a batch; a protocol newer than ours, or one we do not speak, is refused (exit 2). */
export function readBatchHeader(reader: WireReader, newest: number, oldest: number): BatchHeader {
  const flags = reader.int32();
  const protocol = reader.int32();
  if (protocol > newest) {
    const message = `The protocol version in the batch file is too new (${protocol} > ${newest}).`;
    throw protocolError(message, reader.role);
  }
  if (protocol < oldest) throw versionMismatch(reader.role);
  const compat = protocol >= 30 ? reader.varint() : 0;
  return { flags: flags & batchFlagsOf(protocol), protocol, compat, seed: reader.int32() };
}
