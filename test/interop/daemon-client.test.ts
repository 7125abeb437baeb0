/** tsync as the client of a real rsync daemon (1-session 8), beside rsync as its client. */
import { spawn, spawnSync } from "node:child_process";
import { chownSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startDaemon, startProxy, type TestDaemon } from "../support/daemon.ts";

const tsync = join(import.meta.dirname, "../../bin/tsync");

const setup = `
mkdir -p pub/sub/deep 'pub/a b' sec rw in
echo hello > pub/hello.txt; seq 1 20000 > pub/sub/n; echo x > 'pub/a b/c d'; ln -s hello.txt pub/link; echo y > pub/sub/deep/f
cp -a pub/sub in/; echo new > in/new; seq 1 20001 > in/sub/n; cp -a pub rw/old; echo more > rw/old/more
find . -exec touch -h -d '2001-02-03 04:05:06' {} +
printf '%s\\n' 'joe:secret' '# comment' 'ann:pass word' > ../secrets; chmod 600 ../secrets
printf 'Welcome\\tto\\033here\\n' > ../motd
`;

const config = (folder: string): string => `
motd file = ${folder}/motd
[pub]
path = ${folder}/run/pub
comment = the public one
[sec]
path = ${folder}/run/pub
auth users = joe, ann
secrets file = ${folder}/secrets
[rw]
path = ${folder}/run/rw
read only = no
[hidden]
path = ${folder}/run/rw
list = no
[closed]
path = ${folder}/run/rw
hosts deny = *
[slow]
path = ${folder}/run/pub
timeout = 33
[picky]
path = ${folder}/run/rw
read only = no
refuse options = compress delete
[neighbours]
path = ${folder}/run/rw
hosts allow = 127.0.0.1
[strangers]
path = ${folder}/run/rw
hosts deny = 127.0.0.1
[barred]
path = ${folder}/run/pub
pre-xfer exec = echo not today; exit 3
`;

let daemon: TestDaemon;
beforeAll(async () => {
  daemon = await startDaemon(setup, config);
  const put = (name: string, text: string, mode: number): void =>
    writeFileSync(join(daemon.folder, name), text, { mode });
  put("password", "secret\nrest\n", 0o600);
  put("open-password", "secret\n", 0o604);
  put("foreign-password", "secret\n", 0o600);
  chownSync(join(daemon.folder, "foreign-password"), 65534, 65534);
  put("late-password", "\n\nsecret", 0o600);
  put("empty-password", "\n", 0o600);
  put("shell", '#!/bin/sh\necho "shell: $RSYNC_PORT $*" >&2\nshift\nexec sh -c "$*"\n', 0o755);
  put("early", "early input", 0o600);
  put("long", "x".repeat(5121), 0o600);
  // Takes what comes, so that it is not a matter of time whether writing fails.
  put("true", "#!/bin/sh\nexec >&-\ncat >/dev/null\n", 0o755);
});
afterAll(() => daemon.stop());

const look = `find d rw ! -name . -printf '%p %y %m %U:%G %s %l %T@\\n' | sed -E '/ d [0-7]+ /s/ [0-9]+  ([0-9]+) / \\1 /' | sort
find d rw -type f -exec md5sum {} + | sort`;

