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
/** Filters of attributes whose lists are remembered, and bytes of attribute names that lie ready for the kernel. */
const knownFilters = 8;
const readyNameBytes = 16 * 1024;
/** What stands before a value in the list area, its length, and behind all of them, that of the names. */
const lengthBytes = 2;

/** The calls on the object whose path or name is the first name; results are C's. */
interface Calls {
  /** Lists names into so much of the list area. */
  readonly list: (length: number) => number;
  /** Reads or sets the attribute whose name is at the first address; the value is at the second one. */
  readonly get: (attribute: number, value: number, length: number) => number;
  readonly set: (attribute: number, value: number, length: number) => number;
  readonly remove: (attribute: number) => number;
}

/** The attribute calls of the koffi back end; `oldKernel` leaves out what Linux 6.13 added. */
export function koffiXattrs(
  libc: Libc,
  scratch: Scratch,
  oldKernel: boolean,
): Pick<Syscalls, "readXattrs" | "changeXattrs" | "setXattrAt" | "removeXattrAt" | "fsetXattr" | "fremoveXattr"> {
  const { bytes, list, listOffset, listBytes } = scratch;
  const fsetxattr = libc.lazy("fsetxattr", "int", ["int", "size_t", "size_t", "size_t", "int"]);
  const fremovexattr = libc.lazy("fremovexattr", "int", ["int", "size_t"]);
  let directory = -1;
  /** The name that lies where the calls look for it. */
  let placed: ByteName | undefined;
  let byPath: Calls | undefined;
  let byName: Calls | undefined;
  let useNames = !oldKernel;
  const known = new KnownLists();
  const ready = new ReadyNames(libc);

  /** Runs a call on the object `name` of `directory` with whichever calls this kernel has; the result or an errno. */
  function on(name: ByteName, act: keyof Calls, attribute: number, value: number, length: number): number {
    if (useNames) {
      if (placed !== name) {
        const bad = scratch.putName(name);
        if (bad !== 0) return bad;
        placed = name;
      }
      byName ??= nameCalls(libc, scratch, () => directory);
      const count = run(byName, act, attribute, value, length);
      if (count >= 0) return count;
      const error = libc.failure();
      // A sandbox may answer EPERM for calls that it does not know.
      if (error !== Errno.ENOSYS && error !== Errno.EPERM) return error;
      if (error === Errno.ENOSYS) useNames = false;
    }
    placed = undefined;
    const bad = checkName(name) || scratch.putText(`/proc/self/fd/${directory}/${name}`);
    if (bad !== 0) return bad;
    byPath ??= pathCalls(libc, scratch);
    const count = run(byPath, act, attribute, value, length);
    return count < 0 ? libc.failure() : count;
  }

  const text = (start: number, end: number) => bytes.toString("latin1", listOffset + start, listOffset + end);

  function readOne(
    name: ByteName,
    wanted: ((attribute: ByteName) => boolean) | undefined,
  ): readonly Xattr[] | UnreadableXattr | number {
    placed = undefined;
    let length = on(name, "list", 0, list, usualBytes);
    if (length === Errno.ERANGE) length = on(name, "list", 0, list, listBytes);
    if (length <= 0) return length === 0 || length === Errno.EOPNOTSUPP ? none : length;
    const names = known.names(text(0, length), wanted);
    if (names.length === 0) return none;
    if (length > knownText) return readSlowly(name, names);
    // Names and values lie in a row, so that one look tells whether all of it was seen before.
    let end = length;
    for (const attribute of names) {
      if (end > knownText) return readSlowly(name, names);
      const address = ready.addressOf(attribute);
      const size = address < 0 ? address : on(name, "get", address, list + end + lengthBytes, usualBytes);
      if (size < 0) return readSlowly(name, names);
      bytes[listOffset + end] = size;
      bytes[listOffset + end + 1] = size >> 8;
      end += lengthBytes + size;
    }
    bytes[listOffset + end] = length;
    bytes[listOffset + end + 1] = length >> 8;
    return known.list(text(0, end + lengthBytes), names, length, wanted);
  }

  /** Values that are long, gone by now or not to be read. */
  function readSlowly(name: ByteName, names: readonly ByteName[]): readonly Xattr[] | UnreadableXattr | number {
    const found: Xattr[] = [];
    for (const attribute of names) {
      const address = ready.addressOf(attribute);
      let size = address < 0 ? address : on(name, "get", address, list, usualBytes);
      if (size === Errno.ERANGE) size = on(name, "get", address, list, listBytes);
      // Its own memory: to another thread goes the whole buffer of a view.
      if (size >= 0)
        found.push({ name: attribute, value: Uint8Array.from(bytes.subarray(listOffset, listOffset + size)) });
      // Those two: removed since it was listed, or an attribute that the file system lists but does not give.
      else if (size !== Errno.ENODATA && size !== Errno.EOPNOTSUPP) return { attribute, errno: size };
    }
    return found.sort((a, b) => compareBytes(a.name, b.name));
  }

  /** The value goes into the list area; 0 or an errno. */
  function putValue(value: Uint8Array): number {
    if (value.length > listBytes) return Errno.E2BIG;
    bytes.set(value, listOffset);
    return 0;
  }

  function change({ name, attribute, value }: XattrChange): number {
    placed = undefined;
    const address = ready.addressOf(attribute);
    if (address < 0) return address;
    if (value === undefined) return on(name, "remove", address, 0, 0);
    return putValue(value) || on(name, "set", address, list, value.length);
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
    fsetXattr(descriptor, attribute, value) {
      const address = ready.addressOf(attribute);
      if (address < 0) return address;
      const bad = putValue(value);
      if (bad !== 0) return bad;
      return fsetxattr(descriptor, address, list, value.length, 0) < 0 ? libc.failure() : 0;
    },
    fremoveXattr(descriptor, attribute) {
      const address = ready.addressOf(attribute);
      if (address < 0) return address;
      return fremovexattr(descriptor, address) < 0 ? libc.failure() : 0;
    },
  };
}

