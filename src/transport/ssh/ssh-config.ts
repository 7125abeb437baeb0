/**
 * ssh_config for one host (ssh_config(5)): the first value of a keyword counts. What the built-in ssh cannot do for this host is refused by
 * name, so that a connection is never another one than the configuration describes.
 */
import { type TsyncError, unsupportedError, usageError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { gathered, honoured, refusedUnless, withoutEffect } from "./config-keywords.ts";
import { matchesList, matchesPattern } from "./patterns.ts";

/** Where configuration comes from. */
export interface ConfigSources {
  /** `Keyword=value` of the command line, which come first. */
  readonly overrides: readonly string[];
  /** Files in their order, each with the directory that its relative `Include` start from. */
  readonly files: readonly { readonly path: string; readonly directory: string; readonly required: boolean }[];
  /** The text of a file; undefined when there is none. */
  readonly read: (path: string) => string | undefined;
  /** The names in a directory, in any order; empty when there is none. */
  readonly list: (directory: string) => readonly string[];
  readonly home: string;
  readonly localUser: string;
}

/** Values by keyword in lower case, each with its words. */
export interface HostConfig {
  readonly first: ReadonlyMap<string, readonly string[]>;
  readonly all: ReadonlyMap<string, readonly (readonly string[])[]>;
}

/** Reads the configuration for a host as it was named; `user` is the one that was named, if any. */
export function readHostConfig(host: string, user: string | undefined, sources: ConfigSources): HostConfig {
  const reader = new ConfigReader(host, user, sources);
  for (const text of sources.overrides) reader.line(text, "the command line");
  for (const { path, directory, required } of sources.files) {
    const text = sources.read(path);
    if (text === undefined && required) throw usageError(`Can't open user config file ${path}`);
    if (text !== undefined) reader.file(text, path, directory, true, 0);
  }
  return reader.result();
}

class ConfigReader {
  private readonly first = new Map<string, readonly string[]>();
  private readonly all = new Map<string, (readonly string[])[]>();
  private readonly host: string;
  private readonly user: string | undefined;
  private readonly sources: ConfigSources;
  private ignored: readonly string[] = [];
  private active = true;

  constructor(host: string, user: string | undefined, sources: ConfigSources) {
    this.host = host;
    this.user = user;
    this.sources = sources;
  }

  file(text: string, path: string, directory: string, reached: boolean, depth: number): void {
    if (depth > limits.sshConfigDepth) throw usageError(`${path}: too many levels of Include`);
    this.active = reached;
    for (const [index, line] of text.split("\n").entries()) {
      const where = `${path} line ${index + 1}`;
      const [keyword = "", ...values] = splitLine(line, where);
      if (keyword === "") continue;
      if (keyword === "host") this.active = reached && matchesList(this.host, values);
      else if (keyword === "match") this.active = reached && this.matches(values, where);
      else if (keyword === "include") {
        const outer = this.active;
        for (const pattern of values) {
          for (const name of this.included(pattern, directory)) {
            const inner = this.sources.read(name);
            if (inner !== undefined) this.file(inner, name, directory, outer, depth + 1);
          }
        }
        this.active = outer;
      } else this.set(keyword, values, where);
    }
  }

  line(text: string, where: string): void {
    const [keyword = "", ...values] = splitLine(text, where);
    if (["host", "match", "include"].includes(keyword)) throw usageError(`${where}: ${keyword} is for files`);
    this.set(keyword, values, where);
  }

  result(): HostConfig {
    for (const [keyword, [value = ""]] of this.first) {
      if (keyword === "preferredauthentications" && !value.split(",").includes("publickey"))
        throw this.refusal(keyword);
      const harmless = refusedUnless.get(keyword);
      if (harmless === undefined) continue;
      const words = this.first.get(keyword)?.join(" ") ?? "";
      if (words.toLowerCase() !== harmless && value.toLowerCase() !== harmless) throw this.refusal(keyword);
    }
    return { first: this.first, all: this.all };
  }

  private set(keyword: string, values: readonly string[], where: string): void {
    if (keyword === "ignoreunknown") {
      if (this.active) this.ignored = values.flatMap((value) => value.toLowerCase().split(","));
      return;
    }
    const isKnown =
      honoured.has(keyword) || gathered.has(keyword) || withoutEffect.has(keyword) || refusedUnless.has(keyword);
    if (!isKnown) {
      if (matchesList(keyword, this.ignored)) return;
      throw usageError(`${where}: Bad configuration option: ${keyword}`);
    }
    if (values.length === 0) throw usageError(`${where}: no argument after keyword "${keyword}"`);
    if (!this.active) return;
    if (gathered.has(keyword)) this.all.set(keyword, [...(this.all.get(keyword) ?? []), values]);
    else if (!withoutEffect.has(keyword) && !this.first.has(keyword)) this.first.set(keyword, values);
  }

  private refusal(keyword: string): TsyncError {
    return unsupportedError(
      `This tsync does not support ${keyword} of the ssh configuration for ${this.host} with --ssh=builtin`,
    );
  }

  /** The criteria of `Match`; those that cannot be looked at are refused unless another one fails anyway. */
  private matches(words: readonly string[], where: string): boolean {
    let unknown: string | undefined;
    let result = true;
    for (let at = 0; at < words.length; at++) {
      const word = words[at] ?? "";
      const negated = word.startsWith("!");
      const name = word.slice(negated ? 1 : 0).toLowerCase();
      if (name === "all") {
        if (words.length !== 1) throw usageError(`${where}: 'all' cannot be combined with other Match attributes`);
        return !negated;
      }
      if (name === "canonical" || name === "final") {
        // There is no second pass, which is the only one in which these are true.
        if (name === "final" && !negated) unknown = name;
        else if (name === "canonical") result &&= negated;
        continue;
      }
      const value = words[++at];
      if (value === undefined) throw usageError(`${where}: Missing Match criteria for ${name}`);
      const subject = this.subjectOf(name);
      if (subject === undefined) unknown ??= name;
      else if (matchesList(subject, value.split(",")) === negated) result = false;
    }
    if (result && unknown !== undefined) throw this.refusal(`Match ${unknown}`);
    return result;
  }

  private subjectOf(criterion: string): string | undefined {
    const { first, host, user, sources } = this;
    switch (criterion) {
      case "host":
        return expandHostName(first.get("hostname")?.[0], host);
      case "originalhost":
        return host;
      case "user":
        return user ?? first.get("user")?.[0] ?? sources.localUser;
      case "localuser":
        return sources.localUser;
      default:
        return undefined;
    }
  }

  private included(pattern: string, directory: string): string[] {
    const { home } = this.sources;
    const tilde = pattern.startsWith("~/") ? `${home}${pattern.slice(1)}` : pattern;
    const absolute = tilde.startsWith("/") ? tilde : `${directory}/${tilde}`;
    if (!/[*?[]/.test(absolute)) return [absolute];
    let paths = [""];
    for (const part of absolute.split("/").slice(1)) {
      if (!/[*?]/.test(part)) paths = paths.map((path) => `${path}/${part}`);
      else paths = paths.flatMap((path) => this.namesIn(path || "/", part).map((name) => `${path}/${name}`));
    }
    return paths;
  }

  private namesIn(directory: string, pattern: string): string[] {
    const fits = (name: string) => matchesPattern(name, pattern) && (!name.startsWith(".") || pattern.startsWith("."));
    return this.sources.list(directory).filter(fits).sort();
  }
}

/** `HostName`, in which `%h` is the host as it was named. */
export function expandHostName(name: string | undefined, host: string): string {
  return name === undefined ? host : name.replace(/%([%h])/g, (_all, letter: string) => (letter === "h" ? host : "%"));
}

/** Keyword in lower case and values of a line; quotes hold words together, `=` may stand behind the keyword. */
function splitLine(line: string, where: string): string[] {
  const match = /^\s*([^\s="#]+)(?:\s*=\s*|\s+|$)(.*)$/s.exec(line.replace(/[\r\n\f]+$/, ""));
  if (match === null) return [];
  const words: string[] = [];
  const [, keyword = "", rest = ""] = match;
  let word: string | undefined;
  let quote = "";
  for (let at = 0; at < rest.length; at++) {
    const char = rest.charAt(at);
    if (char === "\\" && /["'\\]/.test(rest.charAt(at + 1))) word = (word ?? "") + rest.charAt(++at);
    else if (quote !== "") {
      if (char === quote) quote = "";
      else word = (word ?? "") + char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= "";
    } else if (char === " " || char === "\t") {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (char === "#" && word === undefined) break;
    else word = (word ?? "") + char;
  }
  if (quote !== "") throw usageError(`${where}: unbalanced quotes`);
  if (word !== undefined) words.push(word);
  return [keyword.toLowerCase(), ...words];
}
