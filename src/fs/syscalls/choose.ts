/**
 * Chooses the implementation of the system calls (design section 3): koffi where it loads, else plain. koffi's binary
 * is loaded here, when it is asked for, not when the module is imported.
 */
import type { Syscalls } from "./interface.ts";
import { openKoffi } from "./koffi.ts";
import { openPlain } from "./plain.ts";

/**
 * Opens the system calls for this thread. Without `kind`: koffi if it loads on this machine, else plain. With "koffi",
 * throws when it does not load.
 */
export function openSyscalls(kind?: "koffi" | "plain"): Syscalls {
  if (kind === "plain") return openPlain();
  if (kind === "koffi") return openKoffi();
  try {
    return openKoffi();
  } catch {
    return openPlain();
  }
}
