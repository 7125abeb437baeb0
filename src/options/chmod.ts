/**
 * `--chmod` (3-transfer 10.2): parses the comma list and applies it to a mode. Checked against rsync 3.5.0 on real
 * files. Pure: the umask is an argument, because items without a class obey it. Never apply it to symbolic links.
 */
import type { ByteName } from "../bytes/byte-name.ts";
import { usageError } from "../errors.ts";
import { FileType } from "../protocol/file-entry.ts";
import type { ModeChange } from "./transfer-options.ts";

type AppliesTo = ModeChange["appliesTo"];

const classBits: Readonly<Record<string, number>> = { u: 0o700, g: 0o070, o: 0o007, a: 0o777 };
/** Set-id bits that `s` means for a class, and that `=` clears together with `s` or `t`. */
const setIdBits: Readonly<Record<string, number>> = { u: 0o4000, g: 0o2000, o: 0, a: 0o6000 };
/** Special bits that a copying `=` clears in its destination. */
const copyClears: Readonly<Record<string, number>> = { u: 0o4000, g: 0o2000, o: 0o1000, a: 0o7000 };
const permissionBits: Readonly<Record<string, number>> = { r: 0o444, w: 0o222, x: 0o111 };
const classShift: Readonly<Record<string, number>> = { u: 6, g: 3, o: 0 };

/**
 * Parses the argument of one `--chmod`. Several options add up: append the lists.
 * @throws TsyncError usage, `Invalid argument passed to --chmod (TEXT)`
 */
export function parseChmod(text: ByteName): ModeChange[] {
  return text.split(",").map((item) => {
    const change = parseItem(item);
    if (change === undefined) throw usageError(`Invalid argument passed to --chmod (${text})`);
    return change;
  });
}

/**
 * The mode (type bits included and kept) after all changes. `X` looks at the mode before the first change, a
 * copied class at the mode reached so far.
 */
export function applyModeChanges(mode: number, changes: readonly ModeChange[], umask: number): number {
  if (changes.length === 0) return mode;
  const isDirectory = (mode & FileType.mask) === FileType.directory;
  const mayExecute = isDirectory || (mode & 0o111) !== 0;
  let permissions = mode & 0o7777;
  for (const change of changes) {
    if (change.appliesTo === "directories" ? !isDirectory : change.appliesTo === "files" && isDirectory) continue;
    permissions = applyOne(permissions, change, mayExecute, umask);
  }
  return (mode & ~0o7777) | permissions;
}

function applyOne(permissions: number, change: ModeChange, mayExecute: boolean, umask: number): number {
  if (change.kind === "octal") return change.mode;
  let bits: number;
  if (change.kind === "copy") {
    bits = ((permissions >> change.fromShift) & 7) * 0o111;
  } else {
    bits = change.bits;
    // `X` overrides an `x` beside it; taken away, it is an `x`.
    if (change.conditionalExecute) {
      bits = mayExecute || change.operation === "-" ? bits | 0o111 : bits & ~0o111;
    }
  }
  bits &= change.who & (change.obeysUmask ? ~umask : 0o777);
  if (change.kind === "bits") bits |= change.special;
  switch (change.operation) {
    case "+":
      return permissions | bits;
    case "-":
      return permissions & ~bits;
    case "=":
      return (permissions & ~(change.who | change.specialCleared)) | bits;
  }
}

function parseItem(item: string): ModeChange | undefined {
  const octal = /^(D*|F*)([0-7]+)$/.exec(item);
  if (octal !== null) {
    const mode = Number.parseInt(octal[2] ?? "", 8);
    return mode > 0o7777 ? undefined : { kind: "octal", appliesTo: appliesToOf(octal[1] ?? ""), mode };
  }
  const symbolic = /^([ugoaDF]*)([-+=])([rwxXst]*|[ugo])$/.exec(item);
  if (symbolic === null) return undefined;
  const [, prefix = "", operator = "", letters = ""] = symbolic;
  if (prefix.includes("D") && prefix.includes("F")) return undefined;
  const operation = operator === "+" ? "+" : operator === "-" ? "-" : "=";
  const classes = prefix.replace(/[DF]/g, "");
  const obeysUmask = classes === "";
  const common = {
    appliesTo: appliesToOf(prefix),
    operation,
    who: obeysUmask ? 0o777 : union(classes, classBits),
    obeysUmask,
  } as const;
  const fromShift = classShift[letters];
  if (fromShift !== undefined) {
    return { kind: "copy", ...common, fromShift, specialCleared: union(obeysUmask ? "a" : classes, copyClears) };
  }
  const setId = union(classes, setIdBits);
  let special = 0;
  for (const letter of letters) {
    // Without `u` or `g`, `s` means setuid, and rsync forgets a `t` before it.
    if (letter === "s") special = setId === 0 ? 0o4000 : special | setId;
    if (letter === "t") special |= 0o1000;
  }
  return {
    kind: "bits",
    ...common,
    bits: union(letters, permissionBits),
    conditionalExecute: letters.includes("X"),
    special,
    specialCleared: special === 0 ? 0 : setId,
  };
}

function appliesToOf(prefix: string): AppliesTo {
  return prefix.includes("D") ? "directories" : prefix.includes("F") ? "files" : "all";
}

function union(letters: string, bits: Readonly<Record<string, number>>): number {
  let result = 0;
  for (const letter of letters) result |= bits[letter] ?? 0;
  return result;
}
