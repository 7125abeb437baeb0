/** What is said of an ACL or extended attribute that cannot be set, for both halves of the receiving side (3-transfer 5.6). */
import type { ByteName } from "../bytes/byte-name.ts";
import type { Syscalls } from "../fs/syscalls/interface.ts";
import type { RunContext } from "./context.ts";

const EACCES = -13;

/** What is said of an ACL that cannot be set; `--fake-super` keeps it as an attribute. */
export function aclFailure(
  { syscalls }: Pick<RunContext, "syscalls">,
  path: ByteName,
  absolute: ByteName,
  type: "ACCESS" | "DEFAULT",
): string {
  if (syscalls.abilities.descriptorAttributes) return `set_acl: xacl_set(${path}, ACL_TYPE_${type})`;
  return `set_xattr_acl: fsetxattr("${absolute}","user.rsync.%${type === "ACCESS" ? "a" : "d"}acl") failed`;
}

/** Whether something may not be opened for reading, which rsync does to set attributes on it. */
export function cannotOpen(syscalls: Syscalls, directory: number, name: ByteName): boolean {
  const { readOnly, nonBlock } = syscalls.flags;
  const descriptor = syscalls.openAt(directory, name, readOnly | nonBlock);
  if (descriptor >= 0) syscalls.close(descriptor);
  return descriptor === EACCES;
}
