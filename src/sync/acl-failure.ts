/** The words for an ACL that cannot be set, for both halves of the receiving side (3-transfer 5.6). */
import type { ByteName } from "../bytes/byte-name.ts";
import type { RunContext } from "./context.ts";

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