/** What a client leaves behind, without what depends on sizes of buffers. `@` stands for the daemon's URL, `%` for the folder. */
function outcome(program: string, line: string, variables: Readonly<Record<string, string>>, input: string): unknown {
  const { folder, port } = daemon;
  const root = join(folder, "run");
  spawnSync("bash", ["-c", "rm -rf run; cp -a setup run; mkdir run/d; touch -d 2001-02-03 run/d"], { cwd: folder });
  const args = line.split(" ").map((word) =>
    word
      .replaceAll("%", folder)
      .replace(/(?<![\w])@/, `rsync://localhost:${port}/`)
      .replace("PORT", String(port))
      .replaceAll("_", " "),
  );
  const env = { PATH: process.env.PATH, LC_ALL: "C.UTF-8", TZ: "UTC", HOME: folder, USER: "nobody", ...variables };
  const how = { cwd: root, encoding: "latin1", env, timeout: 30_000, input } as const;
  const { status, stdout, stderr } = spawnSync("setsid", ["-w", program, ...args], how);
  const tree = spawnSync("bash", ["-c", look], { cwd: root, encoding: "latin1" }).stdout;
  const now = (text: string): string => text.replace(/\b1[5-9]\d{8}\.\d{10}\b|\b2\d{9}\.\d{10}\b/g, "now");
  return {
    status,
    stdout: stdout.replace(/[\d,.]+ bytes/g, "N bytes").replace(/speedup is .*/, ""),
    stderr: stderr
      .replace(/\(code (\d+)\) at .*?\[(\w+)=.*?\]/g, "(code $1) [$2]")
      // Which of its halves notices that nothing came.
      .replace("[generator]", "[Receiver]")
      .replace(/^rsync: \[\w+\] (?:read error|safe_\w+ failed).*\n/gm, "")
      .split("\n"),
    tree: now(tree),
  };
}

function check(line: string, variables: Readonly<Record<string, string>> = {}, input = ""): number {
  const expected = outcome("rsync", line, variables, input);
  expect(outcome(tsync, line, variables, input)).toEqual(expected);
  return (expected as { status: number }).status;
}

describe("lists", () => {
  test.each([
    "@",
    "-v @",
    "--port=PORT localhost::",
    "--port=PORT localhost:: --no-motd",
    "-q @",
    "in/ @",
    "@pub/",
    "-r @pub/sub",
    "@hidden/old/",
  ])("%s", (line) => {
    expect(check(line)).toBe(0);
  });
});

describe("transfers", () => {
  test.each([
    "-av @pub/ d",
    "-av --no-motd @pub d",
    "-avR @pub/sub/n d",
    "-av @pub/hello.txt @pub/sub d",
    "-av @pub/a_b d",
    "-av @pub/h* d",
    "-avs @pub/a_b d",
    "-avz @pub/ d",
    "-av @slow/ d",
    "-avv --chown=1:2 --suffix=a*b in/sub @rw/",
    "-avvs @pub/sub d",
    "-av --exclude=n @pub/ d",
    "-av --files-from=% @pub/ d",
    "-av in/ @rw/x",
    "-avz --delete in/ @rw/old/",
    "-av --mkpath in/new @rw/a_rw/b/",
    "-ai --no-W in/sub @rw/old/",
  ])("%s", (line) => {
    writeFileSync(join(daemon.folder, "list"), "sub/n\nhello.txt\n");
    expect(check(line.replace("--files-from=%", "--files-from=%/list"))).toBe(0);
  });
  test.each([27, 28, 29, 30, 31])("protocol %i", (protocol) => {
    expect(check(`-av --protocol=${protocol} @pub/sub/deep/ d`)).toBe(0);
    expect(check(`-ai --protocol=${protocol} in/ @rw/y`)).toBe(0);
    expect(check(`-a --protocol=${protocol} @sec/ d`, { RSYNC_PASSWORD: "secret", USER: "joe" })).toBe(0);
    expect(check(`-a --protocol=${protocol} @sec/ d`, { RSYNC_PASSWORD: "wrong", USER: "joe" })).toBe(5);
  });
});

