/**
 * Item flags: what differs about one file-list entry (3-transfer 1.1). The same 16 bits travel on the wire, decide
 * what the generator does and are what `--itemize-changes` shows.
 */
export const ItemFlag = {
  accessTime: 0x0001,
  /** Content or value change: a transfer under `-c`, a replaced link, device or special file. */
  change: 0x0002,
  /** The size of a regular file differs; on a symlink: its time could not be set. */
  size: 0x0004,
  time: 0x0008,
  permissions: 0x0010,
  owner: 0x0020,
  group: 0x0040,
  acl: 0x0080,
  xattr: 0x0100,
  createTime: 0x0400,
  basisTypeFollows: 0x0800,
  nameFollows: 0x1000,
  isNew: 0x2000,
  /** Made or changed by the generator alone, without data. */
  local: 0x4000,
  /** A regular file whose data is requested. */
  transfer: 0x8000,
  /** Never on the wire: the peer is too old to tell what differs. */
  unknown: 0x10000,
} as const;

/** Bits that by themselves make an item worth reporting (3-transfer 1.1 "significant"). */
export const significantFlags: number = 0xffff & ~(ItemFlag.basisTypeFollows | ItemFlag.nameFollows | ItemFlag.local);

/** Whether an item is told of also when nobody asks for what is unchanged. */
export function isSignificant(flags: number, linkedTo: string | undefined): boolean {
  return (flags & significantFlags) !== 0 || isNewLink(flags, linkedTo);
}

/** Whether an item reports a link that was not there before; the name of one that an alternate directory has does not count. */
export function isNewLink(flags: number, linkedTo: string | undefined): boolean {
  return (flags & ItemFlag.nameFollows) !== 0 && linkedTo !== undefined && linkedTo !== "";
}
