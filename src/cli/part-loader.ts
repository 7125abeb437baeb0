/**
 * Loads the parts of the bundled command, each with the code that V8 made of it in an earlier run. Node's own compile cache keeps what is
 * compiled when a file is loaded, and that is hardly more than a list of its functions: each of those was compiled again in each run
 * (docs/decisions/004). What is kept lies beside the bundle, where who can write could as well change the program.
 */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { pathToFileURL } from "node:url";
import { Script } from "node:vm";

/** What a part is made of (scripts/parts.ts): gets the other parts, gives what it exports. */
type Part = (load: (name: string) => unknown, url: string) => unknown;

interface LoadedPart {
  readonly name: string;
  readonly script: Script;
  /** Its code was not there, or is of another V8. */
  readonly isNew: boolean;
}

export class PartLoader {
  private readonly folder: string;
  private readonly cacheFolder: string;
  private readonly url: string;
  private readonly exports = new Map<string, unknown>();
  private readonly parts: LoadedPart[] = [];

  /** `file` is the program; each `kind` of run has compiled code of its own, as much as it needs. */
  constructor(file: string, kind: string) {
    const dist = file.slice(0, file.lastIndexOf("/"));
    this.folder = `${dist}/command`;
    this.cacheFolder = `${dist}/compile-cache/${process.version}-${process.arch}-${kind}`;
    this.url = pathToFileURL(file).href;
  }

  /** What the part exports; it is run when it is asked for first. */
  readonly load = (name: string): unknown => {
    const known = this.exports.get(name);
    if (known !== undefined) return known;
    const filename = `${this.folder}/${name}`;
    // All of it is ASCII: that is read fastest.
    const source = readFileSync(filename, "latin1");
    const cachedData = this.compiled(name);
    const script = new Script(source, { filename, ...(cachedData === undefined ? {} : { cachedData }) });
    this.parts.push({ name, script, isNew: cachedData === undefined || script.cachedDataRejected === true });
    const loaded = (script.runInThisContext() as Part)(this.load, this.url);
    this.exports.set(name, loaded);
    return loaded;
  };

  /** Keeps what was compiled in this run where nothing was kept, or of `all` parts; without a word where it may not be written. */
  keepCompiled(all: boolean): void {
    const parts = this.parts.filter(({ isNew }) => isNew || all);
    if (parts.length === 0) return;
    try {
      mkdirSync(this.cacheFolder, { recursive: true, mode: 0o755 });
      for (const { name, script } of parts) {
        const path = `${this.cacheFolder}/${name}`;
        if (all || !isFresh(path)) writeWhole(path, script.createCachedData());
      }
    } catch {
      // An installation of somebody else, a read-only store, a full disk: it is compiled each time.
    }
  }

  private compiled(name: string): Buffer | undefined {
    try {
      return readFileSync(`${this.cacheFolder}/${name}`);
    } catch {
      return undefined;
    }
  }
}

/** Whether V8 has refused what was kept a short while ago: runs with other options of V8 take turns, and replacing it each time would cost more. */
function isFresh(path: string): boolean {
  const hourMilliseconds = 3_600_000;
  const kept = statSync(path, { throwIfNoEntry: false });
  return kept !== undefined && Date.now() - kept.mtimeMs < hourMilliseconds;
}

/** No other run, and none after a crash of the machine, sees a part of the file. */
function writeWhole(path: string, bytes: Uint8Array): void {
  const temporary = `${path}.${process.pid}`;
  const descriptor = openSync(temporary, "wx", 0o644);
  try {
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
  } catch (error) {
    unlinkSync(temporary);
    throw error;
  }
}
