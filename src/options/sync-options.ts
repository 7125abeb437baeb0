/** The typed options of the public library. `library-options` says what they mean, `check-library-options` what they may be. */

/** A name, pattern or other text: ordinary text (its UTF-8 bytes count), or the bytes themselves. */
export type NameLike = string | Uint8Array;

/** One filter option; the order of an array is the order of evaluation. */
export type FilterOption =
  | { readonly filter: NameLike }
  | { readonly exclude: NameLike }
  | { readonly include: NameLike }
  | { readonly excludeFrom: NameLike }
  | { readonly includeFrom: NameLike };

/** Options of `sync()`. Each is named after the option of the command line and false or absent by default. */
export interface SyncOptions {
  // selection
  /** `-a`: recursive, links, perms, times, group, owner, devices and specials, unless these say otherwise. */
  readonly archive?: boolean;
  readonly recursive?: boolean;
  readonly dirs?: boolean;
  /** `recursive` that looks into no directory but the first. */
  readonly oldDirs?: boolean;
  readonly relative?: boolean;
  /** Default true. */
  readonly impliedDirs?: boolean;
  /** `all` is `-xx`: directories on other file systems are not even made. */
  readonly oneFileSystem?: boolean | "all";
  /** Default true. */
  readonly incRecursive?: boolean;
  readonly pruneEmptyDirs?: boolean;
  readonly copyLinks?: boolean;
  readonly copyUnsafeLinks?: boolean;
  readonly copyDirlinks?: boolean;
  readonly ignoreMissingArgs?: boolean;
  readonly deleteMissingArgs?: boolean;
  /** Rules in order: a string is a rule in the syntax of `--filter`. They come before `exclude` and `include`. */
  readonly filter?: readonly (NameLike | FilterOption)[];
  /** Patterns, after `filter` and before `include`. */
  readonly exclude?: readonly NameLike[];
  readonly include?: readonly NameLike[];
  readonly excludeFrom?: readonly NameLike[];
  readonly includeFrom?: readonly NameLike[];
  /** `-F` once or twice; before all other rules. */
  readonly perDirectoryFilters?: 0 | 1 | 2;
  readonly cvsExclude?: boolean;
  readonly filesFrom?: NameLike;
  readonly from0?: boolean;
  readonly listOnly?: boolean;

  // what is preserved
  readonly links?: boolean;
  readonly safeLinks?: boolean;
  readonly mungeLinks?: boolean;
  readonly hardLinks?: boolean;
  readonly perms?: boolean;
  readonly executability?: boolean;
  readonly times?: boolean;
  readonly atimes?: boolean;
  readonly openNoatime?: boolean;
  readonly omitDirTimes?: boolean;
  readonly omitLinkTimes?: boolean;
  readonly owner?: boolean;
  readonly group?: boolean;
  readonly devices?: boolean;
  readonly specials?: boolean;
  readonly copyDevices?: boolean;
  /** Writes the data of files into devices that stand in their places; implies `inplace`. */
  readonly writeDevices?: boolean;
  /** Makes no devices and special files, whatever else is said. */
  readonly dropD?: boolean;
  /** Try what only root may do; not given: if run by root. */
  readonly super?: boolean;
  /** Keeps what only root may set in extended attributes, and reads it from those of the source. */
  readonly fakeSuper?: boolean;
  /** Implies `perms` unless that is given. */
  readonly acls?: boolean;
  /** `all` is `-XX`. */
  readonly xattrs?: boolean | "all";
  readonly numericIds?: boolean;
  readonly chmod?: string;
  readonly usermap?: NameLike;
  readonly groupmap?: NameLike;
  readonly chown?: NameLike;

  // how it is decided and written
  readonly dryRun?: boolean;
  readonly checksum?: boolean;
  readonly ignoreTimes?: boolean;
  readonly sizeOnly?: boolean;
  readonly update?: boolean;
  readonly existing?: boolean;
  readonly ignoreExisting?: boolean;
  /** Bytes. */
  readonly maxSize?: number;
  readonly minSize?: number;
  /** Whole seconds; -1 compares nanoseconds. */
  readonly modifyWindow?: number;
  /** Default true. */
  readonly wholeFile?: boolean;
  /** Bytes; by default about the square root of the size of each file. */
  readonly blockSize?: number;
  /** `xxh128` (default), `xxh3`, `xxh64`, `md5`, `md4`, `sha1`, `none`; or two of them: for data, and for `checksum`. */
  readonly checksumChoice?: string;
  readonly checksumSeed?: number;
  readonly sparse?: boolean;
  readonly inplace?: boolean;
  /** Continues shorter files; `verify` also compares what stands there. */
  readonly append?: boolean | "verify";
  readonly partial?: boolean;
  readonly partialDir?: NameLike;
  /** Holds new versions in `.~tmp~`, or in `partialDir`, and puts them into place at the end of the run. */
  readonly delayUpdates?: boolean;
  readonly tempDir?: NameLike;
  readonly backup?: boolean;
  readonly backupDir?: NameLike;
  readonly suffix?: NameLike;
  /** Up to 20 directories, of one of these kinds; relative ones are the destination's. */
  readonly compareDest?: readonly NameLike[];
  readonly copyDest?: readonly NameLike[];
  readonly linkDest?: readonly NameLike[];
  /** 2 searches the directories of these options too. */
  readonly fuzzy?: boolean | 2;
  /** Makes missing parents of the destination. */
  readonly mkpath?: boolean;
  /** A link to a directory of the destination counts as that directory, unless it leads out of the destination. */
  readonly keepDirlinks?: boolean;
  /** Follows links of anybody in the paths of these options. */
  readonly insecureLinks?: boolean;
  /** An absolute directory that such paths, and those of `filesFrom`, must not lead out of. */
  readonly confineRoot?: NameLike;
  /** Bytes for one list of names or of block sums; 0: no limit. */
  readonly maxAlloc?: number;
  readonly preallocate?: boolean;
  readonly fsync?: boolean;
  /** `LOCAL,REMOTE`: the character sets of names here and, if they differ, on the other side (within one machine: at the destination). */
  readonly iconv?: string;

