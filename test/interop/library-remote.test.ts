/**
 * The library with another side: `connect` and `serve` over streams of any kind, against rsync and against each other; `sync()` with remote
 * operands over a command, over both kinds of ssh, and to a daemon.
 */
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectSocket, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex, duplexPair, PassThrough, Transform } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connect, type RunEvent, serve, serverArgs, sync, TsyncError, toText } from "../../src/index.ts";
import { startDaemon, type TestDaemon } from "../support/daemon.ts";
import { makeKey, startSshd, type TestSshd } from "../support/sshd.ts";
import { must, settle, snapshot, temporaryFiles } from "../system/support.ts";

const folder = mkdtempSync(join(tmpdir(), "tsync-library-remote-"));
const at = (name: string): string => join(folder, name);
const tree = (name: string): string[] => snapshot(at(name));

beforeAll(() => {
  chmodSync(folder, 0o755);
  const setup = `umask 022; mkdir -p src/x/y src/empty; cd src; echo a > f; seq 1 50000 > x/y/big; ln -s f l; ln f h
    printf y > "x/$(printf 'n\\303\\251\\377')"; printf x > 'two words'; chown 1234:5678 x/y; mkfifo p`;
  must("bash", ["-c", `cd ${folder} && ${setup}`]);
  settle(at("src"), "2024-01-02 03:04:05.678901234");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fresh(name = "there"): string {
  rmSync(at(name), { recursive: true, force: true });
  return at(name);
}

/** A program at the other end of its standard streams. */
function childWire(
  program: string,
  args: readonly (string | Buffer)[],
  onEnd: (code: number | null) => void = () => undefined,
) {
  const child = spawn(program, args.map(String), { stdio: ["pipe", "pipe", "inherit"], cwd: folder });
  child.on("exit", onEnd);
  return { readable: child.stdout, writable: child.stdin };
}

/** Two sockets that are each other's peer. */
async function socketPair(): Promise<[Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const other = new Promise<Socket>((resolve) => server.once("connection", resolve));
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const socket = connectSocket({ port, host: "127.0.0.1", allowHalfOpen: true });
  const pair: [Socket, Socket] = [socket, await other];
  server.close();
  return pair;
}

async function eventsOf(run: AsyncIterable<RunEvent>): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of run) events.push(event);
  return events;
}

const failure = async (run: PromiseLike<unknown>): Promise<TsyncError> => {
  try {
    await run;
  } catch (error) {
    if (error instanceof TsyncError) return error;
    throw error;
  }
  throw new Error("it did not fail");
};

const archive = { archive: true, hardLinks: true } as const;

