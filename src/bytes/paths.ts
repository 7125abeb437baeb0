/** Path text without a file system: cleaning and splitting (2-file-list 9.1). */
import type { ByteName } from "./byte-name.ts";

/** Removes duplicate slashes, `.` components and a trailing slash, and resolves `..` by text in an absolute path. */
export function cleanPath(path: ByteName): ByteName {
  if (!/\/\/|\/\.|^\.|\/$/.test(path)) return path;
  const absolute = path.startsWith("/");
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === ".." && absolute) parts.pop();
    else parts.push(part);
  }
  const text = parts.join("/");
  return (absolute ? `/${text}` : text === "" ? "." : text) as ByteName;
}

/** Like `cleanPath`, but `..` components stay: for paths that are opened, where a link may stand before a `..`. */
export function collapseSlashes(path: ByteName): ByteName {
  const absolute = path.startsWith("/");
  const text = path
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");
  return (absolute ? `/${text}` : text === "" ? "." : text) as ByteName;
}

/** The components of a transfer path without empty ones. */
export function components(path: ByteName): ByteName[] {
  return path.split("/").filter((part) => part !== "") as ByteName[];
}
