/**
 * What was asked for, before defaults and interplay: the common ground of the command line (`parse-arguments`) and of
 * the library (`library-options`). `normalize` turns it into `TransferOptions`. Undefined means: not mentioned.
 */
import type { ByteName } from "../bytes/byte-name.ts";
import { usageError } from "../errors.ts";
import type { DeleteGuardLimit } from "./delete-guard.ts";
import type { FlagLevels } from "./info-flags.ts";
import type { StopTime } from "./stop-time.ts";
import type { AlternateDirectories, DebugFlag, FilterArgument, InfoFlag, ModeChange } from "./transfer-options.ts";

/** What a parsed option asks for instead of a run. */
export type Request = "help" | "usage" | "info-help" | "debug-help";

/** Mutable while options are collected; owned by one parse. */
export interface Settings {
  // the command itself
  request: Request | undefined;
  /** How often `--version` came. */
  version: number;
  server: boolean;
  /** Of a server: it has the source. */
  sender: boolean;
  daemon: boolean;
  daemonOption: boolean;
  /** How often `--old-args` came. */
  oldArguments: number | undefined;
  secludedArguments: boolean | undefined;
  /** Options that cannot be honoured yet: key to the name that the refusal shows. */
  readonly unsupported: Map<string, string>;
  /** Options that only a connection to a daemon may have. */
  readonly daemonOnly: Set<"password-file" | "contimeout">;

  // a daemon
  port: number;
  address: ByteName | undefined;
  socketOptions: ByteName | undefined;
  /** 0: no limit. */
  connectTimeoutSeconds: number;
  passwordFile: ByteName | undefined;
  earlyInput: ByteName | undefined;
  showsGreeting: boolean;

  // the other side
  /** Command of the remote shell; what a server gets instead are the client's capabilities (1-session 2.3). */
  remoteShell: ByteName | undefined;
  /** Program that the remote shell calls. */
  remoteProgram: ByteName | undefined;
  readonly remoteOptions: ByteName[];
  trustSender: boolean;
  internetProtocol: 4 | 6 | undefined;
  /** Highest protocol that is offered. */
  protocol: number | undefined;
  timeoutSeconds: number;
  maxAlloc: { readonly text: ByteName; readonly bytes: number } | undefined;
  /** How often `-z` came. */
  compress: number;
  compressChoice: ByteName | undefined;
  compressLevel: number | undefined;
  compressThreads: number;
  skipCompress: ByteName | undefined;
  /** Where messages of class error of a server go. */
  standardError: "errors" | "all" | "client";

  // text
  verbose: number;
  quiet: boolean;
  readonly info: FlagLevels<InfoFlag>;
  readonly debug: FlagLevels<DebugFlag>;
  itemize: number;
  outFormat: ByteName | undefined;
  logFile: ByteName | undefined;
  logFileFormat: ByteName | undefined;
  humanReadable: number;
  progress: boolean;
  eightBitOutput: boolean;
  outputBuffering: ByteName | undefined;
  listOnly: boolean;
  stats: boolean;

  // selection
  /** `archive`: only implied by `-a`, which `--files-from` cancels. */
  recursive: boolean | "archive";
  /** `old`: by recursion that looks into no directory but the first (`--old-dirs`). */
  directories: boolean | "old" | undefined;
  relative: boolean | undefined;
  impliedDirectories: boolean;
  oneFileSystem: number;
  allowIncremental: boolean;
  readonly filters: FilterArgument[];
  /** How often `-F` came. */
  perDirectoryFilters: number;
  cvsExclude: boolean;
  nulTerminated: boolean;
  filesFrom: ByteName | undefined;
  pruneEmptyDirectories: boolean;
  copyLinks: boolean;
  copyUnsafeLinks: boolean;
  copyDirectoryLinks: boolean;
  ignoreMissingArguments: boolean;
  deleteMissingArguments: boolean;

