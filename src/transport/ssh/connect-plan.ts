/** What configuration and options say together about one connection of the built-in ssh. */
import { readdirSync } from "node:fs";
import { hostname, userInfo } from "node:os";
import { unsupportedError, usageError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { matchesList } from "./patterns.ts";
import { type KeyFile, parseKeyFile, publicLine, readKeyFile } from "./private-key.ts";
import { readSmallFile } from "./small-file.ts";
import { expandHostName, type HostConfig, readHostConfig } from "./ssh-config.ts";
import type { SshSettings } from "./ssh-options.ts";
import { portOf } from "./ssh-words.ts";

/** Everything that is known before the connection is made. */
export interface ConnectPlan {
  /** As it was named. */
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly family: 4 | 6 | undefined;
  readonly localAddress: string | undefined;
  readonly keys: readonly KeyFile[];
  /** Public halves without a private one here: keys of the agent. */
  readonly publicKeys: readonly Buffer[];
  readonly agent: string | undefined;
  readonly onlyFiles: boolean;
  readonly asksPassphrase: boolean;
  readonly knownHostsFiles: readonly string[];
  readonly globalKnownHostsFiles: readonly string[];
  readonly hostKeyAlias: string | undefined;
  readonly hashesNames: boolean;
  readonly accept: readonly string[];
  /** 0: none. */
  readonly connectTimeoutSeconds: number;
  readonly keepAliveSeconds: number;
  readonly keepAliveCount: number;
  /** Variables for the other side. */
  readonly environment: Readonly<Record<string, string>>;
}

/** What ssh(1) finds out about who calls it. */
export interface Caller {
  readonly home: string;
  readonly user: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Hears why a key is not used. */
  readonly onWarning: (text: string) => void;
}

/** Seconds between signs of life, and how many of them may stay without an answer. */
const keepAliveDefault = { seconds: 30, count: 4 };
const defaultKeys = ["id_rsa", "id_ecdsa", "id_ed25519"];

/** The caller of this process; its home is that of the user data base, as for ssh. */
export function currentCaller(onWarning: (text: string) => void): Caller {
  const { homedir, username } = userInfo();
  return { home: homedir, user: username, variables: process.env, onWarning };
}

/** @throws TsyncError usage for a configuration that is wrong, unsupported for one that cannot be honoured */
export function planConnection(name: string, settings: SshSettings, caller: Caller): ConnectPlan {
  const own = `${caller.home}/.ssh`;
  const { configFile } = settings;
  const files =
    configFile === undefined
      ? [
          { path: `${own}/config`, directory: own, required: false },
          { path: "/etc/ssh/ssh_config", directory: "/etc/ssh", required: false },
        ]
      : configFile === "none"
        ? []
        : [{ path: configFile, directory: own, required: true }];
  const config = readHostConfig(name, settings.user, {
    overrides: settings.overrides,
    files,
    read: (path) => readSmallFile(path)?.toString("latin1"),
    list: namesIn,
    home: caller.home,
    localUser: caller.user,
  });
  const values = new Values(config);
  const host = expandHostName(values.text("hostname"), name);
  if (host === "" || host.startsWith("-")) throw usageError(`Invalid remote host: ${host}`);
  const configuredPort = values.text("port");
  const port = settings.port ?? (configuredPort === undefined ? 22 : portOf(configuredPort));
  const user = settings.user ?? values.text("user") ?? caller.user;
  const expand = (text: string): string => expandPath(text, { caller, host, name, port, user });
  const named = [
    ...settings.identityFiles.map((path) => ({ path, given: true })),
    ...values.every("identityfile").map(([path = ""]) => ({ path, given: true })),
  ].filter(({ path }) => path.toLowerCase() !== "none");
  const usesDefaults =
    named.length === 0 && settings.privateKeys.length === 0 && values.every("identityfile").length === 0;
  const paths = usesDefaults ? defaultKeys.map((key) => ({ path: `${own}/${key}`, given: false })) : named;
  const { keys, publicKeys } = readKeys(
    paths.map(({ path, given }) => ({ path: expand(path), given })),
    caller,
  );
  const agent = settings.agent ?? values.text("identityagent") ?? "SSH_AUTH_SOCK";
  return {
    name,
    host,
    port,
    user,
    family: settings.family ?? familyOf(values.text("addressfamily")),
    localAddress: values.text("bindaddress"),
    keys: [...settings.privateKeys.map(givenKey), ...keys],
    publicKeys,
    agent: agentOf(agent, expand, caller),
    onlyFiles: values.flag("identitiesonly", false),
    asksPassphrase: !values.flag("batchmode", false),
    knownHostsFiles: (
      settings.knownHosts ??
      values.words("userknownhostsfile") ?? [`${own}/known_hosts`, `${own}/known_hosts2`]
    )
      .filter((path) => path !== "none")
      .map(expand),
    globalKnownHostsFiles:
      settings.knownHosts === undefined
        ? (values.words("globalknownhostsfile") ?? ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"]).filter(
            (path) => path !== "none",
          )
        : [],
    hostKeyAlias: values.text("hostkeyalias"),
    hashesNames: values.flag("hashknownhosts", false),
    accept: [...settings.accept, ...checkedStrictness(values.text("stricthostkeychecking"), name)],
    connectTimeoutSeconds: timerSeconds(settings.connectTimeoutSeconds ?? secondsOf(values.text("connecttimeout"), 0)),
    keepAliveSeconds: timerSeconds(
      settings.keepAliveSeconds ?? secondsOf(values.text("serveraliveinterval"), keepAliveDefault.seconds),
    ),
    keepAliveCount: Math.max(1, secondsOf(values.text("serveralivecountmax"), keepAliveDefault.count)),
    environment: environmentOf(values, caller),
  };
}

/** Values of the configuration in the forms that are needed. */
class Values {
  private readonly config: HostConfig;

  constructor(config: HostConfig) {
    this.config = config;
  }

  words(keyword: string): readonly string[] | undefined {
    return this.config.first.get(keyword);
  }

  text(keyword: string): string | undefined {
    return this.words(keyword)?.[0];
  }

  every(keyword: string): readonly (readonly string[])[] {
    return this.config.all.get(keyword) ?? [];
  }

  flag(keyword: string, otherwise: boolean): boolean {
    const text = this.text(keyword)?.toLowerCase();
    if (text === undefined) return otherwise;
    if (text === "yes" || text === "true") return true;
    if (text === "no" || text === "false") return false;
    throw usageError(`unsupported option "${text}" for ${keyword} in the ssh configuration`);
  }
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory, "latin1");
  } catch {
    return [];
  }
}

