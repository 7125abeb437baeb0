/** The words that a client hands to a server, against those of the real rsync (1-session 2.2 to 2.8). */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { fromBytes, fromText } from "../../src/bytes/byte-name.ts";
import { parseArguments } from "../../src/options/parse-arguments.ts";
import { callOf, serverArguments } from "../../src/options/server-arguments.ts";

const folder = mkdtempSync(join(tmpdir(), "tsync-server-arguments-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const shell = join(folder, "shell");
const words = join(folder, "words");
const input = join(folder, "input");
writeFileSync(
  shell,
  `#!/bin/sh\nshift 2\nprintf '%s\\0' "$@" > ${words}\ncase $2$3 in -s*|--sender-s*) head -c \${TSYNC_TAKE:-0} > ${input};; esac\n`,
);
chmodSync(shell, 0o755);
writeFileSync(join(folder, "list"), "a\nb\n");

function wordsOfRsync(args: readonly string[], secludedBytes: number): string[] {
  rmSync(words, { force: true });
  rmSync(input, { force: true });
  const env = { PATH: process.env.PATH, TSYNC_TAKE: `${secludedBytes}`, HOME: folder };
  const done = spawnSync("rsync", ["-e", shell, ...args], { cwd: folder, env, timeout: 20_000, encoding: "latin1" });
  try {
    const visible = fromBytes(readFileSync(words)).split("\0").slice(0, -1);
    return secludedBytes > 0 ? [...visible, "SECLUDED", fromBytes(readFileSync(input))] : visible;
  } catch {
    throw new Error(`rsync ${args.join(" ")}: ${done.stderr}`);
  }
}

function wordsOfTsync(args: readonly string[]): { words: string[]; secludedBytes: number } {
  const command = parseArguments(args.map(fromText), {});
  if (command.kind !== "remote") throw new Error(`${args.join(" ")}: ${command.kind}`);
  const { visible, secluded } = serverArguments(callOf(command, {}));
  if (secluded === undefined) return { words: [...visible], secludedBytes: 0 };
  const stream = `${["rsync", ...secluded].map((word) => (word === "" ? "." : word)).join("\0")}\0\0`;
  return { words: [...visible, "SECLUDED", stream], secludedBytes: stream.length };
}

const both = `
-a
-r
-rlptgoD
-avvv
-avvvvvvvvvvv
-aq
-aq --stderr=client
-an
-a --stderr=all
-ab
-ab --suffix=.o
-a --backup-dir=../x// --suffix=
-a --backup-dir=. --suffix=.q
-a --backup-dir=old --suffix=.x*y
-au
-d
-dl
-d --delete
-a --no-d --delete
-am
-aO
-aJ
-ay
-ayy
-ayy --link-dest=../o
-aL
-ak
-aW
-a --no-W
-aH
-aHH
-rD
-r --devices
-r --specials
-aU
-aUU
-aUU --open-noatime
-aU --open-noatime
-rA
-rE
-rpE
-aX
-aXX
-aXXX
-ac
-aC
-aI
-aR
-aR --no-implied-dirs
-aR --no-implied-dirs --protocol=29
-ax
-axxx
-aS
-a --protocol=29
-a --protocol=30
-a --no-inc-recursive
-a --list-only
-d --list-only
-a -i
-a -ii
-av -ii
-a --out-format=%n
-a --out-format=%o%n
-a --out-format=%i%n
-a --out-format=%n%i -ii
-av --out-format=%n
-aP
-a --progress
-a -B1234
-a --bwlimit=1000
-a --bwlimit=1500b
-a --bwlimit=0
-a --cc=md5
-a --cc=xxh64,md5
-a --checksum-choice=auto
-a --cc=none
-a --max-delete=3 --delete
-a --max-delete=0 --delete
-a --max-delete=-5 --delete
-a --max-size=1.5k --min-size=10b
-a --delete-before
-a --delete-delay
-a --delete-during
-a --del
-a --delete-after
-a --delete
-a --delete --delete-excluded
-a --del --delete-excluded
-a --force
-a --size-only
-a --stats
-a --skip-compress=gz/bz2
-a --max-alloc=1g
-a --max-alloc=2g
-a --delete-missing-args
-a --ignore-missing-args
-a --modify-window=0
-a --modify-window=2
-a -@-1
-a --checksum-seed=7
-a --checksum-seed=-7
-a --partial
-a --partial --inplace
-a --partial-dir=.p
-a --partial-dir=x/../y --partial
-a --partial-dir=.
-a --partial-dir=x --partial-dir= --no-partial
-a --ignore-errors
-a --copy-unsafe-links
-a --safe-links
-a --numeric-ids
-a --usermap=a:b,*:c
-a --groupmap=0-5:b
-a --chown=u:g
-a --chown=:g
-a --ignore-existing
-a --existing
-a -T/tmp
-a --temp-dir=
-a --fsync
-a --compare-dest=../o --compare-dest=/p/
-a --copy-dest=x
-a --info=all1
-a --info=all4
-a --info=none
-a --info=none,name2,del2
-a --info=all,name0,skip2
-a --info=none,name2,del2,skip2,copy2,misc2,mount2
-a --info=progress2
-a --info=name0,del0
-av --info=name0,del0
-a --info=flist2,stats3
-a --append
-a --append-verify
-a --append --append
-a --inplace
-a --inplace -S
-a --inplace -S --no-W
-a --append -S --no-W
-a --remove-source-files
-a --remove-sent-files
-a --copy-devices
-a --mkpath
-a --preallocate
-a --preallocate --mkpath --write-devices --open-noatime --remove-source-files
-aK
-a --super
-a --write-devices
-a --delay-updates
-a --delay-updates --partial-dir=x
-a --delay-updates --delete
-a --fake-super
-az
-azz
-az --no-z
-a --zc=none
-az --zc=none --zl=5
-a --zc=ZSTD --zl=0
-a --zc=lz4 --cc=md5 --delete
-a --zc=zlib --list-only
-azz --old-compress
-a --new-compress --zl=3
-a --zl=99 --no-z
-azz --zc=auto
-az --zc=auto
-a --zc=auto
-a --zc=lz4 --no-z
-az --protocol=29
-a --zt=4
-a -M--fake-super -M-v
-a -M--log-file=a*b
-a --old-args -M--log-file=a*b
-a --old-args --suffix=a*b -b
-a --old-args --old-args --suffix=a*b -b
-as
-as --suffix=a*b -b
-rs --delete --partial-dir=a*b
-a --trust-sender
-a --files-from=list
-a --files-from=list --no-R
-r --files-from=list
-a -0 --files-from=list
-a --files-from=:list
-a -0 --files-from=:list --no-R
-a --chmod=Fu+x --exclude=x -F --rsync-path=/x/y
-h -8a --log-file=/dev/null
-a --timeout=-3
`
  .split("\n")
  .filter((line) => line !== "");

const cases = both.flatMap((line) => {
  const options = line.split(" ");
  return [
    [...options, ".", "host:dst"],
    [...options, "host:src", "dst"],
  ];
});

const paths = [
  "a b*c[1]?",
  "a\\*b\\c{1,2}$HOME",
  "-x",
  "~",
  "~/x",
  "~bob",
  "~bob/./x",
  "",
  "it's",
  "é\n",
  "a\tb|c>d#e!",
];
for (const path of paths) {
  for (const mode of [[], ["--old-args"], ["--old-args", "--old-args"], ["-s"], ["-R"], ["--trust-sender"]]) {
    cases.push(["-a", ...mode, ".", `host:${path}`], ["-a", ...mode, `host:${path}`, ":second", "dst"]);
  }
}

test("serverArguments says what rsync says", () => {
  for (const args of cases) {
    const ours = wordsOfTsync(args);
    expect({ args, words: ours.words }).toEqual({ args, words: wordsOfRsync(args, ours.secludedBytes) });
  }
});