  // what is preserved
  links: boolean;
  safeLinks: boolean;
  mungeLinks: boolean;
  /** How often `-H` came; more than once is only for the other side to know. */
  hardLinks: number;
  permissions: boolean;
  executability: boolean;
  times: boolean;
  /** How often `-U` came; the second sets `openNoAtime`. */
  atimes: number;
  openNoAtime: boolean;
  omitDirectoryTimes: boolean;
  omitLinkTimes: boolean;
  owner: boolean;
  group: boolean;
  devices: boolean;
  specials: boolean;
  copyDevices: boolean;
  writeDevices: boolean;
  dropDevices: boolean;
  /** `--super`, `--no-super`; undefined: as who runs it. */
  superUser: boolean | undefined;
  fakeSuper: boolean;
  acls: boolean;
  xattrs: number;
  numericIds: boolean;
  readonly chmod: ModeChange[];
  userMap: IdMapSetting | undefined;
  groupMap: IdMapSetting | undefined;

  // how it is decided and written
  dryRun: boolean;
  checksum: boolean;
  ignoreTimes: boolean;
  sizeOnly: boolean;
  update: boolean;
  existing: boolean;
  ignoreExisting: boolean;
  maxSize: number | undefined;
  minSize: number | undefined;
  modifyWindow: number | undefined;
  wholeFile: boolean | undefined;
  blockSize: number;
  checksumChoice: ByteName | undefined;
  checksumSeed: number;
  sparse: boolean;
  inplace: boolean;
  partial: boolean;
  partialDirectory: ByteName | undefined;
  /** `--iconv`: the character sets of both sides, with a comma between them if they differ. */
  iconv: ByteName | undefined;
  delayUpdates: boolean;
  backup: boolean;
  backupDirectory: ByteName | undefined;
  backupSuffix: ByteName | undefined;
  alternates: AlternateDirectories | undefined;
  fuzzy: number;
  makePath: boolean;
  keepDirectoryLinks: boolean;
  insecureLinks: boolean;
  confineRoot: ByteName | undefined;
  copyAs: ByteName | undefined;
  tempDirectory: ByteName | undefined;
  /** 2: the old part is verified. */
  append: number;
  readBatch: ByteName | undefined;
  writeBatch: ByteName | undefined;
  /** The batch is all that is written. */
  onlyBatch: boolean;
  /** How often `--append` came. */
  appends: number;
  preallocate: boolean;
  fsync: boolean;

  /** Bytes a second, 0 for no limit. */
  bandwidthLimit: number;
  /** Minutes from now, a point in time as given, or a moment in seconds since 1970. */
  stop: number | StopTime | { readonly moment: number } | undefined;

  // deletion
  removeSource: "no" | "sent" | "all";
  delete: boolean;
  deleteBefore: boolean;
  deleteDuring: "during" | "delay" | undefined;
  deleteAfter: boolean;
  deleteExcluded: boolean;
  force: boolean;
  ignoreErrors: boolean;
  maxDelete: number | undefined;

  // what rsync does not have
  deleteGuard: DeleteGuardLimit | undefined;
  refuseEmptySource: boolean;
  json: boolean;
  verify: boolean;
  ssh: "system" | "builtin";
  /** `new`, or the fingerprint of a key. */
  sshAccept: ByteName | undefined;
  reflink: "auto" | "always" | "never";
}

/** The text of an id map and the option that it came from. */
export interface IdMapSetting {
  readonly text: ByteName;
  readonly source: "map" | "chown";
  /** There is nothing to map: at a server whose client sends no such ids. */
  readonly isIdle: boolean;
}

