/**
 * Looks at the library's options before they are used, for callers whose types nobody checked: no option is ever ignored
 * (a misspelt `delete` would leave files, a text in place of a list would exclude everything), and what is wrong is a
 * `TsyncError` that names the option.
 */
import { type TsyncError, unsupportedError, usageError } from "../errors.ts";
import { optionsByName } from "./option-table.ts";
import type { SyncOptions } from "./sync-options.ts";

/** What a value must be; numbers are looked at where their ranges stand. A list holds the only values allowed. */
type Shape = "boolean" | "name" | "text" | "names" | "rules" | "number" | readonly unknown[];

const shapes = {
  archive: "boolean",
  recursive: "boolean",
  dirs: "boolean",
  oldDirs: "boolean",
  relative: "boolean",
  impliedDirs: "boolean",
  oneFileSystem: [true, false, "all"],
  incRecursive: "boolean",
  pruneEmptyDirs: "boolean",
  copyLinks: "boolean",
  copyUnsafeLinks: "boolean",
  copyDirlinks: "boolean",
  ignoreMissingArgs: "boolean",
  deleteMissingArgs: "boolean",
  filter: "rules",
  exclude: "names",
  include: "names",
  excludeFrom: "names",
  includeFrom: "names",
  perDirectoryFilters: [0, 1, 2],
  cvsExclude: "boolean",
  filesFrom: "name",
  from0: "boolean",
  listOnly: "boolean",
  links: "boolean",
  safeLinks: "boolean",
  mungeLinks: "boolean",
  hardLinks: "boolean",
  perms: "boolean",
  executability: "boolean",
  times: "boolean",
  atimes: "boolean",
  openNoatime: "boolean",
  omitDirTimes: "boolean",
  omitLinkTimes: "boolean",
  owner: "boolean",
  group: "boolean",
  devices: "boolean",
  specials: "boolean",
  copyDevices: "boolean",
  writeDevices: "boolean",
  dropD: "boolean",
  super: "boolean",
  fakeSuper: "boolean",
  acls: "boolean",
  xattrs: [true, false, "all"],
  numericIds: "boolean",
  chmod: "text",
  usermap: "name",
  groupmap: "name",
  chown: "name",
  dryRun: "boolean",
  checksum: "boolean",
  ignoreTimes: "boolean",
  sizeOnly: "boolean",
  update: "boolean",
  existing: "boolean",
  ignoreExisting: "boolean",
  maxSize: "number",
  minSize: "number",
  modifyWindow: "number",
  wholeFile: "boolean",
  blockSize: "number",
  checksumChoice: "text",
  checksumSeed: "number",
  sparse: "boolean",
  inplace: "boolean",
  append: [true, false, "verify"],
  partial: "boolean",
  partialDir: "name",
  delayUpdates: "boolean",
  tempDir: "name",
  backup: "boolean",
  backupDir: "name",
  suffix: "name",
  compareDest: "names",
  copyDest: "names",
  linkDest: "names",
  fuzzy: [true, false, 2],
  mkpath: "boolean",
  keepDirlinks: "boolean",
  insecureLinks: "boolean",
  confineRoot: "name",
  maxAlloc: "number",
  preallocate: "boolean",
  fsync: "boolean",
  iconv: "text",
  writeBatch: "name",
  onlyWriteBatch: "name",
  readBatch: "name",
  bwlimit: "number",
  stopAfter: "number",
  stopAt: "number",
  removeSourceFiles: [true, false, "sent"],
  delete: [true, false, "before", "during", "delay", "after"],
  deleteExcluded: "boolean",
  force: "boolean",
  ignoreErrors: "boolean",
  maxDelete: "number",
  deleteGuard: "number",
  refuseEmptySource: "boolean",
  verify: "boolean",
  reflink: ["auto", "always", "never"],
  rsh: "name",
  rsyncPath: "name",
  remoteOptions: "names",
  secludedArgs: "boolean",
  oldArgs: "boolean",
  trustSender: "boolean",
  stderr: ["errors", "client"],
  ipv4: "boolean",
  ipv6: "boolean",
  protocol: "number",
  timeout: "number",
  contimeout: "number",
  compress: "boolean",
  compressChoice: "text",
  compressLevel: "number",
  compressThreads: "number",
  skipCompress: "text",
  port: "number",
  address: "text",
  sockopts: "text",
  passwordFile: "name",
  earlyInput: "name",
  verbose: "number",
  quiet: "boolean",
  info: "text",
  debug: "text",
  itemizeChanges: [true, false, 2],
  outFormat: "name",
  logFile: "name",
  logFileFormat: "name",
  humanReadable: [0, 1, 2, 3],
  progress: "boolean",
  stats: "boolean",
  blockingIo: "boolean",
} as const satisfies Record<keyof SyncOptions, Shape>;

