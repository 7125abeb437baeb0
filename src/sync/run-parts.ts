/** Parts of a run that local and remote runs share: lists that arrive, what they count, and the result. */
import { storedXattrName } from "../fs/syscalls/fake-super.ts";
import type { FileEntry, Xattr } from "../protocol/file-entry.ts";
import { ReceivedXattr } from "../protocol/xattr-block.ts";
import { steadyMilliseconds } from "../steady-time.ts";
import { checkListAllocation } from "./allocation-limit.ts";
import type { Identity, RunContext } from "./context.ts";
import type { RunEvent, RunSummary } from "./events.ts";
import { type FileList, isDirectory } from "./file-list.ts";
import type { HardLinks } from "./hard-links.ts";
import type { ListNumbers } from "./list-numbers.ts";

/** Tells of what was found out about the sources. */
export function tellAll({ ledger, emit }: RunContext, events: readonly RunEvent[]): void {
  for (const event of events) {
    if (event.type === "problem") ledger.record(event);
    else emit(event);
  }
}

/** A list has come from the sender: what it says is reported, its entries are counted. */
export function arrive(context: RunContext, links: HardLinks, numbers: ListNumbers, sent: FileList): FileList {
  const { ledger, counters, options, syscalls } = context;
  const list = options.xattrs > 0 && !syscalls.abilities.descriptorAttributes ? nameAsStored(sent) : sent;
  tellAll(context, list.events);
  ledger.ioError |= list.ioError;
  ledger.listedIoError |= list.ioError;
  if (list.path === "." && list.owner !== undefined) counters.list(list.owner);
  for (const entry of list.entries) counters.list(entry);
  for (const { entry } of list.duplicates) counters.list(entry);
  if (options.hardLinks) links.register(list);
  const { incrementalRecursion, maxAlloc } = options;
  const own = list.entries.length + list.duplicates.length + (list.path === "." && list.owner !== undefined ? 1 : 0);
  checkListAllocation(incrementalRecursion ? own : counters.files.total, maxAlloc, "sender");
  numbers.arrived(list);
  return list;
}

/** `--fake-super`: the attributes that are to be stored get the names that they have then (2-file-list 7.8). */
function nameAsStored(list: FileList): FileList {
  const named = (entry: FileEntry): FileEntry => {
    const xattrs = entry.xattrs?.map(storedAs);
    const isSame = xattrs === undefined || xattrs.every((item, index) => item === entry.xattrs?.[index]);
    return isSame ? entry : { ...entry, xattrs };
  };
  const { owner, entries } = list;
  return { ...list, owner: owner === undefined ? undefined : named(owner), entries: entries.map(named) };
}

/** Another machine's stays the one object that all entries with it share. */
function storedAs(item: Xattr): Xattr {
  const name = storedXattrName(item.name);
  if (name === item.name) return item;
  if (!(item instanceof ReceivedXattr)) return { ...item, name };
  item.name = name;
  return item;
}

/** What the destination rules must know of the first lists (2-file-list 9.4). */
export function countListed(lists: readonly FileList[]): { many: boolean; oneDirectory: boolean; none: boolean } {
  const [first, second] = lists;
  const names = first?.part?.names ?? first?.entries ?? [];
  const own = (first?.owner === undefined ? 0 : 1) + names.length + (first?.duplicates.length ?? 0);
  const only = first?.owner ?? names[0];
  const oneDirectory = own === 1 && only !== undefined && isDirectory(only);
  const nested = oneDirectory && (second?.entries.length ?? 0) > 0;
  return { many: own > 1 || nested, oneDirectory, none: own === 0 };
}

/** The result of a run that came to its end. */
export function summarize(context: RunContext, started: number, listBuildSeconds: number): RunSummary {
  const { counters, ledger, options } = context;
  return {
    exitCode: ledger.exitCode,
    files: counters.files,
    created: counters.created,
    deleted: counters.deleted,
    transferredFiles: counters.transferredFiles,
    totalSize: counters.totalSize,
    transferredSize: counters.transferredSize,
    literalBytes: counters.literalBytes,
    matchedBytes: counters.matchedBytes,
    // Nothing is encoded in a local run: what is counted as sent is the data that was copied.
    bytesSent: counters.literalBytes,
    bytesReceived: 0,
    listBuildSeconds: Math.max(listBuildSeconds, 0.001),
    elapsedSeconds: (steadyMilliseconds() - started) / 1000,
    dryRun: options.dryRun,
    withheld: counters.withheld,
    problems: ledger.problems,
  };
}

/** Who we are. */
export function currentIdentity(superUser: boolean | undefined): Identity {
  const uid = process.geteuid?.() ?? 0;
  const gid = process.getegid?.() ?? 0;
  return {
    privileged: superUser ?? uid === 0,
    uid,
    gid,
    groups: new Set([gid, ...(process.getgroups?.() ?? [])]),
    umask: process.umask(),
  };
}
