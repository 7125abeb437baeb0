/**
 * The built-in ssh (`--ssh=builtin`) against a real sshd: the same runs as with the system's ssh, all kinds of keys, the agent, hosts that are
 * unknown, changed or revoked, configuration as `ssh -G` reads it, connections that break, fall silent or are slow.
 */
import { spawn, spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fingerprintOf, makeKey, startSshd, type TestSshd } from "../support/sshd.ts";
import { must, settle, snapshot, temporaryFiles } from "./support.ts";

const tsync = join(import.meta.dirname, "../../bin/tsync");
const folder = mkdtempSync(join(tmpdir(), "tsync-ssh-builtin-"));
const at = (name: string): string => join(folder, name);
let sshd: TestSshd;

beforeAll(async () => {
  chmodSync(folder, 0o755);
  mkdirSync(at("programs"));
  symlinkSync(tsync, at("programs/tsync"));
  const environment = `env -i HOME=/root PATH=${at("programs")}:/usr/bin:/bin LC_GIVEN="$LC_GIVEN"`;
  sshd = await startSshd({
    lines: ["AcceptEnv LC_*", `ForceCommand exec ${environment} /bin/sh -c "$SSH_ORIGINAL_COMMAND"`],
  });
  const setup = `umask 022; mkdir -p src/x/y src/empty; cd src; echo a > f; seq 1 50000 > x/y/big; ln -s f l; ln f h
    printf y > "x/$(printf 'n\\303\\251\\377')"; chown 1234:5678 x/y; chmod 4755 x/y/big; mkfifo p`;
  must("bash", ["-c", `cd ${folder} && ${setup}`]);
  settle(at("src"), "2024-01-02 03:04:05.678901234");
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

/** A push of `src/` with these further words for ssh. */
function push(more = "", options: readonly string[] = [], variables: Readonly<Record<string, string>> = {}): Ended {
  const shell = ["-e", `ssh -F ${sshd.config} ${more}`];
  return run(["-aH", ...shell, ...options, "src/", `host:${at("there")}`], variables);
}

function run(words: readonly string[], variables: Readonly<Record<string, string>> = {}): Ended {
  rmSync(at("there"), { recursive: true, force: true });
  return call(["--ssh=builtin", ...words], variables);
}

function call(words: readonly string[], variables: Readonly<Record<string, string>> = {}): Ended {
  const env = { PATH: process.env.PATH ?? "", HOME: folder, LC_ALL: "C.UTF-8", ...variables };
  const settings = { cwd: folder, env, encoding: "latin1", timeout: 60_000 } as const;
  const { status, stdout, stderr } = spawnSync(tsync, words, settings);
  return { status, stdout, stderr };
}

const well = { status: 0, stdout: "", stderr: "" };
const tree = (name: string): string[] => snapshot(at(name));

/** Options with which nothing of the test server's configuration for keys counts. */
function keyOptions(...keys: readonly string[]): string {
  const files = keys.map((key) => `-i ${key}`).join(" ");
  return `-F none -p ${sshd.port} -o HostName=127.0.0.1 -o UserKnownHostsFile=${sshd.knownHosts} -l root ${files}`;
}

function withKeys(
  keys: string,
  options: readonly string[] = [],
  variables: Readonly<Record<string, string>> = {},
): Ended {
  return run(["-aH", "-e", `ssh ${keys}`, ...options, "src/", `host:${at("there")}`], variables);
}

describe("runs", () => {
  test.each([[], ["--rsync-path=tsync"]])("push and pull as with the system's ssh %s", (...path) => {
    const options = ["-aHAX", "-e", `ssh -F ${sshd.config}`, ...path];
    expect(run([...options, "src/", `host:${at("there")}`])).toEqual(well);
    expect(tree("there")).toEqual(tree("src"));
    rmSync(at("back"), { recursive: true, force: true });
    expect(call(["--ssh=builtin", ...options, `host:${at("there")}/`, "back"])).toEqual(well);
    expect(tree("back")).toEqual(tree("src"));
  });

  test.each([
    ["a user in the operand", () => ["-e", `ssh -F ${sshd.config}`, "src/", `root@host:${at("there")}`]],
    ["an address of IPv6", () => ["-e", `ssh -F ${sshd.config}`, "src/", `[::1]:${at("there")}`]],
    ["-4", () => ["-4", "-e", `ssh -F ${sshd.config}`, "src/", `host:${at("there")}`]],
    ["secluded arguments", () => ["-s", "-e", `ssh -F ${sshd.config}`, "src/", `host:${at("there")}`]],
  ])("%s", (_name, words) => {
    expect(run(["-aH", ...words()])).toEqual(well);
    expect(tree("there")).toEqual(tree("src"));
  });

  test("RSYNC_RSH", () => {
    expect(run(["-aH", "src/", `host:${at("there")}`], { RSYNC_RSH: `ssh -F ${sshd.config}` })).toEqual(well);
    expect(tree("there")).toEqual(tree("src"));
  });

  test("a daemon that ssh starts", () => {
    writeFileSync(at("rsyncd.conf"), `use chroot = no\n[files]\npath = ${at("src")}\n`);
    const path = `--rsync-path=rsync --config=${at("rsyncd.conf")}`;
    expect(run(["-aH", "-e", `ssh -F ${sshd.config}`, path, "host::files/", "there"])).toEqual(well);
    expect(tree("there")).toEqual(tree("src"));
  });

  test("names that are no text, and standard error of the other side", () => {
    rmSync(at("there"), { recursive: true, force: true });
    const script = `name=$(printf 'd\\377'); exec ${tsync} --ssh=builtin -e "ssh -F ${sshd.config}" -a \
      --rsync-path='echo from there >&2; rsync' src/f "host:${folder}/there/$name"`;
    mkdirSync(at("there"));
    const { status, stderr } = spawnSync("bash", ["-c", script], { cwd: folder, encoding: "latin1" });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "from there\n" });
    expect(readdirSync(at("there"), { encoding: "latin1" })).toEqual(["d\xff"]);
  });

  test("variables of SendEnv and SetEnv", () => {
    const path = `--rsync-path=echo "given $LC_GIVEN" >&2; rsync`;
    const sent = push("-o SendEnv=LC_*", [path], { LC_GIVEN: "by us" });
    expect(sent).toEqual({ ...well, stderr: "given by us\n" });
    expect(push("-o SetEnv=LC_GIVEN=fixed", [path]).stderr).toBe("given fixed\n");
  });

  test.each([
    ["its status", "exit 77", 77],
    ["127 for no program", "no-such-program", 127],
    ["255 when it was killed", "kill -9 $$", 255],
  ])("a command that fails ends the run with %s", (_name, command, code) => {
    const done = push("", [`--rsync-path=${command};`]);
    expect(done.status).toBe(code);
    expect(done.stderr).toMatch(/^rsync: connection unexpectedly closed \(0 bytes received so far\) \[sender\]$/m);
  });
});

