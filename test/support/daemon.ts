/** A real rsync daemon on a port of its own, with a few modules in a temporary folder. */
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, listening } from "./ports.ts";

/** A running daemon. */
export interface TestDaemon {
  readonly folder: string;
  readonly port: number;
  stop(): void;
}

/** Starts a daemon; `setup` is a shell script that makes the trees, `config` what stands below the global settings. */
export async function startDaemon(
  setup: string,
  config: (folder: string) => string,
  program = "rsync",
): Promise<TestDaemon> {
  const folder = mkdtempSync(join(tmpdir(), "tsync-daemon-"));
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, "setup"));
  const made = spawnSync("bash", ["-c", `umask 022; ${setup}`], { cwd: join(folder, "setup"), encoding: "latin1" });
  if (made.status !== 0 || made.stderr !== "") throw new Error(`setup failed: ${made.stderr}`);
  const port = await freePort();
  const file = join(folder, "rsyncd.conf");
  const global = `use chroot = no\nuid = root\ngid = root\nlog file = ${folder}/log\nreverse lookup = no\n`;
  writeFileSync(file, `${global}${config(folder)}`);
  const args = ["--daemon", "--no-detach", `--config=${file}`, `--port=${port}`, "--address=127.0.0.1"];
  const child = spawn(program, args, { stdio: "ignore" });
  await listening(port, child);
  return {
    folder,
    port,
    stop: () => {
      child.kill();
      // What still serves a client writes its log.
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}

/** Takes one connection after the other to where it is told, if the login is `me:pass`. */
const proxyScript = `
const net = require("node:net");
net.createServer((client) => {
  client.on("error", () => {});
  client.once("data", (head) => {
    const target = /^CONNECT (\\S+):(\\d+) HTTP\\/1.0\\r\\n/.exec(head.toString("latin1"));
    if (target === null || !head.includes("Proxy-Authorization: Basic bWU6cGFzcw==")) {
      client.end("HTTP/1.0 407 Proxy Authentication Required\\r\\n\\r\\n");
      return;
    }
    const server = net.connect(Number(target[2]), "127.0.0.1", () => {
      client.write("HTTP/1.1 200 OK\\r\\nServer: test\\r\\n\\r\\n");
      client.pipe(server).pipe(client);
    });
    server.on("error", () => client.destroy());
  });
}).listen(Number(process.argv[1]), "127.0.0.1");
`;

/** Starts a proxy for HTTP CONNECT. */
export async function startProxy(): Promise<{ readonly port: number; stop(): void }> {
  const port = await freePort();
  const child = spawn(process.execPath, ["-e", proxyScript, String(port)], { stdio: "ignore" });
  await listening(port, child);
  return { port, stop: () => void child.kill() };
}
