/**
 * What a run is asked to do, after the command line (or the library's options) was parsed, checked and normalised.
 * Plain data that can cross threads. Everything below `options/` reads options only in this form.
 */
import type { ByteName } from "../bytes/byte-name.ts";
import type { ChecksumName } from "../delta/checksum.ts";
import type { CompressionName } from "../protocol/compression-name.ts";
import type { DeleteGuardLimit } from "./delete-guard.ts";

/** Info flags (3-transfer 9.4) and their levels; a missing flag is level 0. */
export type InfoFlag =
  | "backup"
  | "copy"
  | "del"
  | "flist"
  | "misc"
  | "mount"
  | "name"
  | "nonreg"
  | "progress"
  | "remove"
  | "skip"
  | "stats"
  | "symsafe";

/** Debug flags; only those that change what is printed in a local run are consulted. */
export type DebugFlag =
  | "acl"
  | "backup"
  | "bind"
  | "chdir"
  | "connect"
  | "cmd"
  | "del"
  | "deltasum"
  | "dup"
  | "exit"
  | "filter"
  | "flist"
  | "fuzzy"
  | "genr"
  | "hash"
  | "hlink"
  | "iconv"
  | "io"
  | "nstr"
  | "own"
  | "proto"
  | "recv"
  | "send"
  | "time";

/** Directories besides the destination that files are compared with, and what becomes of equal ones. */
export interface AlternateDirectories {
  readonly kind: "compare" | "copy" | "link";
  /** As given, without a slash at the end; relative ones are the destination's. */
  readonly directories: readonly ByteName[];
}

/** How data is compressed on its way between machines. */
export interface Compression {
  /** Undefined: the sides agree on one. */
  readonly choice: CompressionName | undefined;
  /** As given, for `clampLevel`; undefined: the usual one. */
  readonly level: number | undefined;
  /** Threads of the compressor besides our own. */
  readonly threads: number;
}

/** A filter option as typed, in command-line order (2-file-list 1.2, 1.4). */
export interface FilterArgument {
  /** `filter`: modern syntax; `exclude`/`include`: old-prefix syntax; `*-from`: a file of such rules (`-` is stdin); `cvs`: the `-C` option; `partial`: what `--partial-dir` brings. */
  readonly kind: "filter" | "exclude" | "include" | "exclude-from" | "include-from" | "cvs" | "partial";
  /** Rule text, file name or directory; empty for `cvs`, which stands for `:C` and then `-C` and comes last in the list. */
  readonly text: ByteName;
  /** Whether no `--log-file` came earlier: what is wrong with the argument is then not logged. */
  readonly beforeLog: boolean;
  /** Whether no `--delete-excluded` stood before it. */
  readonly beforeDeleteExcluded?: boolean;
  /** The protocol that was asked for before it: at an old one the names of a `-C` of it are not perishable. */
  readonly protocol?: number | undefined;
  /** Whether `--from0` came earlier: a file named by this argument is then split at NUL (files of later directories follow the final setting). */
  readonly nulTerminated: boolean;
}

/** When extraneous files are deleted. */
export type DeleteTiming = "none" | "before" | "during" | "delay" | "after";

/** One item of a `--chmod` list, made by `options/chmod`; masks are rwx bits (0o777) unless they say otherwise. */
export type ModeChange =
  | {
      readonly kind: "octal";
      readonly appliesTo: "all" | "files" | "directories";
      /** All twelve permission bits. */
      readonly mode: number;
    }
  | {
      readonly kind: "bits";
      readonly appliesTo: "all" | "files" | "directories";
      readonly operation: "+" | "-" | "=";
      /** The classes concerned, for example 0o770 for `ug`. */
      readonly who: number;
      /** No class was named: the bits obey the umask. */
      readonly obeysUmask: boolean;
      /** r, w and x of all classes; `who` restricts them. */
      readonly bits: number;
      /** `X`: execute only for directories and files that have an execute bit to begin with. */
      readonly conditionalExecute: boolean;
      /** Set-id and sticky bits named, and those that `=` clears. */
      readonly special: number;
      readonly specialCleared: number;
    }
  | {
      readonly kind: "copy";
      readonly appliesTo: "all" | "files" | "directories";
      readonly operation: "+" | "-" | "=";
      readonly who: number;
      readonly obeysUmask: boolean;
      /** Shift of the class copied from: 6, 3 or 0. */
      readonly fromShift: number;
      readonly specialCleared: number;
    };

