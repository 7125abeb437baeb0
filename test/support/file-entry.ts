/** Entries of lists for tests. */
import { baseName, byteName } from "../../src/bytes/byte-name.ts";
import { type FileEntry, FileType } from "../../src/protocol/file-entry.ts";

/** An empty regular file of root's from 1970, unless the parts say otherwise. */
export function makeFileEntry(path: string, parts: Partial<FileEntry> = {}): FileEntry {
  return {
    path: byteName(path),
    name: baseName(byteName(path)),
    root: 0,
    mode: FileType.regular | 0o644,
    size: 0,
    mtime: 0,
    mtimeNanoseconds: 0,
    atime: 0,
    uid: 0,
    gid: 0,
    rdevMajor: 0,
    rdevMinor: 0,
    flags: 0,
    target: undefined,
    linkGroup: -1,
    checksum: undefined,
    accessAcl: undefined,
    defaultAcl: undefined,
    xattrs: undefined,
    ...parts,
  };
}