/** Settings as they are before the first option. */
export function emptySettings(): Settings {
  return {
    request: undefined,
    version: 0,
    server: false,
    sender: false,
    daemon: false,
    daemonOption: false,
    oldArguments: undefined,
    secludedArguments: undefined,
    unsupported: new Map(),
    daemonOnly: new Set(),
    port: 0,
    address: undefined,
    socketOptions: undefined,
    connectTimeoutSeconds: 0,
    passwordFile: undefined,
    earlyInput: undefined,
    showsGreeting: true,
    remoteShell: undefined,
    remoteProgram: undefined,
    remoteOptions: [],
    trustSender: false,
    internetProtocol: undefined,
    protocol: undefined,
    timeoutSeconds: 0,
    maxAlloc: undefined,
    compress: 0,
    compressChoice: undefined,
    compressLevel: undefined,
    compressThreads: 0,
    skipCompress: undefined,
    standardError: "errors",
    verbose: 0,
    quiet: false,
    info: new Map(),
    debug: new Map(),
    itemize: 0,
    outFormat: undefined,
    logFile: undefined,
    logFileFormat: undefined,
    humanReadable: 1,
    progress: false,
    eightBitOutput: false,
    outputBuffering: undefined,
    listOnly: false,
    stats: false,
    recursive: false,
    directories: undefined,
    relative: undefined,
    impliedDirectories: true,
    oneFileSystem: 0,
    allowIncremental: true,
    filters: [],
    perDirectoryFilters: 0,
    cvsExclude: false,
    nulTerminated: false,
    filesFrom: undefined,
    pruneEmptyDirectories: false,
    copyLinks: false,
    copyUnsafeLinks: false,
    copyDirectoryLinks: false,
    ignoreMissingArguments: false,
    deleteMissingArguments: false,
    links: false,
    safeLinks: false,
    mungeLinks: false,
    hardLinks: 0,
    permissions: false,
    executability: false,
    times: false,
    atimes: 0,
    openNoAtime: false,
    omitDirectoryTimes: false,
    omitLinkTimes: false,
    owner: false,
    group: false,
    devices: false,
    specials: false,
    copyDevices: false,
    writeDevices: false,
    dropDevices: false,
    superUser: undefined,
    fakeSuper: false,
    acls: false,
    xattrs: 0,
    numericIds: false,
    chmod: [],
    userMap: undefined,
    groupMap: undefined,
    dryRun: false,
    checksum: false,
    ignoreTimes: false,
    sizeOnly: false,
    update: false,
    existing: false,
    ignoreExisting: false,
    maxSize: undefined,
    minSize: undefined,
    modifyWindow: undefined,
    wholeFile: undefined,
    blockSize: 0,
    checksumChoice: undefined,
    checksumSeed: 0,
    sparse: false,
    inplace: false,
    partial: false,
    partialDirectory: undefined,
    iconv: undefined,
    delayUpdates: false,
    backup: false,
    backupDirectory: undefined,
    backupSuffix: undefined,
    alternates: undefined,
    fuzzy: 0,
    makePath: false,
    keepDirectoryLinks: false,
    insecureLinks: false,
    confineRoot: undefined,
    copyAs: undefined,
    tempDirectory: undefined,
    append: 0,
    readBatch: undefined,
    writeBatch: undefined,
    onlyBatch: false,
    appends: 0,
    preallocate: false,
    fsync: false,
    bandwidthLimit: 0,
    stop: undefined,
    removeSource: "no",
    delete: false,
    deleteBefore: false,
    deleteDuring: undefined,
    deleteAfter: false,
    deleteExcluded: false,
    force: false,
    ignoreErrors: false,
    maxDelete: undefined,
    deleteGuard: undefined,
    refuseEmptySource: false,
    json: false,
    verify: false,
    ssh: "system",
    sshAccept: undefined,
    reflink: "auto",
  };
}

/** Appends a filter option as given at this place of the command line; a rule file without a name is no rule file. */
export function addFilter(settings: Settings, kind: FilterArgument["kind"], text: ByteName): void {
  if (text === "" && (kind === "exclude-from" || kind === "include-from")) return;
  settings.filters.push({
    kind,
    text,
    beforeLog: settings.logFile === undefined,
    nulTerminated: settings.nulTerminated,
    beforeDeleteExcluded: !settings.deleteExcluded,
    protocol: settings.protocol,
  });
}

/** Most directories that `--compare-dest` and its relatives may name. */
const alternatesMax = 20;

/** Adds a directory of `--compare-dest`, `--copy-dest` or `--link-dest`, which exclude each other. */
export function addAlternate(settings: Settings, kind: AlternateDirectories["kind"], directory: ByteName): void {
  const given = settings.alternates;
  if (given !== undefined && given.kind !== kind) {
    throw usageError(`rsync: ERROR: the --${kind}-dest option conflicts with the --${given.kind}-dest option`);
  }
  const directories = given?.directories ?? [];
  if (directories.length === alternatesMax) {
    throw usageError(`rsync: ERROR: at most ${alternatesMax} --${kind}-dest args may be specified`);
  }
  settings.alternates = { kind, directories: [...directories, directory] };
}