export interface TransferOptions {
  // text
  readonly verbose: number;
  readonly quiet: boolean;
  readonly info: Readonly<Record<InfoFlag, number>>;
  readonly debug: Readonly<Record<DebugFlag, number>>;
  /** `-i` count. */
  readonly itemize: number;
  /** `--out-format`, undefined if none was given (`-i` alone sets `%i %n%L`). */
  readonly outFormat: ByteName | undefined;
  readonly logFile: ByteName | undefined;
  readonly logFileFormat: ByteName | undefined;
  /** 0 plain digits, 1 thousands separators, 2 units of 1000, 3 units of 1024. */
  readonly humanReadable: number;
  readonly progress: boolean;
  readonly eightBitOutput: boolean;
  /** `--outbuf`: how standard output is buffered; undefined: as the terminal decides. */
  readonly outputBuffering: "none" | "line" | "full" | undefined;
  /** What goes to standard output otherwise goes to standard error too. */
  readonly allToStandardError: boolean;
  /** Words of the receiving side are printed, and logged, by the client. */
  readonly clientTells: boolean;
  readonly listOnly: boolean;
  /** `--stats` was given. */
  readonly stats: boolean;

  // selection
  readonly recursive: boolean;
  /** `-d` (also implied by `--list-only` and `--files-from`). */
  readonly directories: boolean;
  readonly relative: boolean;
  readonly impliedDirectories: boolean;
  /** 0, 1, or 2 for `-xx`. */
  readonly oneFileSystem: number;
  readonly incrementalRecursion: boolean;
  readonly filters: readonly FilterArgument[];
  readonly cvsExclude: boolean;
  /** `--from0`. */
  readonly nulTerminated: boolean;
  /** `--files-from` file name; `-` is stdin. */
  readonly filesFrom: ByteName | undefined;
  readonly pruneEmptyDirectories: boolean;
  /** `-L`: what links point to is sent in their place. */
  readonly copyLinks: boolean;
  /** The same for links that lead out of the tree by their text (4-traps S-14). */
  readonly copyUnsafeLinks: boolean;
  /** `-k`: the same for links to directories. */
  readonly copyDirectoryLinks: boolean;
  /** What becomes of source arguments that do not exist: reported, ignored, or deleted at the destination. */
  readonly missingArguments: "report" | "ignore" | "delete";

  // what is preserved
  readonly links: boolean;
  /** Links that lead out of the tree are left out by the receiver. */
  readonly safeLinks: boolean;
  /** `/rsyncd-munged/` is taken off the targets of links that are sent (2-file-list 8.3). */
  readonly mungeLinks: boolean;
  readonly hardLinks: boolean;
  readonly permissions: boolean;
  readonly executability: boolean;
  readonly times: boolean;
  /** `-U`: access times of files are kept. */
  readonly atimes: boolean;
  /** `--open-noatime`, `-UU`: files are read without a change of their access time. */
  readonly openNoAtime: boolean;
  readonly omitDirectoryTimes: boolean;
  readonly omitLinkTimes: boolean;
  readonly owner: boolean;
  readonly group: boolean;
  readonly devices: boolean;
  readonly specials: boolean;
  /** Devices are sent as regular files with the data that reading them gives. */
  readonly copyDevices: boolean;
  /** Data goes into a device that stands at the destination; implies `inplace`. */
  readonly writeDevices: boolean;
  /** Devices and special files are not made, whatever comes. */
  readonly dropDevices: boolean;
  /** Whether the receiving side tries what only the super-user may do; undefined: if it is the super-user. */
  readonly superUser: boolean | undefined;
  /** What only the super-user may set is kept in attributes, and read from them, on this side; in a local run on the sending side. */
  readonly fakeSuper: boolean;
  /** `superUser` and `fakeSuper` of the receiving side of a local run, which `--remote-option` may make others. */
  readonly receiverRights: { readonly superUser: boolean | undefined; readonly fakeSuper: boolean };
  readonly acls: boolean;
  /** 0, 1, or 2 for `-XX`. */
  readonly xattrs: number;
  readonly numericIds: boolean;
  readonly chmod: readonly ModeChange[];
  /** `--usermap` text (also from `--chown`), undefined if none. */
  readonly userMap: ByteName | undefined;
  readonly groupMap: ByteName | undefined;

