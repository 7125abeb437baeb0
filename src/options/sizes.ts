/**
 * Size and integer arguments (3-transfer 10.1): `1.5k`, `2MiB`, `10mb-1`; decimal, octal and hexadecimal integers as
 * C's strtol reads them.
 */
import type { ByteName } from "../bytes/byte-name.ts";
import { usageError } from "../errors.ts";

/** Allowed range of a size argument. */
export interface SizeRange {
  /** Bytes per unit when the argument has no suffix: `b` for sizes, `k` for `--bwlimit`. */
  readonly defaultSuffix: "b" | "k";
  readonly min: number;
  /** Undefined: as far as a signed 64-bit number goes. */
  readonly max?: number;
  /** 0 is allowed below `min` and means no limit. */
  readonly zeroUnlimited?: boolean;
}

/** Range of `--max-alloc`, also of `$RSYNC_MAX_ALLOC`. */
export const maxAllocRange: SizeRange = { defaultSuffix: "b", min: 1024 * 1024, zeroUnlimited: true };
/** What rsync allocates at most unless told otherwise. */
export const maxAllocDefault: number = 2 ** 30;

const powers = "bkmgtp";
/** Above this rsync's signed 64-bit count would overflow. */
const countLimit = 2 ** 63;

/**
 * The number of bytes that `--NAME=TEXT` means, rounded down. Values above 2^53 are exact only as far as doubles are,
 * as in rsync.
 * @throws TsyncError usage: `--NAME=TEXT is invalid`, `... is too small (min: ...)`, `... is too large (max: ...)`
 */
export function parseSize(name: string, text: ByteName, range: SizeRange): number {
  const limit = range.max === undefined ? "" : ` (max: ${unitsOf1024(range.max)})`;
  // A negative number wraps, whatever follows it.
  if (/^-\.?[0-9]/.test(text)) throw usageError(`--${name}=${text} is too large${limit}`);
  const match = /^([0-9]*\.?[0-9]*)(?:([bkmgtp])(b|ib)?)?([-+]1)?$/i.exec(text);
  if (match === null) throw usageError(`--${name}=${text} is invalid`);
  const [, digits = "", suffix, unit, adjustment] = match;
  const power = powers.indexOf((suffix ?? range.defaultSuffix).toLowerCase());
  const base = unit?.toLowerCase() === "b" ? 1000 : 1024;
  const size = Math.trunc((Number.parseFloat(digits) || 0) * base ** power) + Number(adjustment ?? 0);
  if (size < 0 || size >= countLimit || (range.max !== undefined && size > range.max)) {
    throw usageError(`--${name}=${text} is too large${limit}`);
  }
  if (size < range.min && !(size === 0 && range.zeroUnlimited === true)) {
    const unlimited = range.zeroUnlimited === true ? " or 0 for unlimited" : "";
    throw usageError(`--${name}=${text} is too small (min: ${unitsOf1024(range.min)}${unlimited})`);
  }
  return size;
}

/**
 * An integer argument: spaces and a sign may precede it, `0x` and `0` choose the base, empty text is 0.
 * `shown` is the option as typed; the errors quote it.
 * @throws TsyncError usage: `SHOWN: invalid numeric value`, `SHOWN: number too large or too small`
 */
export function parseInteger(text: ByteName, shown: string): number {
  if (text === "") return 0;
  const match = /^[ \t\n\v\f\r]*([-+]?)(0x[0-9a-f]+|0[0-7]*|[1-9][0-9]*)$/i.exec(text);
  if (match === null) throw usageError(`${shown}: invalid numeric value`);
  const [, sign, digits = ""] = match;
  const isOctal = /^0[0-7]+$/.test(digits);
  const magnitude = isOctal ? Number.parseInt(digits, 8) : Number(digits);
  const value = sign === "-" ? 0 - magnitude : magnitude;
  if (value > 2 ** 31 - 1 || value < -(2 ** 31)) throw usageError(`${shown}: number too large or too small`);
  return value;
}

/** `512`, `128.00K`, `1.00M`: how the range errors show a bound. */
function unitsOf1024(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), powers.length - 1);
  return power === 0 ? String(bytes) : `${(bytes / 1024 ** power).toFixed(2)}${powers[power]?.toUpperCase()}`;
}
