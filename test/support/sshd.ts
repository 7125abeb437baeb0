/**
 * A real OpenSSH server on the loopback interface, on a port of its own, with throw-away keys of host and user and a configuration of its
 * own: nothing of the machine's sshd is used or touched. It starts commands as root, with its own bare environment.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, listening } from "./ports.ts";

/** A running server. */
export interface TestSshd {
  /** Everything of it is here; tests may add files. Only root may read it. */
  readonly folder: string;
  readonly port: number;
  /** A configuration for `ssh -F`: the host `host` is this server, with key and known host. */
  readonly config: string;
  /** The user's private key. */
  readonly identity: string;
  readonly knownHosts: string;
  /** `SHA256:...` of the host's Ed25519 key. */
  readonly fingerprint: string;
  /** What it and its sessions said up to now. */
  log(): string;
  /** Kills what serves the connections that are open now; the commands that were started lose their streams. */
  killSessions(): void;
  /** Stops or continues what serves the connections that are open now. */
  signalSessions(signal: "SIGSTOP" | "SIGCONT"): void;
  stop(): void;
}

/** What a server may be given. */
export interface SshdSettings {
  /** Lines for sshd_config, before the usual ones. */
  readonly lines?: readonly string[];
}

const program = "/usr/sbin/sshd";

/** Starts a server; it takes connections when the promise resolves. */
export async function startSshd({ lines = [] }: SshdSettings = {}): Promise<TestSshd> {
  if (process.getuid?.() !== 0) throw new Error("sshd is started by root");
  const folder = mkdtempSync(join(tmpdir(), "tsync-sshd-"));
  const at = (name: string): string => join(folder, name);
  for (const name of ["host_ed25519", "id_ed25519"]) makeKey(at(name), "ed25519");
  makeKey(at("host_rsa"), "rsa", ["-b", "2048"]);
  copyFileSync(at("id_ed25519.pub"), at("authorized_keys"));
  const port = await freePort();
  const ownLines = [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    "ListenAddress ::1",
    `HostKey ${at("host_ed25519")}`,
    `HostKey ${at("host_rsa")}`,
    `AuthorizedKeysFile ${at("authorized_keys")}`,
    "PidFile none",
    "UsePAM no",
    "StrictModes no",
    "PermitRootLogin prohibit-password",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "UseDNS no",
    // Deeper shells read no profile.
    "SetEnv SHLVL=2",
    "PrintMotd no",
    "PrintLastLog no",
    "MaxStartups 100",
    "MaxAuthTries 20",
  ];
  writeFileSync(at("sshd_config"), `${[...lines, ...ownLines].join("\n")}\n`);
  const hostKey = readFileSync(at("host_ed25519.pub"), "latin1").split(" ").slice(0, 2).join(" ");
  writeFileSync(at("known_hosts"), `[127.0.0.1]:${port} ${hostKey}\n[::1]:${port} ${hostKey}\n`);
  const clientLines = [
    "Host host",
    "  HostName 127.0.0.1",
    "Host *",
    `  Port ${port}`,
    "  User root",
    `  IdentityFile ${at("id_ed25519")}`,
    "  IdentitiesOnly yes",
    `  UserKnownHostsFile ${at("known_hosts")}`,
    "  GlobalKnownHostsFile /dev/null",
    "  BatchMode yes",
  ];
  writeFileSync(at("ssh_config"), `${clientLines.join("\n")}\n`);
  // Where it puts the processes that have not yet logged in.
  mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  const child = spawn(program, ["-D", "-f", at("sshd_config"), "-E", at("log")], { stdio: "ignore", env: {} });
  const log = (): string => readFileSync(at("log"), "latin1");
  try {
    await listening(port, child);
  } catch (error) {
    child.kill();
    throw new Error(`sshd does not start: ${log()}`, { cause: error });
  }
  return {
    folder,
    port,
    config: at("ssh_config"),
    identity: at("id_ed25519"),
    knownHosts: at("known_hosts"),
    fingerprint: fingerprintOf(at("host_ed25519.pub")),
    log,
    killSessions: () => signalAll(sessionsOf(child), "SIGKILL"),
    signalSessions: (signal) => signalAll(sessionsOf(child), signal),
    stop: () => {
      signalAll(sessionsOf(child), "SIGKILL");
      child.kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Makes a pair of keys, the public one in `PATH.pub`. */
export function makeKey(path: string, type: "ed25519" | "rsa" | "ecdsa", more: readonly string[] = []): void {
  const passphrase = more.includes("-N") ? [] : ["-N", ""];
  const done = spawnSync("ssh-keygen", ["-q", "-t", type, "-f", path, "-C", "test", ...passphrase, ...more], {
    encoding: "utf8",
  });
  if (done.status !== 0) throw new Error(`ssh-keygen: ${done.error ?? done.stderr}`);
  chmodSync(path, 0o600);
}

/** `SHA256:...` of a public key. */
export function fingerprintOf(path: string): string {
  const { stdout } = spawnSync("ssh-keygen", ["-lf", path], { encoding: "utf8" });
  return stdout.split(" ")[1] ?? "";
}

/** The processes that serve open connections: children of the listener. */
function sessionsOf({ pid }: ChildProcess): number[] {
  if (pid === undefined) return [];
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").trim().split(" ").filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

function signalAll(processes: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of processes) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended by itself.
    }
  }
}
