/** Makes a plan: keeps what a dry run tells as a list of changes, each with what source and destination were like. */
import type { ByteName } from "../bytes/byte-name.ts";
import type { Stat, Syscalls } from "../fs/syscalls/interface.ts";
import { type FileEntry, FileType } from "../protocol/file-entry.ts";
import { ItemFlag, isSignificant } from "../protocol/item-flags.ts";
import {
  type AlternateLook,
  type ChangeGate,
  type DeletionAnswer,
  DestinationLook,
  type Fingerprint,
  fingerprintOf,
  type GateAnswer,
  type Place,
  type WantedXattrs,
} from "../sync/change-gate.ts";
import type { ItemEvent, NoticeCode, NoticeEvent, RunEvent, WithheldEvent } from "../sync/events.ts";
import type { EntryChange, PlannedChange, PlanRequest } from "./planned-change.ts";

/** Remarks about what is left alone. */
const leavingCodes: ReadonlySet<NoticeCode> = new Set<NoticeCode>([
  ...(["up-to-date", "exists", "newer", "not-creating", "non-regular", "skipping-directory"] as const),
  ...(["non-empty-directory", "unsafe-link", "size-limit"] as const),
]);

/** Looks on while a dry run goes by. */
export class PlanRecorder implements ChangeGate {
  readonly changes: PlannedChange[] = [];
  readonly notices: NoticeEvent[] = [];
  readonly withheld: WithheldEvent[] = [];
  readonly untold: EntryChange[] = [];
  private readonly leftOut = new Set<ByteName>();
  private readonly fromAlternate = new Set<ByteName>();
  private readonly planned = new Set<ByteName>();
  private readonly sharing = new Map<FileEntry, Fingerprint>();
  /** Leaders of hard-link groups that are new files after the run. */
  private readonly remade = new Map<number, ByteName>();
  /** With `keepDirlinks`: places and directories, how many entries and deletions have come to each, and by which it is reached. */
  private readonly visits = new Map<string, number>();
  private readonly visitors: {
    readonly entry: FileEntry;
    readonly before: Fingerprint | undefined;
    readonly keys: string[];
  }[] = [];
  private readonly followsLinks: boolean;
  private readonly keepsFiles: boolean;
  private readonly setsExactTimes: boolean;
  private readonly fakes: boolean;
  private look: DestinationLook | undefined;
  private alternates: AlternateLook | undefined;
  private root: Fingerprint | undefined;

  constructor(request: PlanRequest) {
    const { inplace, append, writeDevices, checksum, archive, times, fakeSuper, keepDirlinks } = request;
    this.followsLinks = keepDirlinks === true;
    this.keepsFiles = inplace === true || writeDevices === true || (append !== undefined && append !== false);
    this.fakes = fakeSuper === true;
    this.setsExactTimes = checksum === true && (times ?? archive) === true;
  }

  /** What the destination directory was; undefined: it was not there. */
  get destinationBefore(): Fingerprint | undefined {
    return this.root;
  }

  creating(): void {}

  attach(syscalls: Syscalls, destination: Place, wanted: WantedXattrs | undefined): void {
    this.look = new DestinationLook(syscalls, destination, wanted);
    this.root = this.look.root();
  }

  attachAlternates(look: AlternateLook): void {
    this.alternates = look;
  }

  entry(): GateAnswer {
    return "planned";
  }

  alternate({ path }: FileEntry, made: boolean): void {
    (made ? this.fromAlternate : this.leftOut).add(path);
  }

  shared(entry: FileEntry, stat: Stat): void {
    this.sharing.set(entry, fingerprintOf(stat));
  }

  kept(entry: FileEntry): void {
    this.addUntold(entry, this.look?.of(entry), undefined);
  }

  /** After the dry run: what is as it should be now, and is not any more when another name of it has been changed, is to be looked at again. */
  finish(): void {
    const changed = new Set<string>();
    for (const change of this.changes) {
      const staysItself = change.action === "attributes" || (change.action === "transfer" && this.keepsFiles);
      if (staysItself && change.before !== undefined) changed.add(change.before.identity);
    }
    for (const [entry, before] of this.sharing) {
      if (changed.has(before.identity) && !this.planned.has(entry.path))
        this.addUntold(entry, before, this.alternates?.(entry));
    }
    // So is what another path leads to as well.
    for (const { entry, before, keys } of this.visitors) {
      const isShared = keys.some((key) => (this.visits.get(key) ?? 0) > 1);
      if (isShared && !this.planned.has(entry.path) && !this.leftOut.has(entry.path) && !this.sharing.has(entry))
        this.addUntold(entry, before, this.alternates?.(entry));
    }
  }