describe("refusals", () => {
  test.each([
    ["-a @nope/ d", 5],
    ["-a @closed/ d", 5],
    ["--port=PORT localhost::/pub d", 5],
    ["-a in/ @pub/x", 1],
    ["-av @pub/nope d", 23],
    ["-av @pub/nope @pub/sub d", 23],
    ["-a rsync://localhost:1/pub d", 10],
    ["-a rsync://no-such-host.invalid/pub d", 10],
    ["-6 rsync://127.0.0.1:PORT/", 10],
    ["-a --early-input=nope @pub/ d", 5],
    ["-a --early-input=%/long @pub/ d", 5],
    ["-avv --early-input=nope @pub/ d", 5],
    ["-a --early-input=nope rsync://localhost:1/pub d", 10],
    ["-a --port=-1 localhost::pub d", 10],
    ["-a --port=65537 localhost::pub d", 10],
    ["-a rsync://localhost:131073/pub d", 10],
    ["rsync://:1/pub", 10],
    ["-a --address=::1 -4 @pub/ d", 10],
    ["-a --address=192.0.2.1 -4 @pub/ d", 10],
    ["-a --address=no-such-host.invalid @pub/ d", 10],
    ["-a --contimeout=-5 @pub/ d", 35],
    ["-a -e %/true joe@-h:x d", 1],
    ["-a -e %/true --port=7 localhost::pub d", 5],
    ["-a -e sh_'a localhost::pub d", 1],
    ["-a --contimeout=5 localhost:x d", 1],
    ["-a --password-file=%/password localhost:x d", 1],
    ["-a --contimeout=5 -e x @pub d", 1],
  ] as const)("%s", (line, code) => {
    expect(check(line)).toBe(code);
  });
});

describe("passwords", () => {
  test.each([
    ["-a joe@localhost::sec/ d --port=PORT --password-file=%/password", {}, 0],
    ["-a ann@localhost::sec/ d --port=PORT", { RSYNC_PASSWORD: "pass word" }, 0],
    ["-a @sec/ d", { RSYNC_PASSWORD: "secret", USER: "", LOGNAME: "joe" }, 5],
    ["-a @sec/ d --password-file=%/nope", {}, 1],
    ["-a @sec/ d --password-file=%/open-password", {}, 1],
    ["-a @sec/ d --password-file=%/foreign-password", {}, 1],
    ["-a joe@localhost::sec/ d --port=PORT --password-file=%/late-password", {}, 0],
    ["-a @sec/ d --password-file=%/empty-password", {}, 1],
    ["-a @pub/ d --password-file=%/nope", {}, 0],
  ] as const)("%s %j", (line, variables, code) => {
    expect(check(line, variables)).toBe(code);
  });

  test("asks where there is no terminal", () => {
    expect(check("-a joe@localhost::sec/ d --port=PORT", {}, "secret\nmore")).toBe(0);
    expect(check("-a joe@localhost::sec/ d --port=PORT", {}, "wrong\n")).toBe(5);
    expect(check("-a joe@localhost::sec/ d --port=PORT")).toBe(5);
    expect(check("-a joe@localhost::sec/ d --port=PORT --password-file=-", {}, "secret\n")).toBe(0);
  });

  test("asks on the terminal, and does not show what is typed", async () => {
    const line = `${tsync} -a joe@localhost::sec/ d --port=${daemon.port}`;
    const child = spawn("script", ["-qec", line, "/dev/null"], { cwd: join(daemon.folder, "run") });
    let shown = "";
    child.stdout.on("data", (bytes: Buffer) => {
      const asked = shown.includes("Password: ");
      shown += bytes.toString("latin1");
      if (!asked && shown.includes("Password: ")) child.stdin.write("secrex\x7ft\r");
    });
    const code = await new Promise((resolve) => child.on("close", resolve));
    expect({ code, shown }).toEqual({ code: 0, shown: expect.stringContaining("Password: ") });
    expect(shown).not.toContain("secre");
  });
});

