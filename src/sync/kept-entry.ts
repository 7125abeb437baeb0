/** What is asked about an object that stands in an entry's place: a device to write into, or what keeps it (3-transfer 1.7). */
import type { ByteName } from "../bytes/byte-name.ts";
import type { Stat } from "../fs/syscalls/interface.ts";
import { type FileEntry, FileType, isDeviceMode } from "../protocol/file-entry.ts";
import { ItemFlag } from "../protocol/item-flags.ts";
import { destinationMode, itemFlags, quickCheck } from "./compare.ts";
import type { RunContext } from "./context.ts";
import type { EntryParts, Turn } from "./entry-parts.ts";
import { isRegular } from "./file-list.ts";
import { sameSpecial } from "./make-special.ts";
import type { DeviceNumber } from "./receive-job.ts";
import { deviceSize } from "./source-stat.ts";

/**
 * `--write-devices`: the device that `stat` describes and that the file's data is to be written into; the size in `stat`
 * becomes that of the device.
 */
export function deviceToWrite(
  { options, syscalls }: RunContext,
  entry: FileEntry,
  stat: Stat,
): DeviceNumber | undefined {
  if (!options.writeDevices || !isRegular(entry) || !isDeviceMode(stat.mode)) return undefined;
  stat.size = Math.max(deviceSize(syscalls, stat), 0);
  return { major: stat.rdevMajor, minor: stat.rdevMinor };
}

/** What `--info=skip2` adds to `NAME exists`; `digest` is asked for with `--checksum` only. */
export function existsSuffix(
  { context, existing }: EntryParts,
  { entry, defaultPermissions }: Turn,
  name: ByteName,
  stat: Stat,
  descriptor: number | undefined,
  digest: () => Uint8Array,
): string {
  const { options, syscalls } = context;
  const directory = descriptor ?? -1;
  if (options.info.skip < 2) return "";
  if ((stat.mode & FileType.mask) !== (entry.mode & FileType.mask)) return " (type change)";
  // The number of a device comes with --devices only, and counts as 0 without.
  const sent = options.devices ? entry : { ...entry, rdevMajor: 0, rdevMinor: 0 };
  const equal = isRegular(entry)
    ? quickCheck(options, entry, stat, digest)
    : sameSpecial(syscalls, sent, directory, name, stat);
  if (!equal) return options.checksum ? " (sum change)" : " (file change)";
  const mode = destinationMode(context, entry, stat.mode, defaultPermissions);
  const flags = itemFlags(context, entry, mode, stat, existing.read(directory, name), 0) & ~ItemFlag.accessTime;
  return flags === 0 ? " (uptodate)" : " (attr change)";
}
