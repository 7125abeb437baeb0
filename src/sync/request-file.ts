/**
 * Asks the sender for the data of a file, makes the receiver's job of what it sends, and asks again for what was wrong
 * (3-transfer 1.7 steps 24 to 26, 5.4).
 */
import type { ByteName } from "../bytes/byte-name.ts";
import { printOrder } from "../delta/checksum.ts";
import { emptyStat } from "../fs/syscalls/interface.ts";
import { type FileEntry, FileType } from "../protocol/file-entry.ts";
import { ItemFlag } from "../protocol/item-flags.ts";
import { jobAttributes } from "./attributes.ts";
import {
  destinationMode,
  type ExistingAttributes,
  itemFlags,
  newItemFlags,
  noAttributes,
  storable,
  wantedXattrs,
} from "./compare.ts";
import { fullPath } from "./context.ts";
import { DelayedUpdates } from "./delayed-updates.ts";
import { DeltaRequests, wireNumbers } from "./delta-request.ts";
import { type EntryParts, type PlacedTurn, pathBelow } from "./entry-parts.ts";
import type { GroupEnd, LinkGroup } from "./hard-links.ts";
import { NewAcls } from "./new-acls.ts";
import { modeOfPartial, removePartialDirectory } from "./partial-files.ts";
import type { PendingFile } from "./pending-file.ts";
import { isUnopened, type JobResult, type ReceiveJob, type SourcePlace } from "./receive-job.ts";
import type { OpenSource } from "./sender.ts";
import type { OpenDirectory } from "./tree-state.ts";

const ENOENT = -2;

/** How a file is asked for. */
interface Asked {
  /** Its partial file is the one that is written. */
  readonly partial: boolean;
  /** It waits for the end of the run. */
  readonly delayed: boolean;
  readonly group: LinkGroup | undefined;
  readonly phase: "normal" | "redo";
  /** A negative errno: it may not be written, because there is no backup of it. */
  readonly refusal: number;
}

export class FileRequests {
  readonly deltas: DeltaRequests;
  readonly delayed: DelayedUpdates;
  private readonly parts: EntryParts;
  private readonly groups: GroupEnd;
  private readonly newAcls: NewAcls;
  private nextJob = 0;
  /** Files that did not verify, to be asked for again when everything else has come. */
  /** Names of linked files that are about to be asked for in place of others. */
  private readonly others: Promise<void>[] = [];
  private readonly wrong: { readonly turn: PlacedTurn; readonly group: LinkGroup | undefined }[] = [];

  constructor(parts: EntryParts, groups: GroupEnd) {
    this.parts = parts;
    this.groups = groups;
    this.deltas = new DeltaRequests(parts);
    this.delayed = new DelayedUpdates(parts, groups);
    this.newAcls = new NewAcls(parts);
  }

  /** Asks for the data (3-transfer 1.7 steps 24, 25). */
  request(
    turn: PlacedTurn,
    attributes: ExistingAttributes,
    flags: number,
    partial: boolean,
    group: LinkGroup | undefined,
    phase: "normal" | "redo" = "normal",
  ): Promise<void> | undefined {
    const { context, channel, tree } = this.parts;
    const { entry, ndx, position, directory } = turn;
    const again = phase === "redo";
    const record = { kind: "transfer", entry, ndx, position, flags, again } as const;
    if (context.options.dryRun) {
      const openBasis = () => {
        const delta = context.onlyBatch === true ? this.deltas.make(turn, partial, phase) : undefined;
        return this.deltas.describe(turn, partial, phase, delta);
      };
      const waiting = channel.push({ ...record, receive: undefined, openBasis, failed: () => {} });
      // The record has been described.
      turn.basis?.directory.release();
      if (group !== undefined) this.groups.done(group, entry);
      return waiting;
    }
    let refusal = 0;
    if (context.options.inplace && context.options.backup && turn.exists && phase === "normal") {
      const unreadable = this.deltas.openError(turn);
      // By delta it is asked for all the same; rsync would then write it without a backup (4-traps L-12).
      if (unreadable < 0 && !context.options.wholeFile) refusal = unreadable;
      else if (!this.backUpInPlace(turn, unreadable)) {
        turn.basis?.directory.release();
        return group === undefined ? undefined : this.groups.failed(group);
      }
    }
    const delayed = this.delayed.takes(turn);
    const held = tree.retain(directory, turn.place.directory);
    // What waits changes its directory at the end, which then gets its time.
    if (!delayed) directory.dirty = true;
    if (group !== undefined) group.transferring = true;
    this.deltas.touchSimilar(turn);
    const heldTurn = held === turn.place.directory ? turn : { ...turn, place: { ...turn.place, directory: held } };
    return channel.push({
      ...record,
      receive: (source) => this.pendingFile(heldTurn, source, attributes, { partial, delayed, group, phase, refusal }),
      openBasis: () => this.deltas.describe(heldTurn, partial, phase, this.deltas.make(heldTurn, partial, phase, true)),
      failed: () => {
        this.deltas.touch(heldTurn, partial, phase);
        turn.basis?.directory.release();
        if (group !== undefined) this.failGroup(group);
        tree.release(directory);
      },
      isAwaited: () => group !== undefined && group.waiting.length + group.queued.length > 0,
    });
  }