describe("connect, with rsync at the other end", () => {
  test("push and pull", async () => {
    const push = { ...archive, sources: [`${at("src")}/`], destination: `:${fresh()}` };
    const summary = await connect(childWire("rsync", serverArgs(push)), push);
    expect(summary).toMatchObject({ exitCode: 0, transferredFiles: 4, problems: [] });
    expect(tree("there")).toEqual(tree("src"));
    const pull = { ...archive, sources: [`:${at("there")}/`], destination: fresh("back"), compress: true };
    const run = connect(childWire("rsync", serverArgs(pull)), pull);
    const events = await eventsOf(run);
    expect((await run).exitCode).toBe(0);
    expect(tree("back")).toEqual(tree("src"));
    const items = events.flatMap((event) => (event.type === "item" ? [toText(event.path)] : []));
    expect(items).toEqual(expect.arrayContaining(["f", "x/y/big", "two words", "l"]));
    // The objects are those of a local run.
    const local = sync({ ...archive, sources: [`${at("there")}/`], destination: fresh("local") });
    const localItems = (await eventsOf(local)).flatMap((event) => (event.type === "item" ? [toText(event.path)] : []));
    expect([...items].sort()).toEqual(localItems.sort());
    expect(Object.keys(await run)).toEqual(expect.arrayContaining(Object.keys(await local)));
  });

  test("several sources, deletion, a remote list of files", async () => {
    mkdirSync(fresh());
    writeFileSync(at("there/old"), "");
    const request = {
      ...archive,
      delete: true,
      sources: [`:${at("src/x")}`, `:${at("src/f")}`],
      destination: at("there"),
    };
    await connect(childWire("rsync", serverArgs(request)), request);
    expect(spawnSync("ls", [at("there")], { encoding: "utf8" }).stdout).toBe("f\nold\nx\n");
    writeFileSync(at("list"), "f\nx/y\n");
    const listed = { ...archive, filesFrom: `:${at("list")}`, sources: [`:${at("src")}`], destination: fresh() };
    await connect(childWire("rsync", serverArgs(listed)), listed);
    expect(
      spawnSync("find", [at("there"), "-printf", "%P\n"], { encoding: "utf8" })
        .stdout.split("\n")
        .sort(),
    ).toEqual(["", "", "f", "x", "x/y"]);
  });

  test("a daemon over a socket of ours", async () => {
    const daemon = await startDaemon("mkdir d; echo a > d/a", (path) => `[m]\npath = ${path}/setup/d\n`);
    try {
      const socket = connectSocket({ port: daemon.port, host: "127.0.0.1", allowHalfOpen: true });
      await connect(socket, { archive: true, sources: ["::m/"], destination: fresh() });
      expect(readFileSync(at("there/a"), "utf8")).toBe("a\n");
      expect(socket.destroyed).toBe(true);
    } finally {
      daemon.stop();
    }
  });

  test("a server that ends early", async () => {
    const request = { archive: true, sources: [`${at("src")}/`], destination: `:${fresh()}` };
    const error = await failure(connect(childWire("true", []), request));
    expect(error).toMatchObject({ kind: "protocol", exitCode: 12 });
    const noise = await failure(connect(childWire("echo", ["Welcome to this server!"]), request));
    expect(noise).toMatchObject({ kind: "protocol", exitCode: 2 });
  });
});

/** A stream that keeps more than we like, in pieces as they come. */
function largeDuplex(): [Duplex, Duplex] {
  const options = { highWaterMark: 4_000_000 };
  const [there, back] = [new PassThrough(options), new PassThrough(options)];
  const end = (writable: PassThrough, readable: PassThrough): Duplex => Duplex.from({ writable, readable });
  return [end(there, back), end(back, there)];
}