describe("keys", () => {
  beforeAll(() => {
    makeKey(at("rsa"), "rsa", ["-b", "2048"]);
    makeKey(at("ecdsa"), "ecdsa");
    makeKey(at("pem"), "rsa", ["-b", "2048", "-m", "PEM"]);
    makeKey(at("locked"), "ed25519", ["-N", "a secret", "-a", "4"]);
    makeKey(at("locked-pem"), "rsa", ["-b", "2048", "-m", "PEM", "-N", "a secret"]);
    makeKey(at("stranger"), "ed25519");
    for (const name of ["rsa", "ecdsa", "pem", "locked", "locked-pem"])
      appendFileSync(join(sshd.folder, "authorized_keys"), readFileSync(at(`${name}.pub`)));
  });

  test.each(["rsa", "ecdsa", "pem"])("%s", (name) => {
    expect(withKeys(keyOptions(at(name)))).toEqual(well);
  });

  test("that others can read are not used", () => {
    writeFileSync(at("open"), readFileSync(at("ecdsa")), { mode: 0o644 });
    const done = withKeys(keyOptions(at("open")));
    expect(done.status).toBe(255);
    expect(done.stderr).toContain(`Permissions 0644 for '${at("open")}' are too open: the key is not used.\n`);
  });

  test("that are not accepted", () => {
    const done = withKeys(keyOptions(at("stranger")));
    expect(done.status).toBe(255);
    expect(done.stderr).toMatch(/^ssh: root@127\.0\.0\.1: Permission denied \(publickey\)\.$/m);
    expect(done.stderr).toMatch(/^rsync error: unexplained error \(code 255\) at tsync \[sender=.*\]\n$/m);
  });

  test("of which one is accepted", () => {
    expect(withKeys(keyOptions(at("stranger"), at("rsa")))).toEqual(well);
  });

  test.each(["locked", "locked-pem"])("%s without a terminal", (name) => {
    const line = `setsid -w ${tsync} --ssh=builtin -aH -e "ssh ${keyOptions(at(name))}" src/ host:${at("there")}`;
    const { status, stderr } = spawnSync("bash", ["-c", line], { cwd: folder, encoding: "latin1" });
    expect(status).toBe(255);
    expect(stderr).toContain(`The key ${at(name)} is encrypted, and nobody gave the passphrase.\n`);
  });

  test("that are encrypted, with the passphrase typed on a terminal, at the second try", async () => {
    rmSync(at("there"), { recursive: true, force: true });
    const line = `${tsync} --ssh=builtin -aH -e "ssh ${keyOptions(at("locked"))}" src/ host:${at("there")}`;
    const child = spawn("script", ["-qec", line, "/dev/null"], { cwd: folder, stdio: ["pipe", "pipe", "inherit"] });
    const prompt = /Enter passphrase for key '.*\/locked': /g;
    const typed = ["wrong\r", "a secret\r"];
    let shown = "";
    let answered = 0;
    child.stdout.on("data", (bytes: Buffer) => {
      shown += bytes.toString("latin1");
      for (const asked = shown.match(prompt)?.length ?? 0; answered < asked; answered++)
        child.stdin.write(typed[answered] ?? "\r");
    });
    const status = await new Promise((resolve) => child.on("close", resolve));
    expect(shown.match(prompt)).toHaveLength(2);
    expect(shown).not.toContain("secret");
    expect(status).toBe(0);
    expect(tree("there")).toEqual(tree("src"));
  });

  describe("of an agent", () => {
    let agent: Record<string, string> = {};
    beforeAll(() => {
      const said = must("ssh-agent", ["-a", at("agent")]).toString();
      agent = { SSH_AUTH_SOCK: at("agent"), SSH_AGENT_PID: /SSH_AGENT_PID=(\d+)/.exec(said)?.[1] ?? "" };
      for (const name of ["stranger", "rsa", "ecdsa"]) {
        const added = spawnSync("ssh-add", ["-q", at(name)], { env: { ...process.env, ...agent } });
        expect(added.status).toBe(0);
      }
    });
    afterAll(() => {
      if (agent.SSH_AGENT_PID) process.kill(Number(agent.SSH_AGENT_PID));
    });

    test("are used", () => {
      expect(withKeys(`${keyOptions()} -o IdentityFile=none`, [], agent)).toEqual(well);
    });
    test("are used when only their public half is here", () => {
      writeFileSync(at("half.pub"), readFileSync(at("ecdsa.pub")));
      const words = `${keyOptions(at("half"))} -o IdentitiesOnly=yes`;
      expect(withKeys(words, [], agent)).toEqual(well);
      expect(sshd.log()).toContain(fingerprintOf(at("ecdsa.pub")));
    });
    test("are not used where only files count, or no agent", () => {
      const only = withKeys(`${keyOptions(at("stranger"))} -o IdentitiesOnly=yes`, [], agent);
      expect(only.status).toBe(255);
      expect(withKeys(`${keyOptions(at("stranger"))} -o IdentityAgent=none`, [], agent).status).toBe(255);
    });
    test("that does not answer are passed over", () => {
      const gone = { SSH_AUTH_SOCK: at("nowhere") };
      expect(withKeys(keyOptions(at("rsa")), [], gone)).toEqual(well);
    });
  });
});

