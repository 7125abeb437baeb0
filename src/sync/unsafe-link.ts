/** Whether a symbolic link leads out of the tree, judged by its text alone (4-traps S-14). */
import type { ByteName } from "../bytes/byte-name.ts";

/** True for a target that is empty, absolute, climbs above the top from the link at transfer path `path`, or has `..` behind another name. */
export function isUnsafeLink(target: ByteName, path: ByteName): boolean {
  if (target === "" || target.startsWith("/")) return true;
  if (target.length > 3 && target.endsWith("/..")) return true;
  let depth = directoryDepth(path);
  let descended = false;
  for (const part of target.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") {
      descended = true;
      continue;
    }
    if (descended || --depth < 0) return true;
  }
  return false;
}

/** How many directories the path of a link passes. */
function directoryDepth(path: ByteName): number {
  return path.split("/").filter((part) => part !== "" && part !== ".").length - 1;
}
