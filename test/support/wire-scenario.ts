/**
 * One case between two machines: a case of the whole table whose sources or destination are put behind a host, with
 * the options that matter on the wire (wire-options.ts). The host is this machine: the remote shell is a script that
 * drops its name and runs the command line in the same folder, as sshd would in the user's.
 */
import { type ByteName, byteName } from "../../src/bytes/byte-name.ts";
import { Random } from "./random.ts";
import type { RunUser } from "./random-attributes.ts";
import { type CommandWords, joinWords, type Scenario } from "./scenario.ts";
import { planWholeScenario } from "./whole-scenario.ts";
import { isPlain, randomWireOptions } from "./wire-options.ts";

/** Where the source is: here for a push, there for a pull. */
export type Direction = "push" | "pull";

/** The remote shell. It takes the options that rsync gives to ssh, and leaves `$FAR` to the shell that it starts. */
export const remoteShell = `#!/bin/sh
while [ "$1" = -l ]; do shift 2; done
shift
exec sh -c "$*"
`;

/** The whole case; `root` is the absolute path of the working directory, `shell` that of the remote shell. */
export function planWireScenario(
  seed: number,
  user: RunUser,
  root: ByteName,
  { direction, shell }: { direction: Direction; shell: ByteName },
): Scenario {
  const base = planWholeScenario(seed, user, root);
  const random = new Random(`wire case ${direction} ${user}`, seed);
  const { words } = base;
  const listsFiles = words.listOptions.length > 0;
  const plain = [...words.sources, ...(words.destination === undefined ? [] : [words.destination])].every(isPlain);
  const wire = randomWireOptions(random, base.covers, plain);
  const host = byteName(random.chance(0.1) ? "me@far" : "far");
  const covers = [...base.covers, ...wire.covers, direction];
  const placed = direction === "push" ? placePush(words, host) : placePull(random, words, host, covers);
  const remoteList = listsFiles && random.chance(0.4) && words.listOptions.includes(byteName("--files-from=list"));
  if (remoteList) covers.push("--files-from on the far side");
  const listOptions = !remoteList
    ? words.listOptions
    : words.listOptions.map((word) => (word === "--files-from=list" ? byteName(`--files-from=${host}:list`) : word));
  const connection = [byteName("-e"), shell, byteName("--rsync-path=$FAR")];
  const all: CommandWords = { ...placed, listOptions, options: [...words.options, ...wire.argv, ...connection] };
  return {
    ...base,
    words: all,
    argv: joinWords(all),
    environment: { ...base.environment, ...wire.environment },
    covers: [...new Set(covers)],
  };
}

function placePush(words: CommandWords, host: ByteName): CommandWords {
  return { ...words, destination: byteName(`${host}:${words.destination ?? "dst/"}`) };
}

/** Further sources may leave out the host, and wildcards are expanded over there. */
function placePull(random: Random, words: CommandWords, host: ByteName, covers: string[]): CommandWords {
  const sources = words.sources.map((path, index) => {
    const place = index > 0 && random.chance(0.4) ? "" : host;
    if (path !== "src/" || !random.chance(0.15)) return byteName(`${place}:${path}`);
    covers.push("source wildcard");
    return byteName(`${place}:${path}${random.pick(["*", "[a-m]*", "?*", "[!.]*"])}`);
  });
  return { ...words, sources };
}
