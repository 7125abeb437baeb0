/** What the library may be told about reaching another machine, besides the options that rsync has too. */
import { usageError } from "../errors.ts";
import type { SshSettings } from "../transport/ssh/ssh-options.ts";

/** The built-in ssh: what is left out comes from `~/.ssh/config`, `/etc/ssh/ssh_config` and the defaults of ssh. */
export interface SshOptions {
  readonly port?: number;
  readonly user?: string;
  /** Files of private keys, tried before those of the configuration. */
  readonly identityFiles?: readonly string[];
  /** Private keys themselves, in any form that ssh-keygen writes; then the usual files are not looked for. */
  readonly privateKeys?: readonly (string | Uint8Array)[];
  /** Socket of an agent in place of the configured one or `SSH_AUTH_SOCK`; false: no agent. */
  readonly agent?: string | false;
  /** Gives the passphrase of an encrypted key, called with its path once the server wants the key; undefined passes it over. */
  readonly passphrase?: (key: string) => Passphrase | Promise<Passphrase>;
  /** Files of known hosts in place of the usual ones. */
  readonly knownHosts?: readonly string[];
  /** `new` takes an unknown host and remembers it; fingerprints (`SHA256:...`) name the keys that are right, whatever is known. */
  readonly accept?: "new" | readonly string[];
  /** The only file of configuration; false: none. */
  readonly config?: string | false;
  /** Keywords of ssh_config with their values, which come before those of files. */
  readonly options?: Readonly<Record<string, string>>;
  /** Seconds between signs of life (30); 0: none. */
  readonly keepAlive?: number;
}

type Passphrase = string | Uint8Array | undefined;

/** Ways to other machines. */
export interface RemoteOptions {
  /** `builtin`, or its options, for the built-in ssh; by default the command of `rsh`, or the system's ssh. */
  readonly ssh?: "system" | "builtin" | SshOptions;
  /** For a daemon that asks for one. */
  readonly password?: string | Uint8Array | (() => string | Uint8Array | Promise<string | Uint8Array>);
  /** `[user:password@]host:port` of a web proxy through which daemons are reached. */
  readonly proxy?: string;
}

const shapes: Readonly<Record<keyof SshOptions, (value: unknown) => boolean>> = {
  port: (value) => Number.isInteger(value) && Number(value) > 0 && Number(value) < 65_536,
  user: isText,
  identityFiles: (value) => Array.isArray(value) && value.every(isText),
  privateKeys: (value) => Array.isArray(value) && value.every((key) => isText(key) || key instanceof Uint8Array),
  agent: (value) => value === false || isText(value),
  passphrase: (value) => typeof value === "function",
  knownHosts: (value) => Array.isArray(value) && value.every(isText),
  accept: (value) => value === "new" || (Array.isArray(value) && value.every(isFingerprint)),
  config: (value) => value === false || isText(value),
  options: (value) => typeof value === "object" && value !== null && Object.values(value).every(isText),
  keepAlive: (value) => Number.isFinite(value) && Number(value) >= 0,
};

/** Looks at the options, for callers whose types nobody checked. */
export function checkRemoteOptions({ ssh, password, proxy }: { readonly [Key in keyof RemoteOptions]: unknown }): void {
  const isPassword = isText(password) || password instanceof Uint8Array || typeof password === "function";
  if (password !== undefined && !isPassword) throw usageError("password: must be a string, a Uint8Array or a function");
  if (proxy !== undefined && !isText(proxy)) throw usageError("proxy: must be a string");
  if (ssh === undefined || ssh === "system" || ssh === "builtin") return;
  if (typeof ssh !== "object" || ssh === null)
    throw usageError("ssh: must be system, builtin, or an object with its options");
  for (const [key, value] of Object.entries(ssh)) {
    if (value === undefined) continue;
    if (!Object.hasOwn(shapes, key)) throw usageError(`ssh.${key}: unknown option`);
    if (!shapes[key as keyof SshOptions](value)) throw usageError(`ssh.${key}: is of the wrong kind`);
  }
}

/** The options in the form that the built-in ssh takes. */
export function sshSettingsOf(options: SshOptions): Partial<SshSettings> {
  const { accept, agent, config } = options;
  return {
    port: options.port,
    user: options.user,
    identityFiles: options.identityFiles ?? [],
    privateKeys: options.privateKeys ?? [],
    agent: agent === false ? "none" : agent,
    knownHosts: options.knownHosts,
    accept: accept === "new" ? ["new"] : [...(accept ?? [])],
    configFile: config === false ? "none" : config,
    overrides: Object.entries(options.options ?? {}).map(([keyword, value]) => `${keyword}=${value}`),
    keepAliveSeconds: options.keepAlive,
  };
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

function isFingerprint(value: unknown): boolean {
  return typeof value === "string" && /^SHA256:[A-Za-z0-9+/]{43}$/.test(value);
}
