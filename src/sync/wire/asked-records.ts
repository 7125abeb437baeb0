/** The generator's records that the sender has not answered, in the order in which they were sent (3-transfer 3.1). */
import type { WireSumHead } from "../../protocol/block-sums.ts";
import type { ItemRecord, TransferRecord } from "../channel.ts";

/** A record that the sender has not answered. `recorded`: the sums are those of who wrote the batch that is read. */
export type Asked =
  | { readonly record: ItemRecord; readonly head: undefined }
  | { readonly record: TransferRecord; readonly head: WireSumHead | "recorded" | undefined };

/** So many answered records are forgotten at once. */
const forgottenAtOnce = 1024;

/** Mostly the first is answered next: taking it moves nothing (bench: many small files). */
export class AskedRecords {
  private readonly records: (Asked | undefined)[] = [];
  /** Where the first is; what is before it has been taken. */
  private first = 0;

  get length(): number {
    return this.records.length - this.first;
  }

  push(asked: Asked): void {
    this.records.push(asked);
  }

  at(place: number): Asked | undefined {
    return this.records[this.first + place];
  }

  /** The place of the first record with this index, of one kind; negative if there is none. */
  find(ndx: number, isTransfer: boolean): number {
    const { records, first } = this;
    for (let at = first; at < records.length; at++) {
      const record = records[at]?.record;
      if (record?.ndx === ndx && (record.kind === "transfer") === isTransfer) return at - first;
    }
    return -1;
  }

  /** Takes the record at a place out. */
  take(place: number): Asked | undefined {
    const { records, first } = this;
    if (place > 0) return records.splice(first + place, 1)[0];
    const asked = records[first];
    if (asked === undefined) return undefined;
    records[first] = undefined;
    this.first++;
    if (this.first === records.length || this.first === forgottenAtOnce) {
      records.splice(0, this.first);
      this.first = 0;
    }
    return asked;
  }
}
