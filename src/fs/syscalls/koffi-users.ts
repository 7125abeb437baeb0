/**
 * The user and group database through libc (getpwuid_r and its kin), so that every source of names that the machine
 * is configured for counts (4-traps T-16). Answers are kept both ways.
 */
import type { ByteName } from "../../bytes/byte-name.ts";
import { remember } from "./common.ts";
import type { Syscalls } from "./interface.ts";
import type { Libc, NativeFunction, Scratch } from "./libc.ts";

const ERANGE = 34;
/** Longest entry read, in bytes: a group's entry lists its members. */
const entryBytesMax = 16 * 1024 * 1024;

/** The look-ups of the koffi back end. */
export function koffiUsers(
  libc: Libc,
  scratch: Scratch,
): Pick<Syscalls, "userName" | "groupName" | "userId" | "groupId"> {
  const byNumber = ["uint", "size_t", "size_t", "size_t", "size_t"] as const;
  const byName = ["size_t", "size_t", "size_t", "size_t", "size_t"] as const;
  const getpwuid = libc.lazy("getpwuid_r", "int", byNumber);
  const getgrgid = libc.lazy("getgrgid_r", "int", byNumber);
  const getpwnam = libc.lazy("getpwnam_r", "int", byName);
  const getgrnam = libc.lazy("getgrnam_r", "int", byName);

  let buffer = Buffer.alloc(16 * 1024);
  let bufferAddress = libc.address(buffer);

  // The record area holds struct passwd or group (name at 0, number at 16 in both) and, at 256, the result pointer.
  function find(look: NativeFunction, key: number): boolean {
    for (;;) {
      scratch.putInteger(64, 0);
      const error = look(key, scratch.record, bufferAddress, buffer.length, scratch.record + 256);
      if (error !== ERANGE || buffer.length >= entryBytesMax) {
        return error === 0 && (scratch.unsigned[64] !== 0 || scratch.unsigned[65] !== 0);
      }
      buffer = Buffer.alloc(buffer.length * 4);
      bufferAddress = libc.address(buffer);
    }
  }

  function nameOf(look: NativeFunction, number: number): ByteName | undefined {
    if (!find(look, number >>> 0)) return undefined;
    const pointer = (scratch.unsigned[0] as number) + (scratch.unsigned[1] as number) * 0x1_0000_0000;
    const start = pointer - bufferAddress;
    if (start < 0 || start >= buffer.length) return undefined;
    return buffer.toString("latin1", start, buffer.indexOf(0, start)) as ByteName;
  }

  function numberOf(look: NativeFunction, name: ByteName): number | undefined {
    if (name === "" || scratch.putText(name) !== 0 || !find(look, scratch.first)) return undefined;
    return scratch.unsigned[4];
  }

  return {
    userName: remember((uid: number) => nameOf(getpwuid, uid)),
    groupName: remember((gid: number) => nameOf(getgrgid, gid)),
    userId: remember((name: ByteName) => numberOf(getpwnam, name)),
    groupId: remember((name: ByteName) => numberOf(getgrnam, name)),
  };
}