describe("connect and serve", () => {
  test.each([
    ["a pair in memory", async () => duplexPair()],
    ["a small pair in memory", async () => duplexPair({ highWaterMark: 100 })],
    ["streams that hold much", async () => largeDuplex()],
    ["sockets", socketPair],
  ] as const)("over %s", async (_name, pair) => {
    const requests = [
      { ...archive, sources: [`${at("src")}/`], destination: `:${fresh()}` },
      { ...archive, sources: [`:${at("src")}/`], destination: fresh("back") },
      {
        ...archive,
        sources: [`:${at("src/two words")}`, `:${at("src/x")}`],
        destination: at("back"),
        secludedArgs: true,
      },
    ];
    for (const request of requests) {
      const [client, server] = await pair();
      const [here, other] = await Promise.all([connect(client, request), serve(server, serverArgs(request))]);
      expect(here).toMatchObject({ exitCode: 0, problems: [] });
      expect(other.exitCode).toBe(0);
    }
    expect(tree("there")).toEqual(tree("src"));
    expect(tree("back")).toEqual(tree("src"));
  });

  test("problems are in the summaries of both", async () => {
    const request = { archive: true, sources: [`:${at("src/f")}`, `:${at("nothing")}`], destination: fresh() };
    for (const stderr of ["client", "errors"] as const) {
      const [client, server] = duplexPair();
      const said: string[] = [];
      const onStandardError = (bytes: Uint8Array): void => void said.push(Buffer.from(bytes).toString());
      const asked = { ...request, stderr };
      const served = serve(server, serverArgs(asked), { onStandardError });
      const [here, other] = await Promise.all([connect(client, asked), served]);
      expect(other.exitCode).toBe(23);
      expect(JSON.stringify(other.problems)).toContain("link_stat");
      // By the protocol, or where nobody here hears of it.
      expect(here.exitCode).toBe(stderr === "client" ? 23 : 0);
      expect(stderr === "client" ? JSON.stringify(here.problems) : said.join("")).toContain("link_stat");
    }
  });

  test("an abort of either side ends both", async () => {
    mkdirSync(at("large"), { recursive: true });
    writeFileSync(at("large/f"), Buffer.alloc(30_000_000, "large "));
    for (const side of ["client", "server"]) {
      const request = { archive: true, wholeFile: true, sources: [`${at("large")}/`], destination: `:${fresh()}` };
      mkdirSync(at("there"));
      const [client, server] = await socketPair();
      const controller = new AbortController();
      const stops = (name: string) => (side === name ? { signal: controller.signal } : {});
      const served = failure(serve(server, serverArgs(request), stops("server")));
      const run = failure(connect(client, { ...request, ...stops("client"), bwlimit: 5_000_000 }));
      // The temporary file of what is under way.
      while (readdirSync(at("there")).length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      controller.abort(new Error("enough"));
      const [here, other] = [await run, await served];
      const aborted = side === "client" ? here : other;
      expect(aborted).toMatchObject({ kind: "signal", exitCode: 20, cause: new Error("enough") });
      expect(temporaryFiles(at("there"))).toEqual([]);
      expect([here.exitCode, other.exitCode].filter((code) => ![12, 20].includes(code))).toEqual([]);
    }
  });

  test("a slow reader of events makes the run wait", async () => {
    // A tree that is large enough, twice.
    const many = at("many");
    must("bash", ["-c", `mkdir -p ${many}/{1..40} && cd ${many} && touch {1..40}/{1..250}`]);
    const request = { archive: true, dryRun: true, sources: [`:${many}/`, `:${many}`], destination: fresh() };
    const [client, server] = duplexPair();
    let bytes = 0;
    const counted = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        bytes += chunk.length;
        done(null, chunk);
      },
    });
    counted.pipe(server);
    const served = serve({ readable: server, writable: counted }, serverArgs(request));
    const run = connect(client, request);
    let seen = 0;
    let finished = false;
    void run.summary.then(() => {
      finished = true;
    });
    for await (const event of run) {
      if (event.type === "item") seen++;
      if (seen !== 100 || event.type !== "item") continue;
      // The server comes to a stand, and not because everything is done.
      for (let before = -1; before !== bytes; ) {
        before = bytes;
        await new Promise((resolve) => setTimeout(resolve, 700));
      }
      expect(finished).toBe(false);
    }
    expect(seen).toBeGreaterThan(15_000);
    expect((await served).exitCode).toBe(0);
  });

  test.each([
    ["no stream", () => connect({} as Duplex, { sources: ["a"], destination: ":b" }), "must be a Duplex"],
    ["no other side", () => connect(duplexPair()[0], { sources: ["a"], destination: "b" }), "one operand must be"],
    ["no other side for arguments", () => serverArgs({ sources: ["a"], destination: "b" }), "one operand must be"],
    [
      "an unknown option",
      () => connect(duplexPair()[0], { sources: ["a"], destination: ":b", fast: true } as never),
      "fast: unknown option",
    ],
  ])("%s is refused at once", (_name, call, message) => {
    expect(call).toThrow(message);
  });

  test("serve wants the words of a server", async () => {
    expect(await failure(serve(duplexPair()[0], ["-a", "."]))).toMatchObject({ kind: "usage", exitCode: 1 });
    const unknown = await failure(serve(duplexPair()[0], ["--server", "--nonsense", ".", "x"]));
    expect(unknown).toMatchObject({ kind: "usage", message: "on remote machine: --nonsense: unknown option" });
  });

  test("serve does not change the rights of the process", async () => {
    const args = ["--server", "-e.LsfxCIvu", "--copy-as=nobody", ".", at("there")];
    expect(await failure(serve(duplexPair()[0], args))).toMatchObject({ kind: "unsupported", exitCode: 4 });
    expect(process.geteuid?.()).toBe(0);
  });
});