function run(calls: Calls, act: keyof Calls, attribute: number, value: number, length: number): number {
  switch (act) {
    case "get":
      return calls.get(attribute, value, length);
    case "list":
      return calls.list(length);
    case "set":
      return calls.set(attribute, value, length);
    case "remove":
      return calls.remove(attribute);
  }
}

const none: readonly Xattr[] = [];

/** Names of attributes in memory that the kernel reads: the same few are asked for again and again. */
class ReadyNames {
  private readonly bytes: Buffer = Buffer.from(new ArrayBuffer(readyNameBytes));
  private readonly base: number;
  private readonly places = new Map<ByteName, number>();
  private used = 0;

  constructor(libc: Libc) {
    this.base = libc.address(this.bytes);
  }

  /** The address of a name, as long as no other one is asked for; or the errno of one that cannot be a name. */
  addressOf(attribute: ByteName): number {
    const known = this.places.get(attribute);
    if (known !== undefined) return known;
    const { length } = attribute;
    if (length === 0 || attribute.indexOf("\0") >= 0) return Errno.EINVAL;
    if (length >= readyNameBytes) return Errno.ENAMETOOLONG;
    if (this.used + length + 1 > readyNameBytes) {
      this.used = 0;
      this.places.clear();
    }
    this.bytes.write(attribute, this.used, "latin1");
    this.bytes[this.used + length] = 0;
    const address = this.base + this.used;
    this.used += length + 1;
    this.places.set(attribute, address);
    return address;
  }
}

type Wanted = ((attribute: ByteName) => boolean) | undefined;

/** What was made of the answers of the kernel for one filter of attributes. */
interface FilteredLists {
  /** The names that are wanted, by what listxattr gave. */
  readonly names: Map<string, readonly ByteName[]>;
  /** The attributes, by that and their values. */
  readonly lists: Map<string, readonly Xattr[]>;
}

/**
 * What was read lately: most files of a tree have the attributes of others, and a list that is there already need not be
 * made, compared or cloned to another thread byte by byte (bench cases `attributes`).
 */
class KnownLists {
  /** By names and values: who asks with another filter gets the same list. */
  private readonly lists = new Map<string, readonly Xattr[]>();
  private readonly filtered = new Map<Wanted, FilteredLists>();
  private wanted: Wanted;
  private current: FilteredLists | undefined;

