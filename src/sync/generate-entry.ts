/**
 * What the generator does with one entry that is not a directory (3-transfer 1.7, 1.11): skip, make, link, update the
 * attributes, or ask the sender for its data.
 */
import { byteName } from "../bytes/byte-name.ts";
import { emptyStat, type Stat } from "../fs/syscalls/interface.ts";
import { type FileEntry, FileType } from "../protocol/file-entry.ts";
import { ItemFlag } from "../protocol/item-flags.ts";
import { type Alternate, AlternateLevel } from "./alternates.ts";
import { setAttributes } from "./attributes.ts";
import { destinationMode, itemFlags, newItemFlags, noAttributes, quickCheck, wouldChange } from "./compare.ts";
import { EarlierNames } from "./earlier-names.ts";
import {
  absolutePath,
  type EntryParts,
  isOutOfSize,
  listedName,
  type PlacedTurn,
  pathBelow,
  remark,
  remarkLinked,
  remarkNonRegular,
  remarkNotMade,
  remarkUpToDate,
  shownName,
  type Turn,
} from "./entry-parts.ts";
import { ExistingDigests } from "./existing-digest.ts";
import { isMissing, isRegular } from "./file-list.ts";
import { FuzzyBases } from "./fuzzy.ts";
import { AlternateEntries, type AlternateOutcome } from "./generate-alternate.ts";
import { generateSpecial, wantsSpecial } from "./generate-special.ts";
import type { LinkGroup } from "./hard-links.ts";
import { deviceToWrite, existsSuffix } from "./kept-entry.ts";
import { linkMember } from "./link-member.ts";
import { kindName } from "./make-special.ts";
import { dropPartial, modeOfPartial } from "./partial-files.ts";
import { PostponedEntries } from "./postponed.ts";
import { FileRequests } from "./request-file.ts";
import { finish, goOn, withPauses } from "./steps.ts";
import { hasNewPlace, takesNewPlaces } from "./straight-copy.ts";
import { UnchangedCheck } from "./unchanged-check.ts";

const ENOENT = -2;

export class EntryGenerator {
  private readonly parts: EntryParts;
  private readonly stat: Stat = emptyStat();
  private readonly digests: ExistingDigests;
  readonly requests: FileRequests;
  private readonly alternates: AlternateEntries;
  private readonly fuzzy: FuzzyBases;
  private readonly postponed: PostponedEntries;
  private readonly unchanged: UnchangedCheck;
  private readonly earlier: EarlierNames;
  private readonly takesNewPlaces: boolean;

  constructor(parts: EntryParts) {
    this.parts = parts;
    this.postponed = new PostponedEntries(parts);
    this.digests = new ExistingDigests(parts.context);
    this.requests = new FileRequests(parts, {
      done: (group, entry) => this.finishGroup(group, entry),
      failed: (group) => this.promote(group),
    });
    this.unchanged = new UnchangedCheck(parts);
    this.earlier = new EarlierNames(parts.context);
    this.alternates = new AlternateEntries(parts);
    this.fuzzy = new FuzzyBases(parts);
    this.takesNewPlaces = takesNewPlaces(parts.context);
  }

  /** Handles an entry; a promise says that the caller must wait before the next. */
  handle(turn: Turn): Promise<void> | undefined {
    const { links, context } = this.parts;
    const answer = context.gate === undefined || isMissing(turn.entry) ? "planned" : context.gate.entry(turn.entry);
    if (answer === "unplanned" && this.postponed.clears(turn, this.requests.descriptorOf(turn.directory)))
      return undefined;
    if (answer !== "planned") return this.pass(turn, answer === "leading");
    const { guarded } = this.parts.deleter;
    if (guarded !== undefined && this.postponed.takes(turn, this.requests.descriptorOf(turn.directory)))
      return undefined;
    const group = links.group(turn.entry);
    if (group === undefined) return this.decide(turn, undefined, true);
    const verdict = links.visit(group, turn);
    if (verdict === "wait") return undefined;
    if (verdict === "link") {
      linkMember(this.parts, turn, group.leader ?? turn.entry.path, false);
      return undefined;
    }
    const waiting = this.decide(turn, group, links.isLast(group));
    return waiting ?? this.rescueGroup(group);
  }