describe("hosts", () => {
  const known = (): string => at("known_hosts");
  const host = (): string => `[127.0.0.1]:${sshd.port}`;
  const publicKey = (name: string): string => readFileSync(name, "latin1").split(" ").slice(0, 2).join(" ");
  const ownKey = (): string => publicKey(join(sshd.folder, "host_ed25519.pub"));
  const with_ = (lines: string, more = "", options: readonly string[] = []): Ended => {
    writeFileSync(known(), lines);
    return push(`-o UserKnownHostsFile=${known()} ${more}`, options);
  };

  test("that are not known are refused, and nothing is sent", () => {
    const done = with_("");
    expect(done.status).toBe(255);
    expect(done.stderr).toBe(
      `ssh: The host ${host()} is not known; it shows the ssh-ed25519 key ${sshd.fingerprint}.
Host key verification failed.
rsync error: unexplained error (code 255) at tsync [sender=${call(["-VV"]).stdout.match(/"version": "(.*)"/)?.[1]}]
`,
    );
    expect(readdirSync(folder)).not.toContain("there");
  });

  test("are known by plain and by hashed names, and by other kinds of keys", () => {
    expect(with_(`${host()} ${ownKey()}\n`)).toEqual(well);
    writeFileSync(known(), `${host()} ${ownKey()}\n`);
    must("ssh-keygen", ["-H", "-f", known()]);
    expect(with_(readFileSync(known(), "latin1"))).toEqual(well);
    expect(with_(`${host()} ${publicKey(join(sshd.folder, "host_rsa.pub"))}\n`)).toEqual(well);
    expect(with_(`alias ${ownKey()}\n`, "-o HostKeyAlias=alias")).toEqual(well);
  });

  test("that have changed are refused, also with --ssh-accept=new", () => {
    makeKey(at("other-host"), "ed25519");
    const lines = `${host()} ${publicKey(at("other-host.pub"))}\n`;
    for (const options of [[], ["--ssh-accept=new"]]) {
      const done = with_(lines, "", options);
      expect(done.status).toBe(255);
      expect(done.stderr).toContain(`key ${sshd.fingerprint} of host ${host()} has changed (${known()}:1)`);
      expect(readFileSync(known(), "latin1")).toBe(lines);
    }
  });

  test("whose key is revoked are refused, whatever is accepted", () => {
    const lines = `@revoked * ${ownKey()}\n${host()} ${ownKey()}\n`;
    for (const options of [[], [`--ssh-accept=${sshd.fingerprint}`], ["--ssh-accept=new"]]) {
      const done = with_(lines, "", options);
      expect(done.status).toBe(255);
      expect(done.stderr).toContain(`of host ${host()} is revoked (${known()}:1).`);
    }
  });

  test("that only an authority vouches for are refused", () => {
    const done = with_(`@cert-authority * ${ownKey()}\n`);
    expect(done.status).toBe(255);
    expect(done.stderr).toContain("Certificates of hosts are not supported with --ssh=builtin.\n");
  });

  test("are accepted by their fingerprint, for one run", () => {
    expect(with_("", "", [`--ssh-accept=${sshd.fingerprint}`])).toEqual(well);
    expect(readFileSync(known(), "latin1")).toBe("");
    const other = with_("", "", [`--ssh-accept=${fingerprintOf(at("other-host.pub"))}`]);
    expect(other.status).toBe(255);
  });

  test.each([
    ["--ssh-accept=new", "", ["--ssh-accept=new"]],
    ["StrictHostKeyChecking accept-new", "-o StrictHostKeyChecking=accept-new", []],
    ["a hashed name", "-o HashKnownHosts=yes", ["--ssh-accept=new"]],
  ])("that are new are remembered with %s", (_name, more, options) => {
    expect(with_("other ssh-ed25519 AAAA", more, options)).toEqual(well);
    const remembered = readFileSync(known(), "latin1");
    expect(remembered).toContain(ownKey());
    expect(remembered.startsWith("other ssh-ed25519 AAAA\n")).toBe(true);
    expect(remembered.includes("127.0.0.1")).toBe(!more.includes("Hash"));
    // ssh reads what was written.
    const found = must("ssh-keygen", ["-F", host(), "-f", known()]).toString();
    expect(found).toContain(ownKey().split(" ")[1]);
    expect(with_(remembered)).toEqual(well);
  });

  test("cannot be new where nothing can be remembered", () => {
    const done = push("-o UserKnownHostsFile=/dev/null/x", ["--ssh-accept=new"]);
    expect(done.status).toBe(255);
    expect(done.stderr).toContain("cannot remember the new host in /dev/null/x");
  });

  test("a file that is made anew is the user's alone", () => {
    rmSync(at("fresh"), { recursive: true, force: true });
    expect(push(`-o UserKnownHostsFile=${at("fresh/known")}`, ["--ssh-accept=new"])).toEqual(well);
    expect(statSync(at("fresh")).mode & 0o777).toBe(0o700);
    expect(statSync(at("fresh/known")).mode & 0o777).toBe(0o600);
  });
});

