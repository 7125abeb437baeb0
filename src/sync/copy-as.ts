/**
 * `--copy-as=USER[:GROUP]`: takes the rights of somebody else, for good, before trees are touched (3-transfer 10.2). All
 * threads of the process change, so that only a command does it, never the library.
 */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import { plainUsageError, type Role, usageError } from "../errors.ts";
import { errnoText } from "../fs/errno.ts";
import type { Syscalls } from "../fs/syscalls/interface.ts";

/** Becomes that user; without a group: in all groups of his. Throws a usage error if there is none, or for want of rights. */
export function copyAs(who: ByteName | undefined, syscalls: Syscalls, role: Role): void {
  if (who === undefined) return;
  const colon = who.indexOf(":");
  const user = byteName(colon < 0 ? who : who.slice(0, colon));
  const uid = idOf(user, (name) => syscalls.userId(name));
  if (uid === undefined) throw plainUsageError(`Invalid copy-as user: ${user}`, role);
  const group = colon < 0 ? undefined : byteName(who.slice(colon + 1));
  const named = group === undefined ? undefined : idOf(group, (name) => syscalls.groupId(name));
  if (group !== undefined && named === undefined) throw plainUsageError(`Invalid copy-as group: ${group}`, role);
  const gid = named ?? primaryGroup(uid);
  if (gid === undefined) throw usageError(`[${role}] getpwuid failed: Success (0)`, role);
  change("setgid", role, () => process.setgid?.(gid));
  change("setgroups", role, () => {
    if (named !== undefined) process.setgroups?.([named]);
    else enterGroups(uid, gid);
  });
  change("setuid", role, () => process.setuid?.(uid));
}

/** A number counts as it is, everything else is a name. */
function idOf(text: ByteName, byName: (name: ByteName) => number | undefined): number | undefined {
  if (/^[0-9]{1,10}$/.test(text)) return Number(text) < 2 ** 32 - 1 ? Number(text) : undefined;
  return text === "" ? undefined : byName(text);
}

/** The group of a user's account, which Node does not tell. */
function primaryGroup(uid: number): number | undefined {
  // Loaded at the first use: it costs 2 ms, which every run would pay.
  const { execFileSync } = process.getBuiltinModule("node:child_process");
  try {
    const answer = execFileSync("id", ["-g", String(uid)], { stdio: ["ignore", "pipe", "ignore"], encoding: "latin1" });
    return Number(answer);
  } catch {
    return undefined;
  }
}

/** `process.initgroups`, which is missing in the types of Node: the groups of a user, and one more. */
function enterGroups(uid: number, gid: number): void {
  const call: unknown = Reflect.get(process, "initgroups");
  if (typeof call === "function") call.call(process, uid, gid);
}

function change(call: string, role: Role, act: () => void): void {
  try {
    act();
  } catch (error) {
    const errno = error instanceof Error && "errno" in error ? Math.abs(Number(error.errno)) : 1;
    throw usageError(`[${role}] ${call} failed: ${errnoText(errno)}`, role);
  }
}
