/** What stands in for `src/fs/syscalls/choose.ts` where a test does something just before a chosen system call of a run in its own process. */
import { openKoffi } from "../../src/fs/syscalls/koffi.ts";
import { openPlain } from "../../src/fs/syscalls/plain.ts";
import type { BackEnd } from "./support.ts";

/** Called before each system call. */
export interface Hook {
  before: ((method: string, args: readonly unknown[]) => void) | undefined;
}

/** The module, for `vi.mock`. */
export function hookedSyscalls(hook: Hook) {
  return {
    openSyscalls: (kind?: BackEnd) =>
      new Proxy(kind === "plain" ? openPlain() : openKoffi(), {
        get(target, property, receiver) {
          const value: unknown = Reflect.get(target, property, receiver);
          if (typeof value !== "function" || typeof property !== "string") return value;
          return (...args: readonly unknown[]): unknown => {
            hook.before?.(property, args);
            return Reflect.apply(value, target, args);
          };
        },
      }),
  };
}
