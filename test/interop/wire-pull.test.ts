/**
 * Small things of pulls that the random comparison found (docs/spec/1-session 7.5, 3-transfer 9.5, 9.6): exact standard output,
 * logs, and what a server says when its client is gone.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectAsRsync } from "../support/as-rsync.ts";
import { realPeers } from "../support/peers.ts";

const tsync = join(import.meta.dirname, "../../bin/tsync");
let folder = "";

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tsync-pull-"));
  writeFileSync(join(folder, "shell"), '#!/bin/sh\nshift\nexec sh -c "$*"\n');
  chmodSync(join(folder, "shell"), 0o755);
  bash(`umask 022; mkdir -p s/d s/new 'a/s2/sub'; echo x >s/f; echo 1 >s/h1; ln s/h1 s/h2; ln -s t s/l; mkfifo s/p; chmod 770 s/d
    echo u >s/same; echo 1 >a/s2/f; echo 2 >a/s2/sub/g; mkdir many; for i in $(seq 130); do mkdir many/d$i; echo x >many/d$i/f; done
    mkdir dangling; ln -s nowhere dangling/l
    find s a many -depth -exec touch -h -d @1600000000.5 {} +`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function bash(script: string): void {
  const { status, stderr } = spawnSync("bash", ["-c", script], { cwd: folder, encoding: "latin1" });
  expect(stderr).toBe("");
  expect(status).toBe(0);
}

/** Everything that a pull says, with what no two runs share blanked. */
function pull(client: string, options: string, source: string, destination: string): Record<string, unknown> {
  bash(`rm -rf d log; ${destination}`);
  const words = options.split(" ").filter((word) => word !== "");
  const shell = ["-e", join(folder, "shell"), "--log-file=log"];
  const sources = source.split(" ").map((path) => `h:${path.replace("%", folder)}`);
  const settings = { cwd: folder, encoding: "latin1", timeout: 60_000 } as const;
  const { status, stdout, stderr } = spawnSync(client, [...words, ...shell, ...sources, "d/"], settings);
  const log = readFileSync(join(folder, "log"), "latin1").replace(/\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[\d+\] /g, "");
  const words2 = (text: string): string =>
    text
      .replace(/ at (?:\S+\(\d+\)|tsync) \[(\w+)=.*\]/g, " [$1]")
      .replace(/^sent .*\n| {2}speedup is .*/gm, "")
      .replace(/[\d.]+kB\/s/g, "");
  return {
    status,
    stdout: words2(stdout),
    stderr: words2(stderr).split("\n").sort(),
    log: words2(log).split("\n").sort(),
  };
}

