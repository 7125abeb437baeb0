/** Reads the files that filter rules name: the operator's with links, per-directory ones without those of others (4-traps O-04). */
import { type ByteName, joinName } from "../bytes/byte-name.ts";
import type { FilterReader } from "../filter/rule-list.ts";
import { errnoText } from "../fs/errno.ts";
import type { OperatorPaths } from "../fs/operator-path.ts";
import { emptyStat, type Syscalls } from "../fs/syscalls/interface.ts";
import { FileType } from "../protocol/file-entry.ts";

const EPERM = -1;
const EISDIR = -21;
const ELOOP = -40;

/**
 * A reader on the file system; `operator` opens what the operator named, `merged` the merge files of directories, `warn` gets
 * remarks that stop nothing. With `throughLinks` directories may have been entered through links: no file behind one of
 * somebody else is read then. `leavesTimes`: what is read here rsync does not read, and no time of access is to tell of it.
 */
export function fileFilterReader(
  syscalls: Syscalls,
  operator: OperatorPaths,
  warn: (text: ByteName) => void = () => {},
  throughLinks = false,
  merged: OperatorPaths = operator,
  leavesTimes = false,
): FilterReader {
  const { readOnly, nonBlock, noFollow, noAccessTime } = syscalls.flags;
  const openMerged = (path: ByteName, extra: number): number => {
    const how = readOnly | nonBlock | extra;
    const plain = throughLinks || merged.confined ? ELOOP : syscalls.openPath(path, how | noFollow);
    // A link in place of the file is followed if it is root's or ours, as in a path of the operator (O-01).
    return plain === ELOOP ? merged.open(path, how) : plain;
  };
  return {
    readOperatorFile: (path) => readOperatorFile(syscalls, operator, path, nonBlock),
    readMergeFile: (directory, name) => {
      const path = name.startsWith("/") ? name : joinName(directory, name);
      const quiet = leavesTimes ? openMerged(path, noAccessTime) : EPERM;
      // That is for the owner only.
      const descriptor = quiet === EPERM ? openMerged(path, 0) : quiet;
      const content = descriptor < 0 ? descriptor : readWhole(syscalls, descriptor, true);
      return typeof content === "number" ? undefined : content;
    },
    describeError: (errno) => errnoText(Math.abs(errno)),
    warn,
  };
}

/** The content of a file named by the operator, or a negative errno; `-` is standard input. */
export function readOperatorFile(
  syscalls: Syscalls,
  operator: OperatorPaths,
  path: ByteName,
  flags = 0,
): Uint8Array | number {
  if (path === "-") return readWhole(syscalls, 0, false);
  const descriptor = operator.open(path, syscalls.flags.readOnly | flags);
  return descriptor < 0 ? descriptor : readWhole(syscalls, descriptor, true);
}

function readWhole(syscalls: Syscalls, descriptor: number, close: boolean): Uint8Array | number {
  const chunks: Uint8Array[] = [];
  let outcome = 0;
  const stat = emptyStat();
  if (syscalls.fstat(descriptor, stat) === 0 && (stat.mode & FileType.mask) === FileType.directory) outcome = EISDIR;
  while (outcome === 0) {
    const chunk = new Uint8Array(64 * 1024);
    const count = syscalls.read(descriptor, chunk, 0, chunk.length, -1);
    if (count < 0) outcome = count;
    if (count <= 0) break;
    chunks.push(chunk.subarray(0, count));
  }
  if (close) syscalls.close(descriptor);
  return outcome < 0 ? outcome : new Uint8Array(Buffer.concat(chunks));
}