  /** The names in what listxattr gave that are wanted, in its order. */
  names(listed: string, wanted: Wanted): readonly ByteName[] {
    const known = this.of(wanted);
    let names = known.names.get(listed);
    if (names === undefined) {
      const all = listed.slice(0, -1).split("\0") as ByteName[];
      names = wanted === undefined ? all : all.filter(wanted);
      if (known.names.size >= knownLists) known.names.clear();
      if (listed.length <= knownText) known.names.set(listed, names);
    }
    return names;
  }

  /**
   * The attributes that `read` tells, sorted by name: `start` bytes of names as they were listed, then for each of
   * the names its value behind the length of that, then `start`, so that no two answers look alike.
   */
  list(read: string, names: readonly ByteName[], start: number, wanted: Wanted): readonly Xattr[] {
    const known = this.of(wanted);
    const seen = known.lists.get(read);
    if (seen !== undefined) return seen;
    const list = this.make(read, names, start);
    if (read.length <= knownText) {
      if (known.lists.size >= knownLists) known.lists.clear();
      known.lists.set(read, list);
    }
    return list;
  }

  private make(read: string, names: readonly ByteName[], start: number): readonly Xattr[] {
    let key = "";
    let at = start;
    const values: string[] = [];
    for (const name of names) {
      const end = at + lengthBytes + (read.charCodeAt(at) | (read.charCodeAt(at + 1) << 8));
      values.push(read.slice(at + lengthBytes, end));
      // A name has no NUL and a value tells its length, so that a key has one meaning.
      key += `${name}\0${read.slice(at, end)}`;
      at = end;
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

  private of(wanted: Wanted): FilteredLists {
    if (this.current !== undefined && wanted === this.wanted) return this.current;
    let known = this.filtered.get(wanted);
    if (known === undefined) {
      if (this.filtered.size >= knownFilters) this.filtered.clear();
      known = { names: new Map(), lists: new Map() };
      this.filtered.set(wanted, known);
    }
    this.wanted = wanted;
    this.current = known;
    return known;
  }
}

function pathCalls(libc: Libc, { first, list }: Scratch): Calls {
  const llistxattr = libc.declare("llistxattr", "int64", ["size_t", "size_t", "size_t"]);
  const lgetxattr = libc.declare("lgetxattr", "int64", ["size_t", "size_t", "size_t", "size_t"]);
  const lsetxattr = libc.declare("lsetxattr", "int", ["size_t", "size_t", "size_t", "size_t", "int"]);
  const lremovexattr = libc.declare("lremovexattr", "int", ["size_t", "size_t"]);
  return {
    list: (length) => llistxattr(first, list, length),
    get: (attribute, value, length) => lgetxattr(first, attribute, value, length),
    set: (attribute, value, length) => lsetxattr(first, attribute, value, length, 0),
    remove: (attribute) => lremovexattr(first, attribute),
  };
}

function nameCalls(libc: Libc, scratch: Scratch, directory: () => number): Calls {
  const { first, record, list, unsigned } = scratch;
  const parameters = ["int64", "int", "size_t", "uint", "size_t", "size_t", "size_t"] as const;
  const syscall = libc.declare("syscall", "int64", parameters);
  const putArguments = (value: number, length: number) => {
    scratch.putInteger(0, value);
    unsigned[2] = length;
    unsigned[3] = 0;
  };
  return {
    list: (length) => syscall(SYS_listxattrat, directory(), first, AT_SYMLINK_NOFOLLOW, list, length, 0),
    get(attribute, value, length) {
      putArguments(value, length);
      return syscall(SYS_getxattrat, directory(), first, AT_SYMLINK_NOFOLLOW, attribute, record, argumentBytes);
    },
    set(attribute, value, length) {
      putArguments(value, length);
      return syscall(SYS_setxattrat, directory(), first, AT_SYMLINK_NOFOLLOW, attribute, record, argumentBytes);
    },
    remove: (attribute) => syscall(SYS_removexattrat, directory(), first, AT_SYMLINK_NOFOLLOW, attribute, 0, 0),
  };
}
