/** Permission strings: `drwxr-xr-x` of `--list-only` and the `rwxr-xr-x` of `%B` (3-transfer 9.6, 9.9). */
import { FileType } from "../protocol/file-entry.ts";

/** Nine letters for the permission bits, with `s S t T` for set-id and sticky bits. */
export function permissionText(mode: number): string {
  return (
    triplet(mode >> 6, (mode & 0o4000) !== 0, "s", "S") +
    triplet(mode >> 3, (mode & 0o2000) !== 0, "s", "S") +
    triplet(mode, (mode & 0o1000) !== 0, "t", "T")
  );
}

/** Ten letters: type, then permissions. */
export function modeText(mode: number): string {
  return (typeLetters.get(mode & FileType.mask) ?? "-") + permissionText(mode);
}

const typeLetters: ReadonlyMap<number, string> = new Map([
  [FileType.directory, "d"],
  [FileType.symlink, "l"],
  [FileType.block, "b"],
  [FileType.character, "c"],
  [FileType.socket, "s"],
  [FileType.fifo, "p"],
]);

function triplet(bits: number, special: boolean, both: string, alone: string): string {
  const execute = (bits & 1) !== 0;
  return (
    ((bits & 4) !== 0 ? "r" : "-") +
    ((bits & 2) !== 0 ? "w" : "-") +
    (special ? (execute ? both : alone) : execute ? "x" : "-")
  );
}