/** Names of the rules that may stand in `filter` as objects. */
const ruleKeys = ["filter", "exclude", "include", "excludeFrom", "includeFrom"];

/**
 * Makes sure that every option is known and of the right kind. Options that are undefined count as absent.
 * @throws TsyncError usage, or unsupported for an option of rsync that tsync does not have yet
 */
export function checkLibraryOptions(options: object): void {
  for (const [key, value] of Object.entries(options) as [string, unknown][]) {
    if (value === undefined) continue;
    if (!Object.hasOwn(shapes, key)) throw unknownOption(key);
    checkShape(key, value, shapes[key as keyof typeof shapes]);
  }
  const { logFile, ...rest } = options as SyncOptions;
  if (logFile !== undefined && logFile.length > 0) return;
  for (const key of ["logFileFormat", "humanReadable"] as const)
    if (rest[key] !== undefined) throw usageError(`${key}: needs logFile`);
}

/** Makes sure that a value is a name: text or bytes, and none of them NUL, which ends what is handed to the system. */
export function checkName(what: string, value: unknown): void {
  if (!isName(value)) throw usageError(`${what}: must be a string or a Uint8Array`);
  if (typeof value === "string" ? value.includes("\0") : value.includes(0))
    throw usageError(`${what}: must not have a NUL in it`);
}

function checkShape(key: string, value: unknown, shape: Shape): void {
  switch (shape) {
    case "boolean":
      if (typeof value !== "boolean") throw usageError(`${key}: must be true or false`);
      return;
    case "text":
      if (typeof value !== "string") throw usageError(`${key}: must be a string`);
      checkName(key, value);
      return;
    case "name":
      checkName(key, value);
      return;
    case "names":
    case "rules":
      if (!Array.isArray(value)) throw usageError(`${key}: must be an array`);
      for (const [index, item] of (value as unknown[]).entries()) {
        if (shape === "names") checkName(`${key}[${index}]`, item);
        else checkRule(`${key}[${index}]`, item);
      }
      return;
    case "number":
      return;
    default:
      if (!shape.includes(value)) throw usageError(`${key}: must be one of ${shape.map(String).join(", ")}`);
  }
}

function checkRule(what: string, item: unknown): void {
  if (isName(item)) {
    checkName(what, item);
    return;
  }
  const [entry, second] = typeof item === "object" && item !== null ? Object.entries(item) : [];
  if (entry === undefined || second !== undefined || !ruleKeys.includes(entry[0])) {
    throw usageError(`${what}: must be a rule, or an object with one of ${ruleKeys.join(", ")}`);
  }
  checkName(`${what}.${entry[0]}`, entry[1]);
}

function isName(value: unknown): value is string | Uint8Array {
  return typeof value === "string" || value instanceof Uint8Array;
}

function unknownOption(key: string): TsyncError {
  const long = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  const known = optionsByName.get(long);
  if (known?.row.support === "later") return unsupportedError(`This tsync does not support ${key} yet`);
  return usageError(known === undefined ? `${key}: unknown option` : `${key}: not an option of the library`);
}

/** Throws for options of a call that has only these. */
export function checkKeys(caller: string, options: unknown, keys: readonly string[]): void {
  if (typeof options !== "object" || options === null) throw usageError(`${caller}: the options must be an object`);
  for (const key of Object.keys(options))
    if (!keys.includes(key)) throw usageError(`${caller}: ${key}: unknown option`);
}