describe("connections", () => {
  test.each([
    "-a --early-input=%/early @pub/ d",
    "-a --sockopts=SO_FOO,TCP_NODELAY @pub/ d",
    "-a --address=127.0.0.1 -4 --contimeout=20 @pub/ d",
    "-a --address=localhost --contimeout=99999999 @pub/ d",
    "-a -e %/shell --rsync-path=rsync_--config=%/rsyncd.conf localhost::pub/ d",
    "-e %/shell --rsync-path=rsync_--config=%/rsyncd.conf rsync://localhost:7/",
  ])("%s", (line) => {
    expect(check(line)).toBe(0);
  });

  test("RSYNC_CONNECT_PROG", () => {
    const program = `echo "to %H" >&2; exec rsync --server --daemon --config=${daemon.folder}/rsyncd.conf .`;
    expect(check("-a rsync://localhost/pub/ d", { RSYNC_CONNECT_PROG: program })).toBe(0);
    // What finds a socket as its standard input serves whoever is at the other end of it.
    const served = `rsync --daemon --config=${daemon.folder}/rsyncd.conf`;
    for (const line of ["rsync://localhost/", "-a rsync://localhost/pub/ d", "-a in/ localhost::rw/"]) {
      expect(check(line, { RSYNC_CONNECT_PROG: served })).toBe(0);
    }
    // Its peer has an address, and the connection breaks like one of TCP.
    expect(check("-a rsync://localhost/neighbours/ d", { RSYNC_CONNECT_PROG: served })).toBe(0);
    expect(check("-a rsync://localhost/strangers/ d", { RSYNC_CONNECT_PROG: served })).toBe(5);
    expect(check("-az rsync://localhost/picky/ d/", { RSYNC_CONNECT_PROG: served })).toBe(10);
    expect(check("-a rsync://local;host/pub/ d", { RSYNC_CONNECT_PROG: program })).toBe(10);
  });

  test("a program that reads nothing and leaves", () => {
    expect(check("-a rsync://localhost/pub/ d", { RSYNC_CONNECT_PROG: "sleep 0.5" })).toBe(12);
    const greets = "echo '@RSYNCD: 31.0 md5'; sleep 0.5";
    expect(check("-a rsync://localhost/pub/ d", { RSYNC_CONNECT_PROG: greets })).toBe(12);
    const takes = "echo '@RSYNCD: 31.0 md5'; read x; read y; echo '@RSYNCD: OK'; sleep 0.5";
    expect(check("-a rsync://localhost/pub/ d", { RSYNC_CONNECT_PROG: takes })).toBe(12);
  });

  test("RSYNC_PROXY", async () => {
    const proxy = await startProxy();
    for (const login of ["", "me:pass@"]) {
      const variables = { RSYNC_PROXY: `${login}127.0.0.1:${proxy.port}` };
      expect(check("-a @pub/ d", variables)).toBe(login === "" ? 10 : 0);
    }
    proxy.stop();
    expect(check("rsync://localhost/", { RSYNC_PROXY: "localhost" })).toBe(10);
    expect(check("rsync://localhost/", { RSYNC_PROXY: "localhost:1" })).toBe(10);
  });
});

// The daemon leaves with what the client has sent unread: the system resets the connection, which is another code than its end.
test.each([
  ["-az @picky/ d/", 10],
  ["-a @barred/ d/", 10],
  ["-a --delete in/ @picky/", 4],
  ["-a in/ @barred/", 4],
])("a daemon that leaves early: %s", (line, code) => {
  expect(check(line)).toBe(code);
});

test.each([
  "--log-file=%/client-log @",
  "-q --log-file=%/client-log @",
  "-a --log-file=%/client-log @pub/ d",
  "-a --log-file=%/client-log in/ @rw/",
])("what a daemon says to the user is logged: %s", (line) => {
  const logOf = (program: string): string[] => {
    const path = join(daemon.folder, "client-log");
    rmSync(path, { force: true });
    expect(outcome(program, line, {}, "")).toMatchObject({ status: 0 });
    const lines = readFileSync(path, "latin1").split("\n");
    return lines.map((text) => text.replace(/^\S+ \S+ \[\d+\] /, "").replace(/^sent .* total/, "total"));
  };
  const expected = logOf("rsync");
  expect(logOf(tsync)).toEqual(expected);
  expect(expected.length).toBeGreaterThan(2);
});
