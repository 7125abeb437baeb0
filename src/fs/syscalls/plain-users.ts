/**
 * The user and group database for the plain back end: what `getent` lists, read once; an id or name that is not listed
 * (a directory service need not list its users) is asked for alone, a limited number of times (4-traps T-16). Without
 * `getent`, the files in /etc.
 */
import { readFileSync } from "node:fs";
import type { ByteName } from "../../bytes/byte-name.ts";
import { remember } from "./common.ts";
import { runHelper } from "./helper-program.ts";
import type { Syscalls } from "./interface.ts";

/** Single questions to getent, 2 ms each, in one run of ours. */
const singleLookUpsMax = 256;

interface Database {
  readonly nameOf: (id: number) => ByteName | undefined;
  readonly idOf: (name: ByteName) => number | undefined;
}

/** The look-ups of the plain back end. */
export function plainUsers(): Pick<Syscalls, "userName" | "groupName" | "userId" | "groupId"> {
  const users = openDatabase("passwd");
  const groups = openDatabase("group");
  return { userName: users.nameOf, groupName: groups.nameOf, userId: users.idOf, groupId: groups.idOf };
}

function openDatabase(kind: "passwd" | "group"): Database {
  const names = new Map<number, ByteName>();
  const ids = new Map<ByteName, number>();
  let read = false;
  let lookUps = 0;

  function add(text: string): void {
    // name:password:number:...; the first of several entries counts.
    for (const line of text.split("\n")) {
      const [name, , number] = line.split(":");
      if (name === undefined || name === "" || number === undefined || !/^\d+$/.test(number)) continue;
      if (!names.has(Number(number))) names.set(Number(number), name as ByteName);
      if (!ids.has(name as ByteName)) ids.set(name as ByteName, Number(number));
    }
  }

  function readAll(): void {
    if (read) return;
    read = true;
    const run = runHelper("getent", [kind], "");
    if (run.error === 0 && run.status === 0) {
      add(run.output);
      return;
    }
    lookUps = singleLookUpsMax;
    try {
      add(readFileSync(`/etc/${kind}`, "latin1"));
    } catch {
      // No database: every id stays a number.
    }
  }

  function ask(key: string): void {
    // getent would take digits for a number and a dash for an option; other bytes do not survive an argument.
    if (lookUps >= singleLookUpsMax || !/^[\x21-\x7e]+$/.test(key) || key.startsWith("-")) return;
    lookUps++;
    const run = runHelper("getent", [kind, key], "");
    if (run.error === 0 && run.status === 0) add(run.output);
  }

  return {
    nameOf: remember((id: number) => {
      readAll();
      if (!names.has(id)) ask(String(id));
      return names.get(id);
    }),
    idOf: remember((name: ByteName) => {
      readAll();
      if (!ids.has(name) && !/^\d+$/.test(name)) ask(name);
      return ids.get(name);
    }),
  };
}
