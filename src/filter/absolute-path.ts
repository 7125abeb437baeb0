/** Lexical absolute paths, for rules that name files or directories. */
import { type ByteName, byteName, joinName } from "../bytes/byte-name.ts";

/** `path` as seen from an absolute directory, without empty, `.` and `..` components. */
export function absolutePath(path: ByteName, directory: ByteName): ByteName {
  const parts: string[] = [];
  for (const part of (path.startsWith("/") ? path : joinName(directory, path)).split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return byteName(`/${parts.join("/")}`);
}