  /**
   * The backup of what is written in place: now, not when the data comes, since another name of the same file may be written
   * before (3-transfer 1.7 step 25). False, and told, if there is none.
   */
  private backUpInPlace({ entry, place }: PlacedTurn, unreadable: number): boolean {
    const { backups, context, destination } = this.parts;
    if (unreadable < 0) {
      context.ledger.systemError("generator", `open "${place.absolute}"`, unreadable, place.absolute);
      return false;
    }
    return backups.copy(place.directory, place.name, pathBelow(destination, entry)) >= 0;
  }

  private pendingFile(
    turn: PlacedTurn,
    source: OpenSource,
    attributes: ExistingAttributes,
    { partial, delayed, group, phase, refusal }: Asked,
  ): PendingFile {
    const { context, backups, destination, tree } = this.parts;
    const { options } = context;
    const { entry, place, exists, directory } = turn;
    const mode = partial || turn.basis !== undefined ? turn.mode : this.receivedMode(turn);
    const { inplace } = options;
    const method = inplace ? "inplace" : partial ? "partial" : "replace";
    const wanted = jobAttributes(context, entry, mode, this.newAcls.of(turn, method));
    const inside = this.parts.temp?.seenBelow(destination.absolute);
    if (method === "replace" && inside !== undefined) tree.touch(inside);
    const job: ReceiveJob = {
      id: this.nextJob++,
      source: source.descriptor,
      openFrom: openFrom(source),
      size: source.size,
      directory: refusal < 0 ? refusal : place.directory,
      name: place.name,
      tempDirectory: method === "replace" ? this.parts.temp?.open() : undefined,
      method,
      device: turn.device,
      sparse: options.sparse && turn.device === undefined,
      preallocate: options.preallocate,
      fsync: options.fsync,
      keepsModes: options.permissions || options.executability,
      verify: options.verify,
      reflink: options.reflink,
      attributes: inplace && exists ? { ...wanted, removeXattrs: this.surplus(entry, attributes) } : wanted,
      keepPartial: options.partialDirectory !== undefined ? "directory" : options.partial ? "in-place" : "no",
      partialDirectory: options.partialDirectory,
      delayed,
      // With `-c` the digest of the list is shown.
      wantDigest: context.wants.digest && !options.checksum && options.transferChecksum !== "none",
      checksumName: options.transferChecksum === "xxh128" ? undefined : options.transferChecksum,
      delta: this.deltas.make(turn, partial, phase),
      tokens: source.tokens,
    };
    turn.basis?.directory.release();
    const path = pathBelow(destination, entry);
    // What was not there may be the backup of another file by now. A first result that was thrown away has replaced nothing.
    const replaces = exists || backups.tree.mayHold(path);
    const needsBackup =
      options.backup && replaces && !delayed && (phase === "normal" || job.keepPartial !== "in-place");
    const makeBackup = () => backups.beforeReplace(place.directory, place.name, path);
    return {
      job,
      entry,
      source,
      position: turn.position,
      absolute: place.absolute,
      directoryAbsolute: fullPath(destination.absolute, directory.path),
      tempAbsolute: this.parts.temp?.absolute,
      beforeRename: needsBackup && !inplace ? makeBackup : undefined,
      backupError: () => backups.fatalError(path),
      onDone: (result) => {
        this.deltas.count(result);
        this.deltas.touchSimilar(turn, result);
        if (!result.done) directory.dirty = true;
        if (result.done && partial && !delayed) removePartialDirectory(context, place.directory);
        // The other side tells of a file that it has sent, this one of a file that it has opened.
        if (context.isRemote !== true || !isUnopened(result)) this.transferred(source, result);
        if (result.done && !delayed) this.parts.remover.arrived(turn, "sent", place.directory, place.name);
        if (this.deltas.mustRedo(turn, job, result, phase)) this.wrong.push({ turn, group });
        else if (result.done && delayed) this.delayed.add(turn, group);
        else if (group !== undefined) {
          if (result.done) this.groups.done(group, entry);
          else this.failGroup(group);
        }
        tree.release(directory);
      },
    };
  }