describe("as rsync", () => {
  test.each([
    // Which names the log has besides its own lines.
    ["-aHv --protocol=28", "%/s/"],
    ["-aHv --protocol=28 --log-file-format=LOG_%n%L", "%/s/"],
    ["-aHi --protocol=28 --log-file-format=LOG_%n%L", "%/s/"],
    ["-aHi --protocol=28", "%/s/"],
    ["-rlp --protocol=28 --out-format=X_%n", "%/s/"],
    ["-rlpv --protocol=28 --out-format=X_%n", "%/s/"],
    ["-rlvn --protocol=28", "%/s/"],
    ["-aHv --log-file-format=LOG_%n%L", "%/s/"],
    ["-aHvi --log-file-format=LOG_%n%L", "%/s/"],
    ["-aHvO --log-file-format=LOG_%n%L", "%/s/"],
    ["-aHvv --log-file-format=", "%/s/"],
    // What -q keeps from the terminal.
    ...["-q", "-rq", "-rqc --no-i-r", "-dq --protocol=28"].map((words): [string, string] => [
      `${words} --list-only`,
      "%/s/",
    ]),
    // A name that stands before the progress of its transfer is logged besides.
    ...["%n", "%n_%c", "%n_%b_%i"].flatMap((format) =>
      ["-v", "-q", "-n", "--info=name0", "--info=progress2"].map((more): [string, string] => [
        `-a --progress --out-format=${format} --log-file-format=LOG_%n ${more}`,
        "%/s/",
      ]),
    ),
    // Errors that come as messages are logged.
    ["-rL --protocol=28", "%/dangling/"],
    ["-rL --protocol=29", "%/dangling/"],
    ["-rL --protocol=29 --stderr=client", "%/dangling/"],
    // Modes: of a file those that it gets, of what is deleted its own.
    ["-rlE --delete --out-format=%B_%i_%n --log-file-format=LOG_%B_%n", "%/s/"],
    ["-rlp --delete --chmod=u-w --out-format=%B_%i_%n --log-file-format=LOG_%B_%n", "%/s/"],
    // `-d` is nothing beside `-r`; the last source of a list may leave out its host.
    ["-ad -vv -n", "%/s/"],
    // Directories that options name are looked at where entries are only listed.
    ["-a --list-only --link-dest=no --link-dest=../a", "%/s/"],
    // The order of a list counts the slash in front.
    ["-aRvv --no-inc-recursive", "%/a/s2 s %/a/s2"],
  ])("%s", (options, source) => {
    const destination =
      "mkdir -p d/d; cp -p s/same d/; chmod 700 d/d; mkdir d/gone; echo 1 >d/gone/y; chmod 751 d/gone";
    const inAnyOrder = (program: string) => {
      const { stdout, ...rest } = pull(program, options, source, destination);
      return { ...rest, stdout: `${stdout}`.split("\n").sort() };
    };
    expectAsRsync(inAnyOrder(tsync), () => inAnyOrder("rsync"));
  });

  test.each(["-rqv", "-rqi", "-rq"])("the log of a new destination: %s", (options) => {
    expectAsRsync(pull(tsync, options, "%/s/", ":"), () => pull("rsync", options, "%/s/", ":"));
  });

  test.each(["--delete-before --progress", "--delete-after --progress", "--delete-before --info=flist2 -n"])(
    "counts of the pass of %s",
    (options) => {
      const destination = "cp -a many d; touch d/x d/d7/y; mkdir d/extra; touch d/extra/1 d/d99/z";
      const own = pull(tsync, `-a ${options}`, "%/many/", destination);
      expect(own.stdout).toContain(" 100 files...\r");
      expectAsRsync(own, () => pull("rsync", `-a ${options}`, "%/many/", destination));
    },
  );
});

test("devices that an old sender lists as such become files with --copy-devices", () => {
  const old = realPeers().find(({ version }) => version === "3.2.3")?.program;
  const options = `-aii --copy-devices --rsync-path=${old}`;
  const run = (program: string) => {
    const outcome = pull(program, options, "%/dev/", "mkdir -p d dev; mknod dev/n c 1 3; chmod 6755 dev/n");
    const { status, stdout } = spawnSync("stat", ["-c", "%n %a %s %F", "d/n"], { cwd: folder, encoding: "latin1" });
    bash("rm -r dev");
    return { ...outcome, status, tree: stdout };
  };
  expectAsRsync(run(tsync), () => run("rsync"));
  expect(run(tsync).tree).toBe("d/n 755 0 regular empty file\n");
});

test.each([
  ["dangling links match nothing", "dang/l*"],
  ["nor if there are no others", "dang/n*"],
  ["a name behind a pattern is not looked for", "dang/d*/q"],
  ["but a directory is", "dang/d*/q/"],
  ["only directories have something behind them", "dang/f*/q"],
])("wildcards that the server expands: %s", (_name, path) => {
  bash(
    "rm -rf dang; mkdir -p dang/dd/q; ln -s nothing dang/nx; ln -s nothing dang/lx; echo x >dang/lf; echo y >dang/f; ln -s ../dang dang/dirl",
  );
  const run = (server: string) => {
    bash("rm -rf d");
    const words = ["-s", "-ldi", "-e", join(folder, "shell"), `--rsync-path=${server}`, `h:${folder}/${path}`, "d"];
    const { status, stdout, stderr } = spawnSync("rsync", words, { cwd: folder, encoding: "latin1" });
    const errors = stderr.split("\n").filter((line) => line.startsWith("rsync: [sender]"));
    return { status, stdout, errors };
  };
  expect(run(tsync)).toEqual(run("rsync"));
});