describe("configuration", () => {
  test("is read as ssh -G reads it", () => {
    mkdirSync(at("conf.d"), { recursive: true });
    writeFileSync(at("conf.d/one"), "Host web\n  Port 1001\nHost *\n  ServerAliveCountMax 7\n");
    const text = `Include ${at("conf.d")}/*
Host web db?.example.org !db3.example.org
  User "some one"
  HostName %h.internal
Host *.example.org
  Port=2002
  IdentityFile ~/.ssh/%r-%h-%p
Match originalhost web user someone
  ConnectTimeout 11
Match host *.internal,other !user nobody
  ConnectTimeout 12
  AddressFamily inet6
Host *
  Port 3003
  ServerAliveInterval 17
`;
    writeFileSync(at("config"), text);
    const script = `
      import { planConnection, currentCaller } from ${JSON.stringify(join(import.meta.dirname, "../../src/transport/ssh/connect-plan.ts"))};
      const settings = { port: undefined, user: undefined, identityFiles: [], privateKeys: [], agent: "none", knownHosts: undefined,
        accept: [], configFile: ${JSON.stringify(at("config"))}, overrides: [], family: undefined, keepAliveSeconds: undefined,
        connectTimeoutSeconds: undefined, askPassphrase: undefined };
      for (const host of process.argv.slice(1)) {
        const plan = planConnection(host, settings, currentCaller(() => {}));
        console.log([host, plan.user, plan.host, plan.port, plan.connectTimeoutSeconds, plan.family === 6 ? "inet6" : "any",
          plan.keepAliveSeconds, plan.keepAliveCount].join(" "));
      }`;
    const hosts = ["web", "db1.example.org", "db3.example.org", "other", "plain"];
    const own = must(process.execPath, ["--input-type=module", "-e", script, ...hosts]).toString();
    const theirs = hosts.map((host) => {
      const lines = must("ssh", ["-G", "-F", at("config"), host]).toString();
      const value = (name: string): string => new RegExp(`^${name} (.*)$`, "m").exec(lines)?.[1] ?? "";
      const names = [
        "user",
        "hostname",
        "port",
        "connecttimeout",
        "addressfamily",
        "serveraliveinterval",
        "serveralivecountmax",
      ];
      return `${[host, ...names.map(value)].join(" ").replace(" none ", " 0 ")}\n`;
    });
    expect(own).toBe(theirs.join(""));
  });

  test.each([
    ["ProxyJump=gate", 4, "This tsync does not support proxyjump of the ssh configuration for host with --ssh=builtin"],
    ["ProxyCommand=true", 4, "does not support proxycommand of the ssh configuration for host"],
    ["Ciphers=aes128-ctr", 4, "does not support ciphers of the ssh configuration for host"],
    ["StrictHostKeyChecking=no", 4, "does not support StrictHostKeyChecking no for host"],
    ["Nonsense=1", 1, "the command line: Bad configuration option: nonsense"],
  ])("%s is refused before anything is sent", (option, code, message) => {
    const done = push(`-o ${option}`);
    expect(done.status).toBe(code);
    expect(done.stderr).toContain(message);
  });

  test.each([
    [["--ssh=other"], 1, "--ssh=other is invalid: must be system or builtin"],
    [["--ssh=builtin", "--ssh-accept=any"], 1, "--ssh-accept=any is invalid"],
    [["--ssh-accept=new"], 1, "--ssh-accept needs --ssh=builtin"],
    [["--ssh=builtin", "-e", "rsh"], 1, "--ssh=builtin cannot run the remote shell rsh"],
    [["--ssh=builtin", "-e", "ssh -J gate"], 4, "This tsync does not support the option -J of ssh"],
  ])("%s", (options, code, message) => {
    const done = call(["-a", ...options, "src/", "host:there"]);
    expect(done.status).toBe(code);
    expect(done.stderr).toContain(message);
  });

  test("a daemon by TCP is no matter of ssh", () => {
    expect(call(["-a", "--ssh=builtin", "host::files/", "there"]).stderr).toContain(
      "--ssh=builtin reaches a daemon only with -e ssh",
    );
  });
});

