/**
 * Extended attributes through libc. Linux 6.13 has calls for a name in an open directory; before, the l*xattr calls on
 * `/proc/self/fd/<directory>/<name>` do the same for 3 us more. Neither follows a link at the name, nor walks a path
 * that can be exchanged (4-traps P-02).
 */
import { type ByteName, compareBytes } from "../../bytes/byte-name.ts";
import type { Xattr } from "../../protocol/file-entry.ts";
import { checkName, Errno } from "./common.ts";
import type { Syscalls, UnreadableXattr, XattrChange } from "./interface.ts";
import type { Libc, Scratch } from "./libc.ts";

const AT_SYMLINK_NOFOLLOW = 0x100;
// These numbers are the same on every architecture.
const SYS_setxattrat = 463;
const SYS_getxattrat = 464;
const SYS_listxattrat = 465;
const SYS_removexattrat = 466;
/** sizeof(struct xattr_args): pointer to the value, its length, flags. */
const argumentBytes = 16;

/**
 * The kernel allocates and clears as much as it is offered, which costs more than the call itself; almost every list and
 * value fits here (bench cases `attributes`).
 */
const usualBytes = 4096;
/** Lists of attributes up to this long, names and values together, are remembered, and so many of them. */
const knownText = 1024;
const knownLists = 1024;

/** The calls on the object whose path or name is the first name; results are C's. */
interface Calls {
  /** Lists names, or reads the attribute that is the second name, into so much of the list area. */
  readonly list: (length: number) => number;
  readonly get: (length: number) => number;
  /** Sets the attribute that is the second name to the value in the list area. */
  readonly set: (length: number) => number;
  readonly remove: () => number;
}

/** The attribute calls of the koffi back end; `oldKernel` leaves out what Linux 6.13 added. */
export function koffiXattrs(
  libc: Libc,
  scratch: Scratch,
  oldKernel: boolean,
): Pick<Syscalls, "readXattrs" | "changeXattrs" | "setXattrAt" | "removeXattrAt"> {
  const { bytes, listOffset, listBytes } = scratch;
  let directory = -1;
  let byPath: Calls | undefined;
  let byName: Calls | undefined;
  let useNames = !oldKernel;
  const known = new KnownLists();

  /** Runs a call on the object `name` of `directory` with whichever calls this kernel has; the result or an errno. */
  function on(name: ByteName, act: keyof Calls, length: number): number {
    if (useNames) {
      const bad = scratch.putName(name);
      if (bad !== 0) return bad;
      byName ??= nameCalls(libc, scratch, () => directory);
      const count = byName[act](length);
      if (count >= 0) return count;
      const error = libc.failure();
      // A sandbox may answer EPERM for calls that it does not know.
      if (error !== Errno.ENOSYS && error !== Errno.EPERM) return error;
      if (error === Errno.ENOSYS) useNames = false;
    }
    const bad = checkName(name) || scratch.putText(`/proc/self/fd/${directory}/${name}`);
    if (bad !== 0) return bad;
    byPath ??= pathCalls(libc, scratch);
    const count = byPath[act](length);
    return count < 0 ? libc.failure() : count;
  }

  /** Fills the list area, in a second call if much does not fit into the usual part of it. */
  function fetch(name: ByteName, act: "list" | "get"): number {
    const length = on(name, act, usualBytes);
    return length === Errno.ERANGE ? on(name, act, listBytes) : length;
  }

  const text = (length: number) => bytes.toString("latin1", listOffset, listOffset + length);

  function readOne(
    name: ByteName,
    wanted: ((attribute: ByteName) => boolean) | undefined,
  ): readonly Xattr[] | UnreadableXattr | number {
    const length = fetch(name, "list");
    if (length <= 0) return length === 0 || length === Errno.EOPNOTSUPP ? none : length;
    const names = known.names(text(length), wanted);
    if (names.length === 0) return none;
    const found: ByteName[] = [];
    const values: string[] = [];
    for (const attribute of names) {
      scratch.putSecondText(attribute);
      const size = fetch(name, "get");
      if (size >= 0) {
        found.push(attribute);
        values.push(text(size));
      } else if (size !== Errno.ENODATA && size !== Errno.EOPNOTSUPP) {
        // Those two: removed since it was listed, or an attribute that the file system lists but does not give.
        return { attribute, errno: size };
      }
    }
    return known.list(found, values);
  }

  function change({ name, attribute, value }: XattrChange): number {
    const bad = attribute === "" ? Errno.EINVAL : scratch.putSecondText(attribute);
    if (bad !== 0) return bad;
    if (value === undefined) return on(name, "remove", 0);
    if (value.length > listBytes) return Errno.E2BIG;
    bytes.set(value, listOffset);
    return on(name, "set", value.length);
  }

  return {
    readXattrs(within, names, wanted) {
      directory = within;
      return names.map((name) => readOne(name, wanted));
    },
    changeXattrs(within, changes) {
      directory = within;
      return changes.map(change);
    },
    setXattrAt(within, name, attribute, value) {
      directory = within;
      return change({ name, attribute, value });
    },
    removeXattrAt(within, name, attribute) {
      directory = within;
      return change({ name, attribute, value: undefined });
    },
  };
}

