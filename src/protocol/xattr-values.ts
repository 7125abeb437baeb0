/**
 * How long values of attributes are asked for and sent, behind an item record (2-file-list 7.5). Numbers are places in the
 * sender's list, from 1 on.
 */
import { protocolError } from "../errors.ts";
import { limits } from "../limits.ts";
import { ItemFlag } from "./item-flags.ts";
import { hasXattrOptimisation, type WireContext } from "./wire-context.ts";
import type { WireReader } from "./wire-reader.ts";
import type { WireWriter } from "./wire-writer.ts";

/** A value with the number of its attribute. */
export interface NumberedValue {
  readonly number: number;
  readonly value: Uint8Array;
}

/** Whether an item with these flags is followed by requests (or values) at all, if `-X` is on and nothing is dry. */
export function hasXattrValues(flags: number, context: WireContext): boolean {
  if ((flags & ItemFlag.xattr) === 0 || context.protocol < 30) return false;
  const link = ItemFlag.nameFollows | ItemFlag.local;
  return !(hasXattrOptimisation(context) && (flags & link) === link);
}

/** Asks for these numbers; none is a valid request too. */
export function writeXattrRequest(writer: WireWriter, numbers: readonly number[]): void {
  let previous = 0;
  for (const number of numbers) {
    writer.varint(number - previous);
    previous = number;
  }
  writer.byte(0);
}

/**
 * The numbers asked for, in the order of the request. `count`: attributes of the file. A number that it does not have, or
 * one named twice, is refused (exit 2).
 */
export function readXattrRequest(reader: WireReader, count: number): readonly number[] {
  const numbers = new Set<number>();
  let previous = 0;
  for (let step = reader.varint(); step !== 0; step = reader.varint()) {
    const number = reader.checked("number of an xattr", previous + step, 1, count);
    if (numbers.has(number)) throw protocolError(`xattr ${number} is asked for twice [${reader.role}]`, reader.role);
    numbers.add(number);
    previous = number;
  }
  return [...numbers];
}

/** Sends values, by ascending number. */
export function writeXattrValues(writer: WireWriter, values: readonly NumberedValue[]): void {
  let previous = 0;
  for (const { number, value } of values) {
    writer.varint(number - previous);
    writer.varint(value.length);
    writer.data(value);
    previous = number;
  }
  writer.byte(0);
}

/** Collects the values behind one item. */
export class XattrValuesReader {
  private readonly count: number;
  private readonly values: NumberedValue[] = [];
  private bytes = 0;

  /** `count`: attributes of the file. */
  constructor(count: number) {
    this.count = count;
  }

  /** All values, once they are here; through `poll`, again until it succeeds. */
  read(reader: WireReader): readonly NumberedValue[] {
    for (;;) {
      const step = reader.varint();
      if (step === 0) return this.values;
      const previous = this.values.at(-1)?.number ?? 0;
      const number = reader.checked("number of an xattr", previous + step, previous + 1, this.count);
      const length = reader.varintIn("length of an xattr value", 0, limits.xattrValueBytes);
      if (this.bytes + length > limits.xattrListBytes) {
        throw protocolError(`xattrs of a file are too large [${reader.role}]`, reader.role);
      }
      this.values.push({ number, value: reader.copy(length) });
      this.bytes += length;
      reader.commit();
    }
  }
}
