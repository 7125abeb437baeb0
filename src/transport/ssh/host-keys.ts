/** Whether to go on with a host that shows a key: known hosts, explicit acceptance, and what is said when it is refused. */
import { createHash } from "node:crypto";
import { appendFileSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { type ExitCode, type Role, TsyncError } from "../../errors.ts";
import type { ConnectPlan } from "./connect-plan.ts";
import {
  formatKnownHost,
  judgeHostKey,
  type KnownHost,
  keyType,
  knownName,
  knownTypes,
  parseKnownHosts,
} from "./known-hosts.ts";
import { readSmallFile } from "./small-file.ts";

/** Exit code of ssh itself when it fails. */
export const sshFailed = 255 as ExitCode;

/** Kinds of keys that are asked for, best first; no signature with SHA-1. */
const algorithms: readonly (readonly [algorithm: HostKeyAlgorithm, type: string])[] = [
  ["ssh-ed25519", "ssh-ed25519"],
  ["ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256"],
  ["ecdsa-sha2-nistp384", "ecdsa-sha2-nistp384"],
  ["ecdsa-sha2-nistp521", "ecdsa-sha2-nistp521"],
  ["rsa-sha2-512", "ssh-rsa"],
  ["rsa-sha2-256", "ssh-rsa"],
];

/** Names of the algorithms for keys of hosts. */
export type HostKeyAlgorithm =
  | "ssh-ed25519"
  | "ecdsa-sha2-nistp256"
  | "ecdsa-sha2-nistp384"
  | "ecdsa-sha2-nistp521"
  | "rsa-sha2-512"
  | "rsa-sha2-256";

export class HostKeys {
  private readonly plan: ConnectPlan;
  private readonly role: Role;
  private readonly lines: readonly KnownHost[];
  private toRemember: Uint8Array | undefined;
  /** Why the host was refused. */
  refusal: TsyncError | undefined;

  constructor(plan: ConnectPlan, role: Role) {
    this.plan = plan;
    this.role = role;
    const paths = [...plan.knownHostsFiles, ...plan.globalKnownHostsFiles];
    this.lines = paths.flatMap((path) => parseKnownHosts(readSmallFile(path)?.toString("latin1") ?? "", path));
  }

  /** What to ask the host for: kinds that are known come first. */
  algorithms(): HostKeyAlgorithm[] {
    const { host, port, hostKeyAlias } = this.plan;
    const names =
      hostKeyAlias === undefined ? [knownName(host.toLowerCase(), port), host.toLowerCase()] : [hostKeyAlias];
    const known = knownTypes(this.lines, names);
    const isKnown = ([, type]: readonly [string, string]): boolean => known.has(type);
    return [...algorithms.filter(isKnown), ...algorithms.filter((one) => !isKnown(one))].map(([name]) => name);
  }

  /** Judges the key that the host has shown. */
  accepts(key: Uint8Array): boolean {
    const { plan } = this;
    const { host, port, hostKeyAlias, accept } = plan;
    const verdict = judgeHostKey(this.lines, { host: host.toLowerCase(), port, alias: hostKeyAlias }, key);
    const fingerprint = fingerprintOf(key);
    const shown = `${keyType(key)} key ${fingerprint}`;
    const accepted = accept.includes(fingerprint);
    const name = hostKeyAlias ?? knownName(host, port);
    switch (verdict.kind) {
      case "known":
        return true;
      case "revoked":
        return this.refuse(`The ${shown} of host ${name} is revoked (${verdict.where}).`);
      case "changed": {
        if (accepted) return true;
        const what = verdict.sameType ? "has changed" : "is of another kind than those that are known";
        return this.refuse(
          `The ${shown} of host ${name} ${what} (${verdict.where}): this may not be the host that you know.`,
          "Host key verification failed.",
        );
      }
      case "unknown":
        if (accepted) return true;
        if (accept.includes("new")) {
          this.toRemember = key;
          return true;
        }
        return this.refuse(
          `The host ${name} is not known; it shows the ${shown}.`,
          ...(verdict.authority ? ["Certificates of hosts are not supported with --ssh=builtin."] : []),
          "Host key verification failed.",
        );
    }
  }

  /** Writes down a new host once it has proved that the key is its own; without that each run would take any key. */
  remember(): void {
    const { plan, toRemember } = this;
    if (toRemember === undefined) return;
    const [path] = plan.knownHostsFiles;
    if (path === undefined) throw this.error("there is no file of known hosts in which a new host could be remembered");
    const name = plan.hostKeyAlias ?? knownName(plan.host.toLowerCase(), plan.port);
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      const before = readSmallFile(path);
      const gap = before === undefined || before.length === 0 || before.at(-1) === 0x0a ? "" : "\n";
      appendFileSync(path, `${gap}${formatKnownHost(name, toRemember, plan.hashesNames)}`, { mode: 0o600 });
    } catch (error) {
      throw this.error(`cannot remember the new host in ${path}: ${error instanceof Error ? error.message : error}`);
    }
    this.toRemember = undefined;
  }

  private refuse(message: string, ...moreLines: readonly string[]): false {
    this.refusal = this.error(message, moreLines);
    return false;
  }

  private error(message: string, moreLines: readonly string[] = []): TsyncError {
    return new TsyncError("auth", `ssh: ${message}`, { exitCode: sshFailed, role: this.role, plain: true, moreLines });
  }
}

/** `SHA256:...` as ssh-keygen shows it. */
export function fingerprintOf(key: Uint8Array): string {
  return `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
}