  close(): void {
    this.fuzzy.close();
  }

  /** Handles the entries that waited for the guard. */
  handlePostponed(): Promise<void> {
    return this.postponed.handleAll((turn) => this.handle(turn));
  }

  /** An entry in a directory that is left alone: only its hard-link group has to know. */
  skip(entry: FileEntry): Promise<void> | undefined {
    const group = this.parts.links.group(entry);
    if (group === undefined) return undefined;
    group.seen++;
    return this.rescueGroup(group);
  }

  /** An entry that is left alone. Others may be linked to it if it is as it should be (`leads`). */
  private pass({ entry, directory }: Turn, leads: boolean): Promise<void> | undefined {
    const { links, context, destination } = this.parts;
    const group = links.group(entry);
    if (group === undefined) return undefined;
    group.seen++;
    if (leads && group.leader === undefined && !group.transferring) {
      const descriptor = this.requests.descriptorOf(directory) ?? -1;
      const seen = context.syscalls.lstatAt(descriptor, destination.singleName ?? entry.name, this.stat);
      const sameType = (this.stat.mode & FileType.mask) === (entry.mode & FileType.mask);
      if (seen === 0 && sameType && this.stat.size === entry.size) this.finishGroup(group, entry);
    }
    return this.rescueGroup(group);
  }

  /** If a group has come to its end without a leader, the last member that waits becomes it. */
  private rescueGroup(group: LinkGroup): Promise<void> | undefined {
    if (group.leader !== undefined || group.transferring || !this.parts.links.isLast(group)) return undefined;
    return this.promote(group);
  }

  /** The leader is gone: the last waiting member is handled as if it were the last of the group, or the one before it. */
  private promote(group: LinkGroup): Promise<void> | undefined {
    return this.parts.links.retry(group, (member) => this.decide({ ...(member as Turn), atOnce: true }, group, true));
  }