const none: readonly Xattr[] = [];

/**
 * What was read lately: most files of a tree have the attributes of others, and a list that is there already need not be
 * made, compared or cloned to another thread byte by byte.
 */
class KnownLists {
  private readonly lists = new Map<string, readonly Xattr[]>();
  private readonly wantedNames = new Map<string, readonly ByteName[]>();
  private wanted: ((attribute: ByteName) => boolean) | undefined;

  /** The names in what listxattr gave that are wanted, in its order. */
  names(listed: string, wanted: ((attribute: ByteName) => boolean) | undefined): readonly ByteName[] {
    if (wanted !== this.wanted || this.wantedNames.size > knownLists) this.wantedNames.clear();
    this.wanted = wanted;
    let names = this.wantedNames.get(listed);
    if (names === undefined) {
      const all = listed.slice(0, -1).split("\0") as ByteName[];
      names = wanted === undefined ? all : all.filter(wanted);
      if (listed.length <= knownText) this.wantedNames.set(listed, names);
    }
    return names;
  }

  /** The attributes with these names and values (a character a byte), sorted by name. */
  list(names: readonly ByteName[], values: readonly string[]): readonly Xattr[] {
    let key = "";
    // A name has no NUL and a value tells its length, so that a key has one meaning.
    for (let index = 0; index < names.length; index++) {
      const value = values[index] ?? "";
      key += `${names[index]}\0${value.length}:${value}`;
    }
    const known = this.lists.get(key);
    if (known !== undefined) return known;
    const list = names.map((name, index) => ({
      name,
      // Its own memory: to another thread goes the whole buffer of a view.
      value: new Uint8Array(Buffer.from(values[index] ?? "", "latin1")),
    }));
    list.sort((a, b) => compareBytes(a.name, b.name));
    if (key.length <= knownText) {
      if (this.lists.size >= knownLists) this.lists.clear();
      this.lists.set(key, list);
    }
    return list;
  }
}

function pathCalls(libc: Libc, { first, second, list }: Scratch): Calls {
  const llistxattr = libc.declare("llistxattr", "int64", ["size_t", "size_t", "size_t"]);
  const lgetxattr = libc.declare("lgetxattr", "int64", ["size_t", "size_t", "size_t", "size_t"]);
  const lsetxattr = libc.declare("lsetxattr", "int", ["size_t", "size_t", "size_t", "size_t", "int"]);
  const lremovexattr = libc.declare("lremovexattr", "int", ["size_t", "size_t"]);
  return {
    list: (length) => llistxattr(first, list, length),
    get: (length) => lgetxattr(first, second, list, length),
    set: (length) => lsetxattr(first, second, list, length, 0),
    remove: () => lremovexattr(first, second),
  };
}

function nameCalls(libc: Libc, scratch: Scratch, directory: () => number): Calls {
  const { first, second, record, list, unsigned } = scratch;
  const parameters = ["int64", "int", "size_t", "uint", "size_t", "size_t", "size_t"] as const;
  const syscall = libc.declare("syscall", "int64", parameters);
  const putArguments = (length: number) => {
    scratch.putInteger(0, list);
    unsigned[2] = length;
    unsigned[3] = 0;
  };
  return {
    list: (length) => syscall(SYS_listxattrat, directory(), first, AT_SYMLINK_NOFOLLOW, list, length, 0),
    get(length) {
      putArguments(length);
      return syscall(SYS_getxattrat, directory(), first, AT_SYMLINK_NOFOLLOW, second, record, argumentBytes);
    },
    set(length) {
      putArguments(length);
      return syscall(SYS_setxattrat, directory(), first, AT_SYMLINK_NOFOLLOW, second, record, argumentBytes);
    },
    remove: () => syscall(SYS_removexattrat, directory(), first, AT_SYMLINK_NOFOLLOW, second, 0, 0),
  };
}
