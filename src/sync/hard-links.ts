/**
 * Hard-link groups on the receiving side (2-file-list 8.1, 3-transfer 1.11). A group's leader is the first member that
 * already exists at the destination, else the last member known; the others are linked to it, latest first.
 */
import type { ByteName } from "../bytes/byte-name.ts";
import type { Stat } from "../fs/syscalls/interface.ts";
import type { FileEntry } from "../protocol/file-entry.ts";
import type { FileList } from "./file-list.ts";

/** A group member; what the generator needs besides comes with the object it hands in. */
export interface Member {
  readonly entry: FileEntry;
  readonly ndx: number;
}

/** One group. */
export class LinkGroup {
  /** Members listed so far, and how many of them the generator has come to. */
  known = 0;
  seen = 0;
  /** Path of the leader once it stands (or would stand) at the destination. */
  leader: ByteName | undefined;
  /** The member that was handled last because nobody led: it is the one that leads, if one does. */
  candidate: Member | undefined;
  /** The leader is being transferred. */
  transferring = false;
  /** Members before the leader, which did not exist when their turn came; in list order. */
  waiting: Member[] = [];
  /** Members after a leader that is still being transferred; in list order. */
  queued: Member[] = [];
  /** Those of the waiting that `--compare-dest` leaves out or that could not be made: linked like others, they never lead. */
  readonly leftOut: Set<Member> = new Set();
  /** What the leader was linked to in an alternate directory. */
  alternate: Stat | undefined;
  /** The last of those of a kind that the run does not make. */
  notMade: FileEntry | undefined;
  /** The leader stood there with other extended attributes. */
  hadOtherXattrs = false;
}

/** What is done for a group when its file has come, or has not. */
export interface GroupEnd {
  done(group: LinkGroup, entry: FileEntry): void;
  failed(group: LinkGroup): Promise<void> | undefined;
}

/** What the generator does with a member. */
export type MemberVerdict = "link" | "wait" | "candidate";

export class HardLinks {
  private readonly groups = new Map<number, LinkGroup>();
  private readonly onWaiting: ((member: Member, waits: boolean, late: boolean) => void) | undefined;
  /** Groups of which a member is being handled again. */
  private readonly retried = new Set<LinkGroup>();

  /** `onWaiting` hears when a member begins to wait for others of its group, and when it does not any more (`late`: nothing else happens then). */
  constructor(onWaiting?: (member: Member, waits: boolean, late: boolean) => void) {
    this.onWaiting = onWaiting;
  }

  /** Counts the members of a list that arrived. */
  register(list: FileList): void {
    for (const { linkGroup } of list.entries) {
      if (linkGroup < 0) continue;
      const group = this.groups.get(linkGroup);
      if (group !== undefined) group.known++;
      else this.groups.set(linkGroup, Object.assign(new LinkGroup(), { known: 1 }));
    }
  }

  group(entry: FileEntry): LinkGroup | undefined {
    return entry.linkGroup < 0 ? undefined : this.groups.get(entry.linkGroup);
  }

  /** Comes to a member: it is linked now, waits for a transfer that is under way, or is handled like any file. */
  visit(group: LinkGroup, member: Member): MemberVerdict {
    group.seen++;
    if (this.isLast(group)) group.candidate = undefined;
    if (group.leader !== undefined) return "link";
    if (!group.transferring) {
      if (!this.isLast(group)) group.candidate = member;
      return "candidate";
    }
    group.queued.push(member);
    this.onWaiting?.(member, true, false);
    return "wait";
  }

  /** Whether no further member of the group is known. */
  isLast(group: LinkGroup): boolean {
    return group.seen >= group.known;
  }

  /** The leader stands: those after it, and then those before it, latest first, are to be linked now. */
  finish(group: LinkGroup, leader: ByteName): Member[] {
    group.leader = leader;
    group.transferring = false;
    const members = [...group.queued, ...group.waiting.reverse()];
    group.waiting = [];
    group.queued = [];
    for (const member of members) this.onWaiting?.(member, false, false);
    return members;
  }

  /** A member that does not exist yet waits for those that are still to come; it may lead if they fail (`mayLead`). */
  wait(group: LinkGroup, member: Member, mayLead = true): void {
    group.waiting.push(member);
    if (!mayLead) group.leftOut.add(member);
    this.onWaiting?.(member, true, false);
  }

  /** A later member does not find the leader, as in a dry run: the two wait for the next one to lead. */
  loseLeader(group: LinkGroup, member: Member): void {
    const { candidate, leader } = group;
    if (this.isLast(group) || candidate === undefined || candidate.entry.path !== leader) return;
    group.leader = undefined;
    group.alternate = undefined;
    this.wait(group, candidate, false);
    this.wait(group, member, false);
  }

  /**
   * The leader failed: the last member that waits is handled again, and waits until that is done; if it fails at once, the one before it. A
   * promise where the handling has to wait.
   */
  retry(group: LinkGroup, handle: (member: Member) => Promise<void> | undefined): Promise<void> | undefined {
    group.transferring = false;
    // The failure of a member that is being handled: whoever handles it goes on.
    if (this.retried.has(group)) return undefined;
    this.retried.add(group);
    try {
      while (group.leader === undefined && !group.transferring) {
        const last = group.waiting.findLastIndex((waiting) => !group.leftOut.has(waiting));
        const member = group.queued.pop() ?? (last < 0 ? undefined : group.waiting.splice(last, 1)[0]);
        if (member === undefined) {
          if (this.isLast(group)) this.giveUp(group);
          break;
        }
        const handled = handle(member);
        if (handled !== undefined) return handled.finally(() => this.onWaiting?.(member, false, true));
        this.onWaiting?.(member, false, false);
      }
      return undefined;
    } finally {
      this.retried.delete(group);
    }
  }

  /** Nobody will lead: those that wait stay away. */
  giveUp(group: LinkGroup): void {
    for (const member of group.waiting.splice(0)) this.onWaiting?.(member, false, false);
  }
}