  /** The mode to give: without `-p` an existing file hands its own down only if the receiver can read it (3-transfer 5.6). */
  private receivedMode(turn: PlacedTurn): number {
    const { entry, mode, exists, defaultPermissions } = turn;
    const { context } = this.parts;
    const { options, identity } = context;
    if (!exists || options.permissions || identity.uid === 0) return mode;
    if (this.deltas.openError(turn) < 0) return destinationMode(context, entry, undefined, defaultPermissions);
    return mode;
  }

  private transferred(source: OpenSource, result: JobResult): void {
    const { context } = this.parts;
    if (!context.wants.transferred) return;
    const { item } = source;
    if (item === undefined) return;
    const { wire, checksums } = wireNumbers(source, result.delta);
    const { transferChecksum } = context.options;
    const digest = result.digest === undefined ? undefined : printOrder(transferChecksum, result.digest);
    context.emit({ type: "transferred", item, wireBytes: wire, checksumBytes: checksums, digest });
  }

  /**
   * Asks once more for the files whose data was not what the sender has, and waits until others have been asked for in place of those that
   * failed; false when there are none (3-transfer 5.4, 7).
   */
  async redoWrong(): Promise<boolean> {
    const wrong = this.wrong.splice(0);
    for (const { turn, group } of wrong) await this.redo(turn, group);
    const others = this.others.splice(0);
    await Promise.all(others);
    return wrong.length + others.length > 0;
  }

  /** Others of the group are asked for in place of one that has failed. */
  private failGroup(group: LinkGroup): void {
    const waiting = this.groups.failed(group);
    if (waiting === undefined) return;
    // What it fails with comes out where it is waited for.
    waiting.catch(() => {});
    this.others.push(waiting);
  }

  private redo(before: PlacedTurn, group: LinkGroup | undefined): Promise<void> | undefined {
    const { context, existing } = this.parts;
    const { entry } = before;
    const stat = emptyStat();
    const descriptor = this.descriptorOf(before.directory);
    if (descriptor === undefined) return undefined;
    const place = { ...before.place, directory: descriptor };
    const turn = { ...before, place };
    const status = context.syscalls.lstatAt(place.directory, place.name, stat);
    const isFile = (stat.mode & FileType.mask) === FileType.regular || before.device !== undefined;
    const exists = status === 0 && isFile;
    const partial = !this.delayed.isTaken(turn) && modeOfPartial(context, place.directory, place.name) !== undefined;
    const initial = ItemFlag.transfer | (partial ? ItemFlag.basisTypeFollows : 0);
    const attributes = exists ? existing.read(place.directory, place.name, place.absolute) : noAttributes();
    const flags = exists
      ? itemFlags(context, entry, turn.mode, stat, attributes, initial)
      : newItemFlags(context, entry, initial);
    return this.request({ ...turn, exists, basis: undefined }, attributes, flags, partial, group, "redo");
  }

  /** Attributes that an existing file has and its source has not. */
  private surplus(entry: FileEntry, attributes: ExistingAttributes): readonly ByteName[] {
    const { context } = this.parts;
    if (context.options.xattrs === 0) return [];
    const keep = new Set(wantedXattrs(context, entry).map((item) => item.name));
    const names = storable(context, attributes.xattrs).map((item) => item.name);
    return names.filter((name) => !keep.has(name));
  }

  /** The directory's descriptor; a directory that was left already is opened again. */
  descriptorOf(directory: OpenDirectory): number | undefined {
    if (directory.pending > 0) return directory.descriptor;
    const held = this.parts.destination.walker?.directory(directory.path);
    return held === undefined || typeof held === "number" ? undefined : held.descriptor;
  }

  /** The negative errno of a directory without a descriptor. */
  whyClosed(directory: OpenDirectory): number {
    const held = directory.pending > 0 ? undefined : this.parts.destination.walker?.directory(directory.path);
    return typeof held === "number" ? held : ENOENT;
  }
}

function openFrom({ unopened }: OpenSource): SourcePlace | undefined {
  return unopened === undefined ? undefined : { directory: unopened.directory.descriptor, name: unopened.name };
}