test.each(["-aHvn", "-aHvin", "-aHv", "-rltHvin --no-i-r", "-aHvvn"])(
  "names that are linked already and get other attributes: %s",
  (options) => {
    const made = "rm -rf t d; mkdir t; echo 1 >t/a; ln t/a t/b; ln -s q t/l; ln t/l t/m; mkfifo t/p; ln t/p t/q";
    const changed = "chmod 600 d/a; touch -hd @1400000000 d/a d/l; chmod 600 d/p; chown -h 3 d/l";
    const destination = `${made}; cp -a t d; ${changed}`;
    for (const format of ["%n", "%n_%i"]) {
      const words = `${options} --log-file-format=LOG_${format}`;
      expectAsRsync(pull(tsync, words, "%/t/", destination), () => pull("rsync", words, "%/t/", destination));
    }
  },
);

test.each([
  "-a",
  "-a --inplace",
  "-aq --append",
  "-a --out-format=%n%b",
  "-a --numeric-ids",
  "-an --chown=:1",
  "-a --fake-super",
  "-a --chown=:12345",
  "-a --protocol=28",
])("an ordinary user: the log of files that cannot be made, and of groups that are not one's own: %s", (options) => {
  const run = (program: string) => {
    bash(`rm -rf o d log; mkdir -p o/n d/n; echo 11 >o/x; echo 2 >o/n/y; echo 1 >d/x; chown 1 d/n d/x; chmod 777 d; chmod 755 .
for g in 0 1 12345 65534; do echo 11 >o/x$g; chgrp $g o/x$g; ln -s x o/l$g; chgrp -h $g o/l$g; done; touch log; chmod 666 log; touch -d @1500000000 o/n d/n`);
    const words = [
      ...options.split(" "),
      "--log-file=log",
      "--log-file-format=L:%n:%U:%G",
      "-e",
      "./shell",
      "h:o/",
      "d/",
    ];
    const user = ["--reuid=65534", "--regid=65534", "--groups=65534,12345", program];
    const { status, stdout } = spawnSync("setpriv", [...user, ...words], { cwd: folder, encoding: "latin1" });
    const log = readFileSync(join(folder, "log"), "latin1").match(/ L:.*/g);
    return { status, stdout: stdout.split("\n").sort(), log: log?.sort() };
  };
  expectAsRsync(run(tsync), () => run("rsync"));
});

describe("a server whose client is gone", () => {
  test.each([
    ["protocol 28, sending", ["--sender", "-r"], 28, false],
    ["protocol 28, receiving", ["-r"], 28, false],
    ["protocol 29", ["--sender", "-r"], 29, true],
    ["protocol 31, errors as messages", ["--sender", "--no-msgs2stderr", "-re.iLsfxCIu"], 31, false],
    ["protocol 31", ["--sender", "-re.iLsfxCIu"], 31, true],
  ] as const)("%s", (_name, words, protocol, speaks) => {
    const serve = (program: string) => {
      const input = Buffer.from([protocol, 0, 0, 0]);
      const { status, stdout, stderr } = spawnSync(program, ["--server", ...words, ".", "s/"], { cwd: folder, input });
      return { status, isShort: stdout.length < 16, stderr: `${stderr}`.replace(/ at .*/, "") };
    };
    const own = serve(tsync);
    expect(own).toEqual(serve("rsync"));
    expect(own.stderr !== "").toBe(speaks);
  });
});

test.each(["-a -y -W", "-a -y -n", "-a -y --cc=none", "-a -y"])("requests of %s name the similar file", (options) => {
  const sent = (program: string) => {
    bash("rm -rf d; mkdir d; cp -p s/same d/sama; echo more >>d/sama");
    const shell = ["-e", join(folder, "shell"), "--stats", "--no-h", "--checksum-seed=5"];
    const words = [...options.split(" "), ...shell, `h:${folder}/s/same`, `${folder}/d/`];
    const { stdout } = spawnSync(program, words, { cwd: folder, encoding: "latin1" });
    return Number(/^Total bytes sent: (\d+)$/m.exec(stdout)?.[1]);
  };
  // How many frames (of four bytes) carry it is a matter of moments.
  const difference = sent(tsync) - sent("rsync");
  expect(difference % 4).toBeCloseTo(0);
  expect(Math.abs(difference)).toBeLessThanOrEqual(8);
});