  private decide(turn: Turn, group: LinkGroup | undefined, last: boolean): Promise<void> | undefined {
    const { context, destination, deleter } = this.parts;
    const { options, syscalls, ledger } = context;
    const { entry, directory } = turn;
    const { stat } = this;
    const name = destination.singleName ?? entry.name;
    const descriptor = this.requests.descriptorOf(directory);
    const isNew = this.takesNewPlaces && group === undefined && hasNewPlace(turn);
    const absent = isNew ? ENOENT : descriptor === undefined ? this.requests.whyClosed(directory) : undefined;
    const status = directory.refusal ?? absent ?? syscalls.lstatAt(descriptor ?? -1, name, stat);
    let exists = status === 0;
    let { cleared = false } = turn;
    if (exists && stat.linkCount > 1) context.gate?.shared(entry, stat);
    const isFirst = group === undefined && !this.earlier.hasMet(stat);
    if (exists && isFirst && this.unchanged.holds(entry, stat, descriptor, name)) return undefined;
    const shown = shownName(destination, entry);
    if (isMissing(entry)) {
      // What rules say is told also where nothing stands.
      if (exists) deleter.deleteArgument(pathBelow(destination, entry), name, stat);
      else deleter.protectsArgument(pathBelow(destination, entry));
      return undefined;
    }
    if (options.existing && status === ENOENT && turn.cleared !== true) {
      remarkNotMade(this.parts, group, last);
      remark(context, "not-creating", `not creating new file "${shown}"`, entry.path, options.info.skip > 0);
      return undefined;
    }
    if (options.ignoreExisting && exists) {
      const digest = () => this.digests.at(descriptor ?? -1, name, entry.size);
      const text = `${shown} exists${existsSuffix(this.parts, turn, name, stat, descriptor, digest)}`;
      remark(context, "exists", text, entry.path, options.info.skip > 0);
      remarkNotMade(this.parts, group, last);
      return undefined;
    }
    const place = {
      directory: descriptor ?? directory.refusal ?? -1,
      name,
      absolute: absolutePath(destination, entry),
    };
    const type = stat.mode & FileType.mask;
    const device = exists ? deviceToWrite(context, entry, stat) : undefined;
    // For a file that is to be received only a regular file counts as its old self (the receiver decides, 5.6).
    const counts = isRegular(entry) ? type === FileType.regular || device !== undefined : type !== FileType.directory;
    const existingMode = exists && counts ? stat.mode : undefined;
    const mode = destinationMode(context, entry, existingMode, turn.defaultPermissions);
    if (!isRegular(entry)) {
      if (!wantsSpecial(context, entry)) {
        remarkNonRegular(this.parts, entry);
        if (group !== undefined) group.notMade = entry;
        return undefined;
      }
      const made = generateSpecial(this.parts, this.alternates, { ...turn, place, mode, exists }, stat);
      if (group === undefined) return undefined;
      if (made === true) this.finishGroup(group, entry);
      // It is tried as a link once another one stands; with incremental recursion rsync has lost its list by then.
      else if (made === "left-out" || (!last && !options.incrementalRecursion))
        this.parts.links.wait(group, turn, false);
      return undefined;
    }
    if (isOutOfSize(context, entry, listedName(destination, entry))) return undefined;
    const isNewer = exists && type === FileType.regular && entry.mtime - stat.mtime < options.modifyWindow;
    if (options.update && isNewer) {
      remark(context, "newer", `${shown} is newer`, entry.path, options.info.skip > 0);
      return undefined;
    }
    if (exists && type !== FileType.regular && device === undefined) {
      if (!deleter.makeRoom(pathBelow(destination, entry), name, stat, kindName(entry))) {
        // Tried once more as a link when another one stands.
        if (group !== undefined && !last) this.parts.links.wait(group, turn, false);
        return undefined;
      }
      exists = false;
      cleared = true;
    } else if (status < 0 && status !== ENOENT) {
      this.fuzzy.look(turn);
      // One that is to become a link is not missed before that fails.
      if (group !== undefined && !last) {
        this.parts.links.wait(group, turn);
        return undefined;
      }
      // The other names are still made behind a link that leads out only.
      if (group !== undefined && directory.refusal === undefined) this.parts.links.giveUp(group);
      const fail = (found?: Alternate): undefined => {
        found?.directory.release();
        ledger.systemError("generator", `recv_generator: failed to stat "${place.absolute}"`, status, entry.path);
      };
      // An equal file elsewhere will do all the same.
      if (group !== undefined || directory.refusal !== undefined) return fail();
      return this.fromAlternate({ ...turn, place, mode, copyMode: mode, exists, device, cleared }, undefined, fail);
    }
    const isOther = status === 0 && !counts && type !== FileType.directory;
    const copyMode = isOther ? destinationMode(context, entry, stat.mode, turn.defaultPermissions) : mode;
    return this.regular({ ...turn, place, mode, copyMode, exists, oldBytes: stat.size, device, cleared }, group, last);
  }

  private regular(turn: PlacedTurn, group: LinkGroup | undefined, last: boolean): Promise<void> | undefined {
    return this.fromAlternate(turn, group, (found) => {
      const prepared = this.digests.prepare(turn, this.stat);
      return goOn(this.stat, prepared, () => this.compare(turn, group, last, found));
    });
  }