describe("sync with remote operands", () => {
  let sshd: TestSshd;
  let daemon: TestDaemon;
  beforeAll(async () => {
    sshd = await startSshd();
    makeKey(join(sshd.folder, "locked"), "ed25519", ["-N", "a secret", "-a", "4"]);
    const keys = join(sshd.folder, "authorized_keys");
    writeFileSync(keys, readFileSync(join(sshd.folder, "locked.pub")), { flag: "a" });
    writeFileSync(at("secrets"), "me:pass\n", { mode: 0o600 });
    const config = (path: string): string =>
      `[open]\npath = ${path}/setup/d\ncomment = for all\nread only = no\n[shut]\npath = ${path}/setup/d\nauth users = me\nsecrets file = ${at("secrets")}\n`;
    daemon = await startDaemon("mkdir d; echo a > d/a", config);
  });
  afterAll(() => {
    sshd?.stop();
    daemon?.stop();
  });

  test("over the system's ssh", async () => {
    const rsh = `ssh -F ${sshd.config}`;
    await sync({ ...archive, rsh, sources: [`${at("src")}/`], destination: `host:${fresh()}` });
    expect(tree("there")).toEqual(tree("src"));
    const summary = await sync({ ...archive, rsh, sources: [`host:${at("there")}/`], destination: fresh("back") });
    expect(summary).toMatchObject({ exitCode: 0, transferredFiles: 4 });
    expect(tree("back")).toEqual(tree("src"));
  });

  const known = () => ({ config: sshd.config });

  test("over the built-in ssh", async () => {
    await sync({ ...archive, ssh: known(), sources: [`${at("src")}/`], destination: `host:${fresh()}` });
    expect(tree("there")).toEqual(tree("src"));
    // Everything as values.
    const ssh = {
      config: false,
      port: sshd.port,
      user: "root",
      agent: false,
      privateKeys: [readFileSync(sshd.identity)],
      knownHosts: [],
      accept: [sshd.fingerprint],
      options: { AddressFamily: "inet" },
      keepAlive: 5,
    } as const;
    await sync({ ...archive, ssh, sources: [`127.0.0.1:${at("there")}/`], destination: fresh("back") });
    expect(tree("back")).toEqual(tree("src"));
  });

  test("an encrypted key by a callback", async () => {
    const asked: string[] = [];
    const key = join(sshd.folder, "locked");
    const ssh = {
      ...known(),
      options: { IdentityFile: key, IdentitiesOnly: "yes" },
      config: false,
      port: sshd.port,
      user: "root",
      knownHosts: [sshd.knownHosts],
      passphrase: async (name: string) => {
        asked.push(name);
        return asked.length === 1 ? "wrong" : Buffer.from("a secret");
      },
    } as const;
    await sync({ archive: true, ssh, sources: [at("src/f")], destination: `127.0.0.1:${fresh()}` });
    expect(asked).toEqual([key, key]);
    const { passphrase: _, ...without } = ssh;
    const error = await failure(
      sync({ archive: true, ssh: without, sources: [at("src/f")], destination: `127.0.0.1:${at("there")}` }),
    );
    expect(error).toMatchObject({ kind: "auth", exitCode: 255 });
    expect(error.moreLines).toContain(`The key ${key} is encrypted, and nobody gave the passphrase.`);
  });

  test("what the other side says is in events and in the error", async () => {
    const rsyncPath = "echo hello there >&2; rsync";
    for (const way of [{ rsh: `ssh -F ${sshd.config}` }, { ssh: known() }]) {
      const run = sync({ archive: true, ...way, rsyncPath, sources: [at("src/f")], destination: `host:${fresh()}` });
      expect(await eventsOf(run)).toContainEqual(
        expect.objectContaining({ type: "problem", severity: "warning", role: "server", text: "hello there" }),
      );
      expect(await run).toMatchObject({ exitCode: 0 });
      const broken = sync({
        ...way,
        rsyncPath: "echo no such luck >&2; exit 9;",
        sources: [at("src/f")],
        destination: "host:x",
      });
      const error = await failure(broken);
      expect(error.exitCode).toBe(12);
      expect(error.moreLines).toContain("no such luck");
    }
  });

  test("an unknown host, a wrong key, nobody there", async () => {
    const push = { archive: true, sources: [at("src/f")], destination: "127.0.0.1:x" } as const;
    const base = { config: false, port: sshd.port, user: "root", agent: false } as const;
    const unknown = await failure(sync({ ...push, ssh: { ...base, knownHosts: [] } }));
    expect(unknown).toMatchObject({ kind: "auth", exitCode: 255 });
    expect(unknown.message).toContain(sshd.fingerprint);
    makeKey(at("stranger"), "ed25519");
    const denied = await failure(
      sync({ ...push, ssh: { ...base, knownHosts: [sshd.knownHosts], identityFiles: [at("stranger")] } }),
    );
    expect(denied).toMatchObject({ kind: "auth", exitCode: 255, retryable: false });
    const nobody = await failure(sync({ ...push, ssh: { ...base, port: 1 } }));
    expect(nobody).toMatchObject({ kind: "transport", exitCode: 255, retryable: true });
  });

  test("an abort, also while the key is asked for", async () => {
    const controller = new AbortController();
    const ssh = {
      config: false,
      port: sshd.port,
      user: "root",
      agent: false,
      knownHosts: [sshd.knownHosts],
      identityFiles: [join(sshd.folder, "locked")],
      passphrase: () => {
        controller.abort();
        return new Promise<undefined>(() => undefined);
      },
    } as const;
    const { signal } = controller;
    const error = await failure(sync({ ssh, signal, sources: [at("src/f")], destination: "127.0.0.1:x" }));
    expect(error).toMatchObject({ kind: "signal", exitCode: 20 });
  });

  test("a daemon", async () => {
    const url = `rsync://me@127.0.0.1:${daemon.port}`;
    const listing = await eventsOf(sync({ sources: [`${url}/`] }));
    expect(listing.flatMap((event) => (event.type === "notice" ? [toText(event.text)] : []))).toContain(
      "open           \tfor all",
    );
    await sync({ archive: true, sources: [`${at("src")}/`], destination: `${url}/open/sub` });
    const { port } = daemon;
    await sync({ ...archive, port, sources: ["127.0.0.1::open/sub/"], destination: fresh() });
    expect(tree("there").filter((line) => !/^"[fh]"/.test(line))).toEqual(
      tree("src").filter((line) => !/^"[fh]"/.test(line)),
    );
    const shut = { archive: true, sources: [`${url}/shut/a`], destination: fresh() };
    expect(await sync({ ...shut, password: "pass" })).toMatchObject({ exitCode: 0 });
    expect(await sync({ ...shut, password: async () => Buffer.from("pass") })).toMatchObject({ exitCode: 0 });
    expect(await failure(sync({ ...shut, password: "wrong" }))).toMatchObject({ exitCode: 5 });
    expect(await failure(sync(shut))).toMatchObject({ kind: "auth", exitCode: 5 });
  });

  test("a time limit", async () => {
    const error = await failure(
      sync({ rsh: "sh -c 'exec sleep 30'", timeout: 1, sources: [at("src/f")], destination: "host:x" }).summary,
    );
    expect(error).toMatchObject({ kind: "timeout", exitCode: 30, retryable: true });
  });

  test.each([
    [{ ssh: "other" }, "ssh: must be system, builtin"],
    [{ ssh: { prot: 1 } }, "ssh.prot: unknown option"],
    [{ ssh: { accept: ["MD5:x"] } }, "ssh.accept: is of the wrong kind"],
    [{ contimeout: 5 }, "--contimeout option may only be used"],
    [{ password: 1 }, "password: must be"],
    [{ protocol: 26 }, "protocol: 26 is not a valid number"],
    [{ ssh: "builtin", rsh: "rsh" }, "--ssh=builtin cannot run the remote shell rsh"],
  ])("%o is refused", async (options, message) => {
    const attempt = async () => await sync({ sources: ["a"], destination: "host:b", ...(options as object) });
    await expect(attempt()).rejects.toThrow(message);
  });
});