  /** Bytes of data a second. */
  readonly bwlimit?: number;
  /** Minutes; the run then rejects with exit code 30, as with `stopAt`. */
  readonly stopAfter?: number;
  readonly stopAt?: Date;

  // batch files
  /** Records what the destination is told in this file, and writes a script beside it (`.sh`) that applies it. */
  readonly writeBatch?: NameLike;
  /** The same, and leaves the destination as it is. */
  readonly onlyWriteBatch?: NameLike;
  /** Applies a batch file to the destination; `sources` is empty then. */
  readonly readBatch?: NameLike;

  // deletion
  /** `sent` leaves those alone that were up to date. */
  readonly removeSourceFiles?: boolean | "sent";
  /** True is `during`. */
  readonly delete?: boolean | "before" | "during" | "delay" | "after";
  readonly deleteExcluded?: boolean;
  readonly force?: boolean;
  readonly ignoreErrors?: boolean;
  readonly maxDelete?: number;
  /** Deletes nothing, and ends with exit code 25, if more than this would go: entries, or a share such as `"10%"`. */
  readonly deleteGuard?: number | string;
  /** Rejects, before anything is touched, if something would be deleted and a source directory is empty or missing. */
  readonly refuseEmptySource?: boolean;
  /** Reads back what was written and compares it; a file that differs is a problem, and its old version stays. */
  readonly verify?: boolean;
  /** Whether whole files may (the default), must or must not share the blocks of their source. */
  readonly reflink?: "auto" | "always" | "never";

  // the other machine, of runs with one
  /** Command of the remote shell, taken apart as rsync does. */
  readonly rsh?: NameLike;
  /** Program to call over there. */
  readonly rsyncPath?: NameLike;
  /** Options for the other side only, each with its dashes. */
  readonly remoteOptions?: readonly NameLike[];
  readonly secludedArgs?: boolean;
  readonly oldArgs?: boolean;
  readonly trustSender?: boolean;
  /**
   * How errors of the other side come: on its standard error, which its exit status goes with (`errors`), or by the protocol (`client`, which
   * servers before 3.2.4 do not know). `connect` takes `client`, everything else `errors`.
   */
  readonly stderr?: "errors" | "client";
  readonly ipv4?: boolean;
  readonly ipv6?: boolean;
  /** Highest protocol that is offered. */
  readonly protocol?: number;
  /** Seconds without a byte until the run rejects with exit code 30. */
  readonly timeout?: number;
  /** Seconds that a daemon, or the server of the built-in ssh, may take to answer. */
  readonly contimeout?: number;
  readonly compress?: boolean;
  /** `zstd`, `lz4`, `zlibx`, `zlib`; by default the sides agree on one. */
  readonly compressChoice?: string;
  readonly compressLevel?: number;
  /** `--compress-threads`: of zstd; 0 is none, more than 8 are 8. */
  readonly compressThreads?: number;
  /** `--blocking-io`: has no effect. */
  readonly blockingIo?: boolean;
  /** Suffixes of files that an rsync over there shall not compress; tsync, as rsync with zstd and lz4, compresses all. */
  readonly skipCompress?: string;
  /** Of a daemon, as `address`, `sockopts`, `passwordFile` and `earlyInput`. */
  readonly port?: number;
  readonly address?: string;
  readonly sockopts?: string;
  readonly passwordFile?: NameLike;
  readonly earlyInput?: NameLike;

  // what is told
  /** How many `-v`. */
  readonly verbose?: number;
  readonly quiet?: boolean;
  readonly info?: string;
  readonly debug?: string;
  /** `outFormat: "%i %n%L"` unless that is given; 2 also reports unchanged items. */
  readonly itemizeChanges?: boolean | 2;
  /** What the `line` of events is made of. */
  readonly outFormat?: NameLike;
  /** A file to which the lines are appended that the command would log. */
  readonly logFile?: NameLike;
  /** Of items in that file; by default `%i %n%L`. */
  readonly logFileFormat?: NameLike;
  /** Numbers in that file: digits only, in groups (1, the default), with units of 1000 or of 1024. */
  readonly humanReadable?: 0 | 1 | 2 | 3;
  readonly progress?: boolean;
  readonly stats?: boolean;
}