  /** Notes which place a path is, and which directory is there. */
  private visit(path: ByteName, before: Fingerprint | undefined, isDirectory: boolean): string[] {
    const type = (before?.mode ?? 0) & FileType.mask;
    const directory =
      type === FileType.directory
        ? before?.identity
        : type === FileType.symlink && isDirectory
          ? this.look?.directoryAt(path)
          : undefined;
    const keys = [this.look?.placeOf(path), directory].filter((key) => key !== undefined);
    for (const key of keys) this.visits.set(key, (this.visits.get(key) ?? 0) + 1);
    return keys;
  }

  private addUntold(
    entry: FileEntry,
    before: Fingerprint | undefined,
    alternatesBefore: EntryChange["alternatesBefore"],
  ) {
    const rest = { linkedTo: undefined, leaderBefore: undefined, before, alternatesBefore };
    this.untold.push({ action: "attributes", path: entry.path, flags: 0, entry, ...rest });
  }

  deletion(): DeletionAnswer {
    return "planned";
  }

  held(): undefined {}

  release(): void {
    this.look?.close();
  }

  take(event: RunEvent): void {
    if (event.type === "created-directory") this.changes.push({ action: "create-destination", path: event.path });
    if (event.type === "delete") {
      const { path, directory } = event;
      const before = this.look?.at(path);
      if (this.followsLinks) this.visit(path, before, directory);
      this.changes.push({ action: "delete", path, directory, entry: undefined, before, alternatesBefore: undefined });
    }
    if (event.type === "item") this.takeItem(event);
    if (event.type === "withheld") this.withheld.push(event);
    if (event.type === "notice" && leavingCodes.has(event.code)) this.notices.push(event);
  }

  private takeItem({ path, entry, flags, linkedTo: told }: ItemEvent): void {
    const before = this.look?.of(entry);
    const alternatesBefore = this.alternates?.(entry);
    if (this.followsLinks) {
      const keys = this.visit(entry.path, before, (entry.mode & FileType.mask) === FileType.directory);
      this.visitors.push({ entry, before, keys });
    }
    if (this.leftOut.has(entry.path)) {
      const directory = ((before?.mode ?? 0) & FileType.mask) === FileType.directory;
      this.changes.push({ action: "delete", path, directory, entry, before, alternatesBefore });
      return;
    }
    // What comes from an alternate directory differs in nothing that is told of.
    const isOther = before === undefined || ((before.mode ^ entry.mode) & FileType.mask) !== 0;
    const isMade = (flags & ItemFlag.local) !== 0 && (isOther || this.fromAlternate.has(entry.path));
    // What is another name of a file that is going to be replaced is none of the new one.
    const isName = told === "" && alternatesBefore === undefined;
    const linkedTo = isName ? (this.remade.get(entry.linkGroup) ?? told) : told;
    if (!isSignificant(flags, linkedTo) && !isMade && !this.hasOtherFraction(entry, before)) {
      const rest = { linkedTo: undefined, leaderBefore: undefined, before, alternatesBefore };
      if (this.fakes) this.untold.push({ action: "attributes", path, flags, entry, ...rest });
      return;
    }
    const hasLeader = linkedTo !== undefined && linkedTo !== "" && !this.planned.has(linkedTo);
    const leaderBefore = hasLeader ? this.look?.at(linkedTo) : undefined;
    const action = actionOf(entry, flags, linkedTo !== undefined, before === undefined);
    this.changes.push({ action, path, flags, entry, linkedTo, leaderBefore, before, alternatesBefore });
    this.planned.add(entry.path);
    const isNewFile = action === "replace" || action === "create" || (action === "transfer" && !this.keepsFiles);
    if (isNewFile && entry.linkGroup >= 0) this.remade.set(entry.linkGroup, entry.path);
  }

  /** After a checksum fractions of a second are set, and not told of (3-transfer 1.5). */
  private hasOtherFraction({ mode, mtime, mtimeNanoseconds }: FileEntry, before: Fingerprint | undefined): boolean {
    if (!this.setsExactTimes || before === undefined || (mode & FileType.mask) !== FileType.regular) return false;
    const isSameKind = ((mode ^ before.mode) & FileType.mask) === 0;
    return isSameKind && mtime === before.mtime && mtimeNanoseconds !== before.mtimeNanoseconds;
  }
}

function actionOf({ mode }: FileEntry, flags: number, linked: boolean, isNew: boolean): EntryChange["action"] {
  if ((flags & ItemFlag.transfer) !== 0) return "transfer";
  if (linked) return "link";
  if ((flags & ItemFlag.local) !== 0 && (mode & FileType.mask) === FileType.regular) return "transfer";
  if (isNew || (flags & ItemFlag.isNew) !== 0) return "create";
  return (flags & ItemFlag.change) !== 0 ? "replace" : "attributes";
}
