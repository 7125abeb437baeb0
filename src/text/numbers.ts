/**
 * Numbers as rsync prints them (3-transfer 9.7, 9.8): plain, grouped, or with units; rates; seconds. Pure.
 */
import type { TextLocale } from "./locale.ts";

/** `-h` level (0 plain, 1 grouped, 2 units of 1000, 3 units of 1024) and the punctuation. */
export interface NumberStyle {
  readonly level: number;
  readonly decimalComma: boolean;
}

/** The style for a level in a locale. */
export function numberStyle(level: number, locale: TextLocale): NumberStyle {
  return { level, decimalComma: locale.decimalComma };
}

const units = ["K", "M", "G", "T", "P"];

/** A whole number of bytes: `1,234`, `1.23K`. */
export function humanNumber(value: number, style: NumberStyle): string {
  return inUnits(value, style) ?? countNumber(value, style);
}

/** A whole number that never uses units: `1,234`. */
export function countNumber(value: number, style: NumberStyle): string {
  return style.level === 0 ? String(value) : group(String(value), style);
}

/** A number with `decimals` places, with units from level 2 on: the rate of the summary. */
export function humanDecimal(value: number, decimals: number, style: NumberStyle): string {
  return inUnits(value, style) ?? countDecimal(value, decimals, style);
}

/** A number with `decimals` places that never uses units: speed-up and seconds. */
export function countDecimal(value: number, decimals: number, style: NumberStyle): string {
  const text = fixed(value, decimals);
  const point = text.indexOf(".");
  const whole = style.level === 0 ? text.slice(0, point) : group(text.slice(0, point), style);
  return `${whole}${style.decimalComma ? "," : "."}${text.slice(point + 1)}`;
}

/** Transfer rate of a progress line, ten columns: `  12.34kB/s`. `bytesPerSecond` in steps of 1024. */
export function progressRate(bytesPerSecond: number, style: NumberStyle): string {
  let rate = bytesPerSecond / 1024;
  let unit = "kB/s";
  if (rate > 1024) {
    rate /= 1024;
    unit = "MB/s";
    if (rate > 1024) {
      rate /= 1024;
      unit = "GB/s";
    }
  }
  const text = fixed(rate, 2);
  return (style.decimalComma ? text.replace(".", ",") : text).padStart(7) + unit;
}

/** Hours, minutes, seconds in ten columns; `  ??:??:??` when unknown (negative) or more than 9999 hours. */
export function progressTime(seconds: number): string {
  if (!(seconds >= 0) || seconds > 9999 * 3600) return "  ??:??:??";
  const whole = Math.trunc(seconds);
  const hours = Math.trunc(whole / 3600);
  return `${String(hours).padStart(4)}:${two(Math.trunc(whole / 60) % 60)}:${two(whole % 60)}`;
}

/** `value` with exactly `decimals` places; exact ties go to the even digit, as C's printf does. */
export function fixed(value: number, decimals: number): string {
  const text = value.toFixed(decimals);
  // Only a multiple of 2^-(decimals+1) can lie exactly between two neighbours.
  const scaled = value * 2 ** (decimals + 1);
  if (!Number.isInteger(scaled)) return text;
  const halves = scaled * 5 ** decimals;
  if (!Number.isSafeInteger(halves) || halves % 2 === 0) return text;
  const below = Math.floor(halves / 2);
  const even = below % 2 === 0 ? below : below + 1;
  return (even / 10 ** decimals).toFixed(decimals);
}

function inUnits(value: number, style: NumberStyle): string | undefined {
  if (style.level < 2) return undefined;
  const step = style.level === 2 ? 1000 : 1024;
  if (Math.abs(value) < step) return undefined;
  let scaled = value / step;
  let index = 0;
  while (Math.abs(scaled) >= step && index < units.length - 1) {
    scaled /= step;
    index++;
  }
  const text = fixed(scaled, 2) + (units[index] ?? "");
  return style.decimalComma ? text.replace(".", ",") : text;
}

function group(digits: string, style: NumberStyle): string {
  return digits.length < 4 ? digits : digits.replace(/\B(?=(?:\d{3})+$)/g, style.decimalComma ? "." : ",");
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
