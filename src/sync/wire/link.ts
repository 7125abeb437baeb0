/** What the parts of one end of a session share. */

import { createTokenReader, createTokenSink } from "../../compress/token-codec.ts";
import { type BlockSummer, type BlockSumOptions, createBlockSummer } from "../../delta/block-sums.ts";
import { createChecksum, digestBytes, type StreamingChecksum } from "../../delta/checksum.ts";
import { type DeltaMemory, deltaMemoryFor } from "../../delta/delta-memory.ts";
import type { TransferOptions } from "../../options/transfer-options.ts";
import type { FileListSettings } from "../../protocol/file-list-settings.ts";
import { TransferRecordReader, TransferRecordWriter } from "../../protocol/item-record.ts";
import { NdxReader, NdxWriter } from "../../protocol/ndx.ts";
import type { TokenReader, TokenSink } from "../../protocol/token.ts";
import { WireWriter } from "../../protocol/wire-writer.ts";
import type { Connection } from "../../transport/connection.ts";
import type { BatchRecorder } from "./batch-recorder.ts";
import type { Condition } from "./condition.ts";
import type { Session } from "./session.ts";
import type { WireNames } from "./wire-names.ts";

/** One end of a session. */
export class Link {
  readonly connection: Connection;
  readonly session: Session;
  readonly condition: Condition;
  readonly records: TransferRecordReader;
  private readonly recordWriter: TransferRecordWriter;
  private summerMade: BlockSummer | undefined;
  private readerMade: TokenReader | undefined;
  private sinkMade: TokenSink | undefined;
  private memoryMade: DeltaMemory | undefined;
  private freeChecksum: StreamingChecksum | undefined;

  /** The batch file that is written meanwhile. */
  readonly recorder: BatchRecorder | undefined;
  /** Data that only goes there. */
  private readonly recordedOnly = new WireWriter();

  /** `--iconv`: converts names. */
  readonly names: WireNames | undefined;

  constructor(
    connection: Connection,
    session: Session,
    condition: Condition,
    names: WireNames | undefined,
    recorder?: BatchRecorder,
  ) {
    this.connection = connection;
    this.names = names;
    this.recorder = recorder;
    this.session = session;
    this.condition = condition;
    this.records = new TransferRecordReader(session, new NdxReader(session.protocol));
    this.recordWriter = new TransferRecordWriter(session, new NdxWriter(session.protocol));
  }

  write(record: Parameters<TransferRecordWriter["write"]>[1]): void {
    this.recordWriter.write(this.connection.out, record);
  }

  /** Where the data of a file is written, and the sums that it refers to; what was sent before must be flushed. */
  get data(): WireWriter {
    return this.recorder?.isOnly === true ? this.recordedOnly : this.connection.out;
  }

  /** All bytes of records and data so far, without frames. */
  get dataBytes(): number {
    return this.connection.out.total + this.recordedOnly.total;
  }

  /** Hands the data on; as `Connection.settle`. */
  settleData(): Promise<void> | undefined {
    if (this.recordedOnly.length > 0) this.recorder?.write(this.recordedOnly.take());
    return this.connection.settle();
  }

  /** Length of the digest behind the data of a file. */
  get digestBytes(): number {
    return digestBytes[this.session.transferChecksum];
  }

  /** The digest of whole files of this session (3-transfer 2.6), to be released: it is used again. */
  readonly wholeChecksum = (): StreamingChecksum => {
    const { seededDigest, seed } = this.session;
    const checksum = this.freeChecksum ?? this.makeChecksum();
    this.freeChecksum = undefined;
    if (seededDigest) {
      const bytes = new Uint8Array(4);
      new DataView(bytes.buffer).setInt32(0, seed, true);
      checksum.update(bytes, 0, bytes.length);
    }
    return checksum;
  };

  private makeChecksum(): StreamingChecksum {
    const { memory } = this;
    const made = createChecksum(this.session.transferChecksum, { kernels: memory.kernels });
    const release = (): void => {
      if (this.memoryMade !== memory || this.freeChecksum !== undefined) {
        made.release();
        return;
      }
      made.reset();
      this.freeChecksum = checksum;
    };
    const checksum: StreamingChecksum = Object.create(made, { release: { value: release } });
    return checksum;
  }

  /** What reads the data of files. */
  get tokenReader(): TokenReader {
    const { compression, protocol } = this.session;
    this.readerMade ??= createTokenReader(compression.name, protocol);
    return this.readerMade;
  }

  /** What writes the data of files. */
  get tokenSink(): TokenSink {
    const { compression, protocol } = this.session;
    this.sinkMade ??= createTokenSink({ ...compression, protocol });
    return this.sinkMade;
  }

  /** Gives back what the compression holds. */
  close(): void {
    this.readerMade?.close();
    this.sinkMade?.close();
  }

  /** Kernels and buffers for the data of files, one set for the session: making one costs more than a small file. */
  get memory(): DeltaMemory {
    return this.memoryFor(0, false);
  }

  /**
   * The same with tables for the search of so many blocks. Sums and digests come from these kernels; those that were made before from
   * others stay usable, but copy what they are given.
   */
  memoryFor(blocks: number, updating: boolean): DeltaMemory {
    if (blocks === 0 && this.memoryMade !== undefined) return this.memoryMade;
    const memory = deltaMemoryFor(blocks, updating, this.memoryMade);
    if (memory === this.memoryMade) return memory;
    this.memoryMade = memory;
    this.summerMade = undefined;
    this.freeChecksum = undefined;
    return memory;
  }

  /** What the sums of blocks of this session depend on; undefined where files are always sent whole. */
  get sums(): Omit<BlockSumOptions, "kernels"> | undefined {
    const { transferChecksum: name, seed, seedFirst } = this.session;
    return name === "none" ? undefined : { name, seed, seedFirst };
  }

  /** Makes them. */
  get summer(): BlockSummer | undefined {
    const { sums } = this;
    if (sums === undefined) return undefined;
    this.summerMade ??= createBlockSummer({ ...sums, kernels: this.memory.kernels });
    return this.summerMade;
  }
}

/** What the options say about the bytes of file lists. */
export function fileListSettings(options: TransferOptions, session: Session): FileListSettings {
  return {
    protocol: session.protocol,
    compat: session.compat,
    owner: options.owner,
    group: options.group,
    devices: options.devices,
    specials: options.specials,
    links: options.links,
    hardLinks: options.hardLinks,
    atimes: options.atimes,
    acls: options.acls,
    xattrs: options.xattrs > 0,
    checksumBytes: options.checksum ? digestBytes[session.listChecksum] : 0,
    numericIds: options.numericIds,
    relative: options.relative,
    recursive: options.recursive,
    missingArguments: options.missingArguments === "delete",
  };
}