function readKeys(
  paths: readonly { readonly path: string; readonly given: boolean }[],
  { onWarning }: Caller,
): { readonly keys: readonly KeyFile[]; readonly publicKeys: readonly Buffer[] } {
  const keys: KeyFile[] = [];
  const publicKeys: Buffer[] = [];
  for (const { path, given } of paths) {
    const key = readKeyFile(path);
    const isPublic = typeof key === "string" || key === undefined;
    // Only the public half may be here, and the other one in the agent.
    const half = isPublic
      ? publicLine(readSmallFile(key === undefined ? `${path}.pub` : path)?.toString("latin1") ?? "")
      : undefined;
    if (half !== undefined) publicKeys.push(half);
    else if (typeof key === "string") onWarning(key);
    else if (key !== undefined) keys.push(key);
    else if (given) onWarning(`Warning: Identity file ${path} not accessible: No such file or directory.`);
  }
  return { keys, publicKeys };
}

function givenKey(content: string | Uint8Array, index: number): KeyFile {
  const key = parseKeyFile(`privateKeys[${index}]`, Buffer.from(content));
  if (typeof key === "string") throw usageError(key);
  return key;
}

/** `no` would take any key, which the built-in ssh never does. */
function checkedStrictness(text: string | undefined, name: string): readonly string[] {
  switch (text?.toLowerCase()) {
    case undefined:
    case "yes":
    case "true":
    case "ask":
      return [];
    case "accept-new":
      return ["new"];
    default:
      throw unsupportedError(
        `This tsync does not support StrictHostKeyChecking ${text} for ${name} with --ssh=builtin: use accept-new, or --ssh-accept`,
      );
  }
}

function familyOf(text: string | undefined): 4 | 6 | undefined {
  const family = text?.toLowerCase();
  return family === "inet" ? 4 : family === "inet6" ? 6 : undefined;
}

const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** What a timer can take. */
function timerSeconds(seconds: number): number {
  return Math.min(seconds, Math.floor(limits.timerMilliseconds / 1000));
}

/** Times such as `90`, `1m30s`; `none` is 0. */
function secondsOf(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (text.toLowerCase() === "none") return 0;
  if (!/^(?:\d+[smhdw]?)+$/i.test(text)) throw usageError(`invalid time value in the ssh configuration: ${text}`);
  const parts = [...text.matchAll(/(\d+)([smhdw]?)/gi)];
  return parts.reduce((sum, [, count, unit = ""]) => sum + Number(count) * (units[unit.toLowerCase() || "s"] ?? 1), 0);
}

function agentOf(text: string, expand: (path: string) => string, { variables }: Caller): string | undefined {
  if (text.toLowerCase() === "none") return undefined;
  const path =
    text === "SSH_AUTH_SOCK" ? variables.SSH_AUTH_SOCK : text.startsWith("$") ? variables[text.slice(1)] : expand(text);
  return path === undefined || path === "" ? undefined : path;
}

function environmentOf(values: Values, { variables }: Caller): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const words of values.every("sendenv")) {
    for (const word of words) {
      for (const name of Object.keys(variables)) {
        if (word.startsWith("-") ? matchesList(name, [word.slice(1)]) : false) delete environment[name];
        else if (!word.startsWith("-") && matchesList(name, [word])) environment[name] = variables[name] ?? "";
      }
    }
  }
  for (const words of values.every("setenv").slice(0, 1)) {
    for (const word of words) {
      const equals = word.indexOf("=");
      if (equals < 1) throw usageError(`Invalid SetEnv in the ssh configuration: ${word}`);
      environment[word.slice(0, equals)] ??= word.slice(equals + 1);
    }
  }
  return environment;
}

/** `~` and the `%` letters of paths; `${NAME}` is a variable. */
function expandPath(
  text: string,
  about: {
    readonly caller: Caller;
    readonly host: string;
    readonly name: string;
    readonly port: number;
    readonly user: string;
  },
): string {
  const { caller, host, name, port, user } = about;
  const tilde = text === "~" || text.startsWith("~/") ? `${caller.home}${text.slice(1)}` : text;
  const letters: Readonly<Record<string, string>> = {
    "%": "%",
    d: caller.home,
    h: host,
    n: name,
    p: String(port),
    r: user,
    u: caller.user,
    i: String(process.getuid?.() ?? 0),
    l: hostname(),
    L: hostname().split(".")[0] ?? "",
  };
  return tilde.replace(/%(.)|\$\{(\w+)\}/g, (all, letter: string | undefined, variable: string | undefined) => {
    const value = letter === undefined ? caller.variables[variable ?? ""] : letters[letter];
    if (value === undefined) throw usageError(`cannot expand ${all} of ${text} in the ssh configuration`);
    return value;
  });
}
