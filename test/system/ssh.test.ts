/**
 * Runs through a real sshd on the loopback interface (docs/spec/1-session 2): what a user types, either program at either end, the
 * remote side started by sshd in a bare environment, names that shells take apart, ssh that fails, connections that break.
 */
import { spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectAsRsync } from "../support/as-rsync.ts";
import { makeKey, startSshd, type TestSshd } from "../support/sshd.ts";
import { must, settle, snapshot, temporaryFiles } from "./support.ts";

const tsync = join(import.meta.dirname, "../../bin/tsync");
const folder = mkdtempSync(join(tmpdir(), "tsync-ssh-"));
const bare = join(folder, "programs");
let sshd: TestSshd;

beforeAll(async () => {
  chmodSync(folder, 0o755);
  mkdirSync(bare);
  symlinkSync(tsync, join(bare, "tsync"));
  // No profile of a shell, no npm, nothing but what a command needs.
  const environment = `env -i HOME=/root PATH=${bare}:/usr/bin:/bin`;
  sshd = await startSshd({ lines: [`ForceCommand exec ${environment} /bin/sh -c "$SSH_ORIGINAL_COMMAND"`] });
  const setup = `umask 022; mkdir -p src/x/y 'src/a b' src/empty; cd src; echo a > f; seq 1 50000 > x/y/big
    ln -s f l; ln f h; printf x > "a b/it's"; printf y > "a b/$(printf 'n\\303\\251\\377')"; printf z > 'a b/$HOME;"q"'
    chown 1234:5678 x/y; chmod 4755 x/y/big; mkfifo p; setfattr -n user.a -v b f`;
  must("bash", ["-c", `cd ${folder} && ${setup}`]);
  settle(join(folder, "src"), "2024-01-02 03:04:05.678901234");
  // What a user has in ~/.ssh/config.
  writeFileSync(join(folder, "ssh"), `#!/bin/sh\nexec /usr/bin/ssh -F ${sshd.config} "$@"\n`);
  chmodSync(join(folder, "ssh"), 0o755);
});
afterAll(() => {
  sshd?.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A run where `ssh` finds our configuration. */
function run(words: readonly string[], variables: Readonly<Record<string, string>> = {}): Ended {
  const [program = "", ...args] = words;
  const env = { PATH: `${folder}:${process.env.PATH}`, HOME: folder, LC_ALL: "C.UTF-8", ...variables };
  const settings = { cwd: folder, env, encoding: "latin1", timeout: 60_000 } as const;
  const { status, stdout, stderr } = spawnSync(program, args, settings);
  return { status, stdout, stderr };
}

/** A run whose words are the shell's; `PROGRAM` is the client. */
function runLine(client: string, line: string, variables: Readonly<Record<string, string>> = {}): Ended {
  return run(["bash", "-c", line.replaceAll("PROGRAM", client)], variables);
}

const tree = (name: string): string[] => snapshot(join(folder, name));
/** Without the time of the directory itself. */
const content = (name: string): string[] => tree(name).slice(1);

function remove(...names: readonly string[]): void {
  for (const name of names) rmSync(join(folder, name), { recursive: true, force: true });
}

const sameErrors = (text: string): string => text.replace(/\(code (\d+)\) at .*?\[(\w+)=.*?\]/g, "(code $1) [$2]");

describe("through sshd", () => {
  test.each([
    ["tsync", "rsync"],
    ["rsync", "tsync"],
    ["tsync", "tsync"],
  ])("%s copies to and from a host that has %s", (client, server) => {
    remove("there", "back");
    const program = client === "tsync" ? tsync : client;
    const path = server === "rsync" ? [] : ["--rsync-path=tsync"];
    const push = run([program, "-aHAX", ...path, "src/", `host:${folder}/there`]);
    expect(push).toEqual({ status: 0, stdout: "", stderr: "" });
    expect(tree("there")).toEqual(tree("src"));
    const pull = run([program, "-aHAX", ...path, `host:${folder}/there/`, "back"]);
    expect(pull).toEqual({ status: 0, stdout: "", stderr: "" });
    expect(tree("back")).toEqual(tree("src"));
    // Changes and deletions on an old copy.
    writeFileSync(join(folder, "back/x/y/big"), "changed", { flag: "a" });
    writeFileSync(join(folder, "back/extra"), "");
    const again = run([program, "-aHAXi", "--delete", "-z", ...path, `host:${folder}/there/`, "back"]);
    expect(again.stdout).toMatch(/^\*deleting +extra$/m);
    expect(again.stdout).toMatch(/^>f\S+ x\/y\/big$/m);
    expect(tree("back")).toEqual(tree("src"));
  });

  test.each([
    ["options of ssh in -e", `PROGRAM -a -e "ssh -p $PORT -i $KEY" src/ host:$PWD/there`],
    ["RSYNC_RSH", `RSYNC_RSH="ssh -p $PORT -i $KEY" PROGRAM -a src/ host:$PWD/there`],
    ["a user", "PROGRAM -a src/ root@host:$PWD/there"],
    ["an address of IPv6", "PROGRAM -a src/ [::1]:$PWD/there"],
    ["a user at an address of IPv6", "PROGRAM -a src/ root@[::1]:$PWD/there"],
    ["-4", "PROGRAM -a -4 src/ host:$PWD/there"],
    ["a listing", "PROGRAM -a host:$PWD/src/x/y/"],
    ["several sources", "PROGRAM -a host:$PWD/src/f :$PWD/src/x there"],
    ["a daemon that ssh starts", "PROGRAM -a -e ssh host::files/x there"],
  ])("%s", (_name, line) => {
    writeFileSync(join(folder, "rsyncd.conf"), `use chroot = no\n[files]\npath = ${folder}/src\n`);
    const command = line.replace("-e ssh host::", `--rsync-path="rsync --config=$PWD/rsyncd.conf" -e ssh host::`);
    const variables = { PORT: String(sshd.port), KEY: sshd.identity };
    const outcome = (client: string) => {
      remove("there");
      mkdirSync(join(folder, "there"));
      return { ...runLine(client, command, variables), tree: content("there") };
    };
    const own = outcome(tsync);
    expectAsRsync(own, () => outcome("rsync"));
    expect(own.status).toBe(0);
  });
});

/** Names that a shell would take apart, as files of `odd/`, `n` for each. */
const odd = [
  "two words",
  "it's",
  '"quoted"',
  "$HOME",
  "`id`",
  "a;b&c|d",
  "back\\slash",
  "star*",
  "(brackets)[x]{y}",
  "tab\there",
  "new\nline",
  "~tilde",
  "-dash",
  "#hash",
  "!bang",
  "n\xc3\xa9",
  "\xff\xfe",
];

describe("names", () => {
  const bytes = (name: string): Buffer => Buffer.from(name, "latin1");
  const at = (name: string): Buffer => Buffer.concat([Buffer.from(`${folder}/`), bytes(name)]);

  beforeAll(() => {
    for (const name of odd) {
      mkdirSync(at(`odd/${name}`), { recursive: true });
      writeFileSync(at(`odd/${name}/f`), "f");
    }
    settle(join(folder, "odd"), "2024-01-02 03:04:05");
  });

  /** The same arguments with bytes that are not UTF-8, which Node cannot pass on by itself. */
  const line = (words: readonly string[]): string =>
    words
      .map((word) => `"$(printf '${[...word].map((char) => `\\${char.charCodeAt(0).toString(8)}`).join("")}x')"`)
      .map((word, index) => `w${index}=${word}; w${index}=\${w${index}%x}`)
      .join("; ");
  const call = (client: string, words: readonly string[]): Ended =>
    run(["bash", "-c", `${line(words)}; exec ${client} ${words.map((_, index) => `"$w${index}"`).join(" ")}`]);

  test.each(["", "-s"])("reach the other side as they are %s", (option) => {
    const options = ["-rt", ...(option === "" ? [] : [option])];
    // All of them in one run, as sources and as destinations.
    const pull = (client: string, server: string) => {
      remove("there");
      // To a shell a newline behind a backslash is nothing, with rsync too.
      const passing = odd.filter((name) => option === "-s" || name !== "new\nline");
      const sources = passing.map(
        (name) => `host:${folder}/odd/${name === "star*" && option === "" ? "star\\*" : name}`,
      );
      const done = call(client, [...options, `--rsync-path=${server}`, ...sources, "there"]);
      return { done, names: tree("there").map((entry) => entry.replace(/ mtime .*/, "")) };
    };
    const expected = pull("rsync", "rsync");
    expect(pull(tsync, "rsync")).toEqual(expected);
    expect(pull("rsync", "tsync")).toEqual(expected);
    expect(expected.done).toEqual({ status: 0, stdout: "", stderr: "" });
    for (const name of ["two words", "n\xc3\xa9", "\xff\xfe", "$HOME;`id`'\""]) {
      const push = (client: string, server: string) => {
        remove("there");
        mkdirSync(join(folder, "there"));
        const done = call(client, [...options, `--rsync-path=${server}`, "src/f", `host:${folder}/there/${name}`]);
        return { done, names: readdirSync(join(folder, "there"), { encoding: "latin1" }) };
      };
      expect(push(tsync, "tsync")).toEqual({ done: { status: 0, stdout: "", stderr: "" }, names: [name] });
    }
  });

  test.each([
    ["--old-args", "--old-args", {}],
    ["--old-args twice", "--old-args --old-args", {}],
    ["RSYNC_OLD_ARGS", "", { RSYNC_OLD_ARGS: "1" }],
    ["RSYNC_PROTECT_ARGS", "", { RSYNC_PROTECT_ARGS: "1" }],
    ["RSYNC_PROTECT_ARGS with --no-s", "--no-s", { RSYNC_PROTECT_ARGS: "1" }],
  ])("%s", (_name, options, variables) => {
    const outcome = (client: string) => {
      remove("there");
      mkdirSync(join(folder, "there"));
      const paths = `host:"$PWD/src/f $PWD/src/x/y/big" host:$PWD/src/[hl] host:$PWD/'odd/*ords'`;
      const done = runLine(client, `PROGRAM -at ${options} ${paths} there`, variables);
      return { ...done, stderr: sameErrors(done.stderr).split("\n").sort(), tree: content("there") };
    };
    expectAsRsync(outcome(tsync), () => outcome("rsync"));
  });
});

describe("ssh that fails", () => {
  test.each([
    ["nobody listens", "PROGRAM -a -e 'ssh -p 1' src/ host:$PWD/there", 255],
    ["a key that is not accepted", 'PROGRAM -a -e "ssh -i $PWD/other -o IdentityFile=none" src/ host:$PWD/there', 255],
    ["a host that is not known", "PROGRAM -a -e 'ssh -o UserKnownHostsFile=/dev/null' host:$PWD/src/ there", 255],
    ["no such program there", "PROGRAM -a --rsync-path=nothing src/ host:$PWD/there", 127],
    ["no such program there, pulling", "PROGRAM -a --rsync-path=nothing host:$PWD/src/ there", 127],
    ["no such directory there", "PROGRAM -a src/ host:$PWD/no/such/there", 11],
    ["no such source there", "PROGRAM -a host:$PWD/no-such there", 23],
    ["a program that talks", "PROGRAM -a --rsync-path='echo hello; rsync' src/ host:$PWD/there", 2],
  ])("%s", (_name, line, code) => {
    if (!readdirSync(folder).includes("other")) makeKey(join(folder, "other"), "ed25519");
    // Own options come before those of the configuration.
    const command = line.replace("ssh -i", "/usr/bin/ssh -F /dev/null -p $PORT -o BatchMode=yes -i");
    const outcome = (client: string) => {
      remove("there");
      const { status, stdout, stderr } = runLine(client, command, { PORT: String(sshd.port) });
      // What the other side says of a connection that we end is a matter of timing.
      const lines = sameErrors(stderr).split("\n");
      return { status, stdout, stderr: lines.filter((text) => !/\[(?:Receiver|generator)\]/.test(text)).sort() };
    };
    const own = outcome(tsync);
    expect(own.status).toBe(code);
    expectAsRsync(own, () => knowing(outcome("rsync"), code));
  });

  /** Whether rsync has the status of its shell by the time it looks for it is a matter of moments. */
  function knowing(outcome: { status: number | null; stdout: string; stderr: string[] }, code: number): typeof outcome {
    const cause = { 127: "remote command not found", 255: "unexplained error" }[code];
    if (cause === undefined || outcome.status !== 12) return outcome;
    const told = `${cause} (code ${code})`;
    const stderr = outcome.stderr.map((line) => line.replace("error in rsync protocol data stream (code 12)", told));
    return { ...outcome, status: code, stderr: stderr.sort() };
  }
});

describe("a connection that breaks", () => {
  beforeAll(() => {
    mkdirSync(join(folder, "large"));
    for (let file = 0; file < 40; file++)
      writeFileSync(join(folder, `large/f${file}`), Buffer.alloc(1_000_000, `${file} `));
    settle(join(folder, "large"), "2024-01-02 03:04:05");
  });

  test.each([
    ["push", ["large/", "host:DEST"]],
    ["pull", ["host:SOURCE/", "DEST"]],
  ] as const)("while %s is under way leaves whole files, and the next run completes", async (_name, operands) => {
    remove("there");
    mkdirSync(join(folder, "there"));
    const words = operands.map((word) =>
      word.replace("SOURCE", join(folder, "large")).replace("DEST", join(folder, "there")),
    );
    const args = ["-a", "--bwlimit=8000", "--rsync-path=tsync", ...words];
    const child = spawn(tsync, args, {
      cwd: folder,
      env: { PATH: `${folder}:${process.env.PATH}`, HOME: folder },
      stdio: ["ignore", "ignore", "pipe"],
    });
    const ended = new Promise<number | null>((resolve) => child.on("close", (code) => resolve(code)));
    // Some files have come.
    while (readdirSync(join(folder, "there")).length < 4 && child.exitCode === null)
      await new Promise((resolve) => setTimeout(resolve, 10));
    sshd.killSessions();
    expect([12, 255]).toContain(await ended);
    // The other side hears of it by itself.
    for (let attempt = 0; attempt < 500 && temporaryFiles(join(folder, "there")).length > 0; attempt++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    expect(temporaryFiles(join(folder, "there"))).toEqual([]);
    const arrived = readdirSync(join(folder, "there"));
    expect(arrived.length).toBeLessThan(40);
    for (const name of arrived)
      expect(readFileSync(join(folder, "there", name)).equals(readFileSync(join(folder, "large", name))), name).toBe(
        true,
      );
    const again = run([tsync, "-a", "--rsync-path=tsync", ...words]);
    expect(again).toEqual({ status: 0, stdout: "", stderr: "" });
    expect(tree("there")).toEqual(tree("large"));
  });

  // What ssh leaves behind at times, and a client that takes its time.
  test("a non-blocking output of a server with a slow reader loses nothing", () => {
    remove("there");
    const unblock =
      "perl -MFcntl -e 'for my $f (*STDIN, *STDOUT, *STDERR) { fcntl($f, F_SETFL, fcntl($f, F_GETFL, 0) | O_NONBLOCK) } exec @ARGV'";
    // Takes and gives what there is, also where its own ends do not block.
    const slow = `perl -e 'while (1) {
      $n = sysread(STDIN, $b, 30000); $wait = 0.001; select(undef, undef, undef, $wait);
      next if !defined $n; last if !$n; $at = 0;
      while ($at < $n) { $m = syswrite(STDOUT, $b, $n - $at, $at); defined $m ? ($at += $m) : select(undef, undef, undef, $wait) }
    }'`;
    const shell = join(folder, "slow-shell");
    writeFileSync(shell, `#!/bin/bash\nshift\n${unblock} /bin/sh -c "$*" | ${slow}\n`);
    chmodSync(shell, 0o755);
    const done = run(["rsync", "-aivvv", "-e", shell, `--rsync-path=${tsync}`, `h:${folder}/large/`, "there"]);
    expect(done).toMatchObject({ status: 0, stderr: "" });
    expect(tree("there")).toEqual(tree("large"));
  });
});
