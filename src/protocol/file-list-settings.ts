/** What the bytes of a file list depend on besides the protocol: options that both sides know (2-file-list 0). */
import type { ByteName } from "../bytes/byte-name.ts";
import type { WireContext } from "./wire-context.ts";

/** Whose ids: owner or group. */
export type IdKind = "user" | "group";

export interface FileListSettings extends WireContext {
  /** `-o`, `-g`. */
  readonly owner: boolean;
  readonly group: boolean;
  /** `--devices`, `--specials`. */
  readonly devices: boolean;
  readonly specials: boolean;
  /** `-l`. */
  readonly links: boolean;
  /** `-H`. */
  readonly hardLinks: boolean;
  /** `-U`. */
  readonly atimes: boolean;
  /** `-A`, `-X`: protocol 30 and up only. */
  readonly acls: boolean;
  readonly xattrs: boolean;
  /** Length of the `-c` checksum, 0 without `-c`. */
  readonly checksumBytes: number;
  readonly numericIds: boolean;
  /** `-R`: names may begin with a slash. */
  readonly relative: boolean;
  /** `-r`. */
  readonly recursive: boolean;
  /** `--delete-missing-args`: entries of mode 0 are legal. */
  readonly missingArguments: boolean;
}

/** What the sender adds. */
export interface FileListSource {
  /** The name of an id on this machine, undefined if it has none. */
  nameOf(kind: IdKind, id: number): ByteName | undefined;
  /** MD5, for long values of attributes (2-file-list 7.4). */
  md5(bytes: Uint8Array): Uint8Array;
}

/** Where a list stands in the transfer (2-file-list 4.4). */
export interface ListPlace {
  /** Index of its first entry: 0 without incremental recursion, 1 for the first list with it. */
  readonly firstNdx: number;
  /** Incremental recursion: the directory whose children these are, empty for the first list; undefined: any. */
  readonly directory: ByteName | undefined;
}
