/** Wraps the system calls so that one of them fails, or transfers come up short (4-traps 14, "fault injector"). */
import type { Syscalls } from "../../src/fs/syscalls/interface.ts";

/** What goes wrong. */
export type Fault =
  /** The nth call of a method fails with this negative errno; a `close` is carried out all the same. */
  | { readonly kind: "error"; readonly method: string; readonly nth: number; readonly errno: number }
  /** Every call of a method on something that is written fails. */
  | { readonly kind: "always"; readonly method: string; readonly errno: number }
  /** Reads, writes and kernel copies transfer at most 1,000 bytes. */
  | { readonly kind: "short" };

/** A fault with what became of it. */
export interface Injection {
  readonly fault: Fault | undefined;
  /** Calls so far, by method. */
  readonly calls: Map<string, number>;
  struck: boolean;
}

const shortBytes = 1000;
/** These do not return an errno, or only release things. */
const exempt: ReadonlySet<string> = new Set([
  "dispose",
  "workingDirectory",
  "userName",
  "groupName",
  "userId",
  "groupId",
]);

/** The same calls, with the fault. */
export function injectFaults(real: Syscalls, injection: Injection): Syscalls {
  const { fault, calls } = injection;
  return new Proxy(real, {
    get(target, property, receiver) {
      const value: unknown = Reflect.get(target, property, receiver);
      if (typeof value !== "function" || typeof property !== "string" || exempt.has(property)) return value;
      return (...args: readonly unknown[]): unknown => {
        const count = (calls.get(property) ?? 0) + 1;
        calls.set(property, count);
        if (fault !== undefined && strikes(target, fault, property, count, args)) {
          injection.struck = true;
          const errno = fault.kind === "short" ? 0 : fault.errno;
          if (property === "close") Reflect.apply(value, target, args);
          if (property === "readXattrs") return (args[1] as readonly unknown[]).map(() => errno);
          if (property === "changeXattrs") return (args[1] as readonly unknown[]).map(() => errno);
          return errno;
        }
        return Reflect.apply(value, target, fault?.kind === "short" ? shortened(injection, property, args) : args);
      };
    },
  });
}

function strikes(calls: Syscalls, fault: Fault, method: string, count: number, args: readonly unknown[]): boolean {
  if (fault.kind === "error") return fault.method === method && fault.nth === count;
  if (fault.kind === "short" || fault.method !== method) return false;
  // Opening for writing only: reading must go on.
  return method !== "openAt" || ((args[2] as number) & calls.flags.create) !== 0;
}

/** The arguments with a smaller length. */
function shortened(injection: Injection, method: string, args: readonly unknown[]): readonly unknown[] {
  const at = method === "read" || method === "write" ? 3 : method === "copyFileRange" ? 2 : -1;
  const length = at < 0 ? 0 : (args[at] as number);
  if (length <= shortBytes) return args;
  injection.struck = true;
  return args.map((argument, index) => (index === at ? shortBytes : argument));
}