  /** Takes a file from an alternate directory if one has it; else goes on with `otherwise`, which releases a basis. */
  private fromAlternate(
    turn: PlacedTurn,
    group: LinkGroup | undefined,
    otherwise: (found: Alternate | undefined) => Promise<void> | undefined,
  ): Promise<void> | undefined {
    if (this.parts.context.options.alternates === undefined) return otherwise(undefined);
    const steps = this.alternates.findFile(turn, { ...this.stat }, group);
    const sought = turn.atOnce === true ? finish(steps) : withPauses(this.parts.context, steps);
    return goOn(this.stat, sought, (found) => {
      if (found === undefined || found.level === AlternateLevel.kind) return otherwise(found);
      return goOn(this.stat, this.alternates.file(turn, found), (done) => {
        if (done !== "failed") return this.finishAlternate(turn, group, found, done);
        found.directory.release();
        return otherwise(undefined);
      });
    });
  }

  /** An alternate directory had a file of the same content. */
  private finishAlternate(
    turn: PlacedTurn,
    group: LinkGroup | undefined,
    found: Alternate,
    outcome: AlternateOutcome,
  ): Promise<void> | undefined {
    const { channel, remover } = this.parts;
    const { entry, ndx, position, place } = turn;
    const flags = this.alternates.flags(turn, found, outcome);
    found.directory.release();
    if (group !== undefined && outcome === "linked") {
      group.alternate = found.stat;
      this.finishGroup(group, entry);
    } else if (group !== undefined && outcome === "left-out") {
      this.parts.links.wait(group, turn, false);
    }
    const isMatch = outcome === "linked";
    if (isMatch) this.alternates.setAccessTime(turn, found);
    // What is linked is told of with what is unchanged only, whatever its time of access.
    const isTold = !isMatch || this.parts.context.wants.unchanged;
    const told = { entry, ndx, position, flags, linkedTo: isMatch ? byteName("") : undefined, isMatch };
    const waiting = isTold ? channel.push({ kind: "item", ...told }) : undefined;
    this.parts.existing.tellJudged();
    if (found.level === AlternateLevel.attributes) remarkUpToDate(this.parts, entry, false);
    remover.succeeded(turn, "handled", place.directory, place.name);
    if (group !== undefined && outcome === "copied") {
      for (const member of group.waiting) remarkLinked(this.parts, member.entry, entry);
      this.finishGroup(group, entry);
    }
    return waiting;
  }

