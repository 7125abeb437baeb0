/**
 * The eleven characters of `--itemize-changes` (3-transfer 9.6). In a local run every transfer is shown as received.
 */
import { type FileEntry, FileType } from "../protocol/file-entry.ts";
import { ItemFlag } from "../protocol/item-flags.ts";

/** What `%i` shows for a deletion. */
export const deletingItem = "*deleting  ";

/** How flags are to be read. */
export interface ItemizeStyle {
  /** Transfers go to another machine; in a local run and from another machine they are received. */
  readonly sends?: boolean;
  /** `-t`: else a pending time change shows as `T`. */
  readonly timesKept: boolean;
}

/** The string for one item; `linked` when the item reports a hard link. */
export function itemize(flags: number, entry: FileEntry, linked: boolean, style: ItemizeStyle): string {
  const type = entry.mode & FileType.mask;
  const symlink = type === FileType.symlink;
  const first = updateType(flags, linked, style.sends === true);
  const head = first + (typeLetters.get(type) ?? "S");
  if ((flags & ItemFlag.unknown) !== 0) return `${head}?????????`;
  if ((flags & ItemFlag.isNew) !== 0) return `${head}+++++++++`;
  const tail =
    letter(flags, ItemFlag.change, "c") +
    (symlink ? "." : letter(flags, ItemFlag.size, "s")) +
    timeLetter(flags, symlink, style) +
    letter(flags, ItemFlag.permissions, "p") +
    letter(flags, ItemFlag.owner, "o") +
    letter(flags, ItemFlag.group, "g") +
    accessLetter(flags) +
    letter(flags, ItemFlag.acl, "a") +
    letter(flags, ItemFlag.xattr, "x");
  return tail === unchanged && (flags & ItemFlag.transfer) === 0 ? `${head}         ` : head + tail;
}

const unchanged = ".........";
const typeLetters: ReadonlyMap<number, string> = new Map([
  [FileType.regular, "f"],
  [FileType.directory, "d"],
  [FileType.symlink, "L"],
  [FileType.block, "D"],
  [FileType.character, "D"],
]);

function updateType(flags: number, linked: boolean, sends: boolean): string {
  if ((flags & ItemFlag.transfer) !== 0) return sends ? "<" : ">";
  if ((flags & ItemFlag.local) === 0) return ".";
  return linked ? "h" : "c";
}

function letter(flags: number, flag: number, shown: string): string {
  return (flags & flag) === 0 ? "." : shown;
}

function timeLetter(flags: number, symlink: boolean, style: ItemizeStyle): string {
  if ((flags & ItemFlag.time) === 0) return ".";
  // On a symlink the size bit says that its time could not be set.
  return style.timesKept && !(symlink && (flags & ItemFlag.size) !== 0) ? "t" : "T";
}

function accessLetter(flags: number): string {
  const accessed = (flags & ItemFlag.accessTime) !== 0;
  const created = (flags & ItemFlag.createTime) !== 0;
  return accessed && created ? "b" : accessed ? "u" : created ? "n" : ".";
}