  // how it is decided and written
  readonly dryRun: boolean;
  readonly checksum: boolean;
  readonly ignoreTimes: boolean;
  readonly sizeOnly: boolean;
  readonly update: boolean;
  readonly existing: boolean;
  readonly ignoreExisting: boolean;
  /** Bytes; undefined: no limit. */
  readonly maxSize: number | undefined;
  readonly minSize: number | undefined;
  readonly modifyWindow: number;
  readonly wholeFile: boolean;
  /** `--block-size` in bytes, 0: by the size of the basis. */
  readonly blockSize: number;
  /** Of transferred data and its blocks, and of `-c`. */
  readonly transferChecksum: ChecksumName;
  readonly listChecksum: ChecksumName;
  /** 0: another one each time. */
  readonly checksumSeed: number;
  /** Between machines; undefined: data travels as it is. */
  readonly compression: Compression | undefined;
  readonly sparse: boolean;
  readonly inplace: boolean;
  /** Relative to the destination. */
  readonly tempDirectory: ByteName | undefined;
  /** Shorter files are continued in place, and what stands there is trusted or verified. */
  readonly append: "no" | "trust" | "verify";
  readonly partial: boolean;
  readonly partialDirectory: ByteName | undefined;
  /** Files are held in the partial directory, and put into place when all have come. */
  readonly delayUpdates: boolean;
  readonly backup: boolean;
  readonly backupDirectory: ByteName | undefined;
  /** `~` by default, empty with a backup directory. */
  readonly backupSuffix: ByteName;
  /** `--compare-dest`, `--copy-dest` or `--link-dest`. */
  readonly alternates: AlternateDirectories | undefined;
  /** 0, 1, or 2 to search the alternate directories too. */
  readonly fuzzy: number;
  /** Missing parents of the destination are made. */
  readonly makePath: boolean;
  /** A link to a directory of the destination counts as that directory. */
  readonly keepDirectoryLinks: boolean;
  /** Links of anybody are followed in paths that the operator named (4-traps O-01). */
  readonly insecureLinks: boolean;
  /** The absolute path of a directory that such paths, and those of `--files-from`, must not lead out of. */
  readonly confineRoot: ByteName | undefined;
  /** `USER` or `USER:GROUP` whose rights the run has from the moment that it touches trees. */
  readonly copyAs: ByteName | undefined;
  /** Most bytes that rsync would get at once for one list of names or of block sums. */
  readonly maxAlloc: number;
  /** Files are flushed to disk before they take their names. */
  /** The space of a file is reserved before it is written. */
  readonly preallocate: boolean;
  readonly fsync: boolean;

  /** Bytes of data a second, 0 for no limit. */
  readonly bandwidthLimit: number;
  /** When the run stops, in seconds since 1970; undefined: when it is done. */
  readonly stopAt: number | undefined;

  // deletion
  /** Source files to remove once they are at the destination: none, those that were sent or made, or those up to date too. */
  readonly removeSource: "no" | "sent" | "all";
  readonly deleteTiming: DeleteTiming;
  readonly deleteExcluded: boolean;
  readonly force: boolean;
  readonly ignoreErrors: boolean;
  /** Undefined: no limit. */
  readonly maxDelete: number | undefined;

  // what rsync does not have
  /** Deletions are decided all at once before the first of them; undefined: no guard. */
  readonly deleteGuard: DeleteGuardLimit | undefined;
  /** Empty or missing source directories are refused if the run would delete. */
  readonly refuseEmptySource: boolean;
  /** Only of the command line: its output is lines of JSON. */
  readonly json: boolean;
  /** What was written is read back and compared. */
  readonly verify: boolean;
  /** Whether whole files may, must or must not share blocks with their source. */
  readonly reflink: "auto" | "always" | "never";
}