describe("connections", () => {
  beforeAll(() => {
    mkdirSync(at("large"));
    for (let file = 0; file < 40; file++) writeFileSync(at(`large/f${file}`), Buffer.alloc(1_000_000, `${file} `));
    settle(at("large"), "2024-01-02 03:04:05");
  });

  test("that nobody takes", () => {
    const done = push("-p 1");
    expect(done.status).toBe(255);
    expect(done.stderr).toMatch(/^ssh: connect to host 127\.0\.0\.1 port 1: Connection refused$/m);
    const name = call(["-a", "--ssh=builtin", "-e", "ssh -F none", "src/", "no-such-host.invalid:there"]);
    expect(name.status).toBe(255);
    expect(name.stderr).toMatch(/^ssh: Could not resolve hostname no-such-host\.invalid: /m);
  });

  test("with somebody who is silent end in time", async () => {
    const server = createServer((socket) => socket.on("error", () => undefined));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    for (const words of [["--contimeout=1"], ["-e", `ssh -F none -p ${port} -o ConnectTimeout=1`]]) {
      const shell = words.length > 1 ? [] : ["-e", `ssh -F none -p ${port}`];
      const done = await start(["-a", "--ssh=builtin", ...words, ...shell, "src/", "127.0.0.1:there"]).done;
      expect(done.status).toBe(35);
      expect(done.stderr).toContain("ssh: connect to host 127.0.0.1: Connection timed out");
    }
    // A server of another kind.
    const { child, done } = start(["-a", "--ssh=builtin", "-e", `ssh -F none -p ${port}`, "src/", "127.0.0.1:there"]);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    child.kill("SIGINT");
    expect((await done).status).toBe(20);
    server.close();
  });

  test.each(["push", "pull"])("that break in the middle of a %s leave whole files", async (direction) => {
    rmSync(at("there"), { recursive: true, force: true });
    mkdirSync(at("there"));
    const words = direction === "push" ? ["large/", `host:${at("there")}`] : [`host:${at("large")}/`, at("there")];
    const args = ["-a", "--ssh=builtin", "-e", `ssh -F ${sshd.config}`, "--rsync-path=tsync", ...words];
    const { child, done } = start(["--bwlimit=8000", ...args]);
    while (readdirSync(at("there")).length < 4 && child.exitCode === null)
      await new Promise((resolve) => setTimeout(resolve, 10));
    sshd.killSessions();
    expect((await done).status).toBe(255);
    for (let attempt = 0; attempt < 500 && temporaryFiles(at("there")).length > 0; attempt++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    const arrived = readdirSync(at("there"));
    expect(arrived.length).toBeLessThan(40);
    for (const name of arrived)
      expect(readFileSync(at(`there/${name}`)).equals(readFileSync(at(`large/${name}`))), name).toBe(true);
    expect(await start(args).done).toEqual({ status: 0, stderr: "" });
    expect(tree("there")).toEqual(tree("large"));
  });

  test("that fall silent end after as many signs of life as are configured", async () => {
    rmSync(at("there"), { recursive: true, force: true });
    mkdirSync(at("there"));
    const shell = `ssh -F ${sshd.config} -o ServerAliveInterval=1 -o ServerAliveCountMax=2`;
    const args = ["-a", "--ssh=builtin", "-e", shell, "--bwlimit=2000", `host:${at("large")}/`, at("there")];
    const { child, done } = start(args);
    while (readdirSync(at("there")).length < 2 && child.exitCode === null)
      await new Promise((resolve) => setTimeout(resolve, 10));
    sshd.signalSessions("SIGSTOP");
    const { status, stderr } = await done;
    sshd.signalSessions("SIGCONT");
    expect(status).toBe(255);
    expect(stderr).toContain("Timeout, server 127.0.0.1 not responding.\n");
  });

  test("live on while a server is slow to answer", async () => {
    // Longer than it takes to give up a dead one.
    const shell = `ssh -F ${sshd.config} -o ServerAliveInterval=1 -o ServerAliveCountMax=1`;
    const args = ["-a", "--ssh=builtin", "-e", shell, "--rsync-path=sleep 4; rsync", "src/f", `host:${at("there")}`];
    expect(await start(args).done).toEqual({ status: 0, stderr: "" });
  });

  test("hold little of what a slow server does not take", async () => {
    writeFileSync(at("one"), Buffer.alloc(60_000_000, "one "));
    rmSync(at("there"), { recursive: true, force: true });
    // The server reads slowly at first, and the client must wait for it.
    const slow =
      "perl -e 'while (sysread(STDIN, $b, 65536)) { select(undef, undef, undef, 0.002); syswrite(STDOUT, $b) }'";
    const args = [
      "-aW",
      "--ssh=builtin",
      "-e",
      `ssh -F ${sshd.config}`,
      `--rsync-path=${slow} | rsync`,
      "one",
      `host:${at("there")}`,
    ];
    const { child, done } = start(args);
    let peak = 0;
    const watch = setInterval(() => {
      const text = spawnSync("cat", [`/proc/${child.pid}/status`], { encoding: "latin1" }).stdout ?? "";
      peak = Math.max(peak, Number(/^VmRSS:\s+(\d+)/m.exec(text)?.[1] ?? 0));
    }, 50);
    const ended = await done;
    clearInterval(watch);
    expect(ended).toEqual({ status: 0, stderr: "" });
    expect(readFileSync(at("there")).equals(readFileSync(at("one")))).toBe(true);
    expect(peak).toBeGreaterThan(10_000);
    expect(peak).toBeLessThan(160_000);
  });
});

/** A run that goes on while the test does something. */
function start(args: readonly string[]): {
  readonly child: ReturnType<typeof spawn>;
  readonly done: Promise<{ readonly status: number | null; readonly stderr: string }>;
} {
  const env = { PATH: process.env.PATH ?? "", HOME: folder, LC_ALL: "C.UTF-8" };
  const child = spawn(tsync, args, { cwd: folder, env, stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr?.on("data", (text: Buffer) => {
    stderr += text.toString("latin1");
  });
  return { child, done: new Promise((resolve) => child.on("close", (status) => resolve({ status, stderr }))) };
}