  /** Compares with what stands there; `found` is a basis in an alternate directory, which is released. */
  private compare(
    turn: PlacedTurn,
    group: LinkGroup | undefined,
    last: boolean,
    found: Alternate | undefined,
  ): Promise<void> | undefined {
    const { context, channel, existing } = this.parts;
    const { options } = context;
    const { entry, ndx, position, place, mode, exists } = turn;
    const { stat } = this;
    const kept = this.requests.delayed.isTaken(turn) ? undefined : modeOfPartial(context, place.directory, place.name);
    const partial = kept !== undefined;
    const absent = !exists && !partial && found === undefined;
    const similar = absent ? this.fuzzy.find(turn, group !== undefined) : undefined;
    // A member that can start from a similar file does not wait for one that exists.
    if (absent && similar === undefined && group !== undefined && !last) {
      this.parts.links.wait(group, turn);
      return undefined;
    }
    const told = () => this.earlier.seen(entry, stat, existing.read(place.directory, place.name, place.absolute));
    if (exists && quickCheck(options, entry, stat, () => this.digests.at(place.directory, place.name, entry.size))) {
      const attributes = told();
      let changed: boolean | undefined = false;
      if (!options.dryRun) {
        if (partial) {
          dropPartial(context, place.directory, place.name);
          turn.directory.dirty = true;
        }
        // After a checksum the time is set exactly, else the comparison rule leaves equal seconds alone (1.5).
        const rule = options.checksum ? "exact" : "by-window";
        changed = setAttributes(context, place, entry, mode, stat, attributes, rule);
      }
      const now = itemFlags(context, entry, mode, stat, attributes, 0);
      const flags = this.earlier.flags(entry, stat, attributes, now);
      if (group !== undefined) group.hadOtherXattrs = (flags & ItemFlag.xattr) !== 0;
      const waiting = channel.push({ kind: "item", entry, ndx, position, flags, linkedTo: undefined });
      remarkUpToDate(this.parts, entry, options.dryRun ? wouldChange(options, entry, stat, flags) : changed);
      this.parts.remover.succeeded(turn, "handled", place.directory, place.name);
      if (group !== undefined) this.finishGroup(group, entry);
      return waiting;
    }
    // What is as long as its source is complete (3-transfer 1.7 step 22).
    if (options.append !== "no" && exists && stat.size >= entry.size) return undefined;
    const comparable = exists && (partial || this.requests.deltas.canRead(turn));
    // A member that cannot be read is as good as missing.
    if (exists && !comparable && found === undefined && group !== undefined && !last) {
      this.parts.links.wait(group, turn);
      return undefined;
    }
    this.fuzzy.requests(turn);
    let initial: number = ItemFlag.transfer | (options.checksum ? ItemFlag.change : 0);
    if (partial || found !== undefined) initial |= ItemFlag.basisTypeFollows;
    // Of a file that cannot be read nothing else is told than that.
    const silent = () => (exists ? existing.read(place.directory, place.name) : noAttributes());
    const attributes = comparable ? told() : silent();
    if (comparable) {
      const now = itemFlags(context, entry, mode, stat, attributes, initial);
      const flags = this.earlier.flags(entry, stat, attributes, now);
      return this.requests.request(this.startedFrom(turn, kept, undefined), attributes, flags, partial, group);
    }
    if (similar !== undefined) return this.fromSimilar(turn, similar, initial, group);
    if (found === undefined || !this.requests.deltas.canReadBasis(found, entry)) {
      found?.directory.release();
      const flags = newItemFlags(context, entry, initial);
      return this.requests.request(this.startedFrom(turn, kept, undefined), attributes, flags, partial, group);
    }
    const flags = itemFlags(context, entry, mode, found.stat, found.attributes, initial);
    const started = this.startedFrom(turn, kept, found);
    // A sender that is not here hears of the basis in a dry run too, and of one from which nothing is taken.
    if ((context.isRemote === true || !(options.wholeFile || options.dryRun)) && !partial) {
      return this.requests.request({ ...started, basis: found }, attributes, flags, partial, group);
    }
    found.directory.release();
    return this.requests.request(started, attributes, flags, partial, group);
  }

  /** The turn with the mode that the file gets when another one is its basis: without `--perms` that of the basis. */
  private startedFrom(turn: PlacedTurn, partialMode: number | undefined, basis: Alternate | undefined): PlacedTurn {
    const { context } = this.parts;
    const { permissions, dryRun } = context.options;
    const basisMode = partialMode ?? basis?.stat.mode;
    if (permissions || dryRun || basisMode === undefined) return turn;
    if (partialMode === undefined && basis !== undefined && !this.requests.deltas.isReadable(basis)) return turn;
    return { ...turn, mode: destinationMode(context, turn.entry, basisMode, turn.defaultPermissions) };
  }

  /** A file of another name is the basis; the entry itself is new. */
  private fromSimilar(
    turn: PlacedTurn,
    similar: Alternate,
    initial: number,
    group: LinkGroup | undefined,
  ): Promise<void> | undefined {
    const readable = this.requests.deltas.canReadBasis(similar, turn.entry);
    const { options, isRemote } = this.parts.context;
    const basis = readable && (isRemote === true || !options.dryRun) ? similar : undefined;
    if (basis === undefined) similar.directory.release();
    const flags = newItemFlags(this.parts.context, turn.entry, initial | (readable ? ItemFlag.basisTypeFollows : 0));
    const started = this.startedFrom(turn, undefined, basis);
    return this.requests.request({ ...started, basis }, noAttributes(), flags, false, group);
  }

  /** The leader stands: links everybody who waited for it, latest first. */
  private finishGroup(group: LinkGroup, entry: FileEntry): void {
    for (const member of this.parts.links.finish(group, entry.path))
      linkMember(this.parts, member as Turn, entry.path, true);
  }
}
