/**
 * The working directory, from which relative paths of the operator count. It may have been deleted: then nothing has such a path,
 * but absolute ones are as good as ever.
 */
import { type ByteName, joinName } from "../bytes/byte-name.ts";
import { selectionError } from "../errors.ts";
import { errnoText } from "./errno.ts";
import type { Syscalls } from "./syscalls/interface.ts";

/** Its absolute path, looked up when it is needed first; that throws if it was deleted. */
export function workingDirectory(syscalls: Syscalls): () => ByteName {
  let known: ByteName | undefined;
  return () => {
    known ??= lookUp(syscalls);
    return known;
  };
}

/** `path` as an absolute one; throws if that needs a working directory that was deleted. */
export function absolutePath(syscalls: Syscalls, path: ByteName): ByteName {
  return path.startsWith("/") ? path : joinName(lookUp(syscalls), path);
}

function lookUp(syscalls: Syscalls): ByteName {
  const path = syscalls.workingDirectory();
  if (typeof path === "number") throw selectionError(`[Receiver] getcwd(): ${errnoText(-path)}`);
  return path;
}
