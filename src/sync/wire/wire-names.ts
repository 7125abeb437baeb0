/** Names in the character set of this side and as they travel, which is UTF-8 (`--iconv`, 2-file-list 8.4). */
import { type ByteName, byteName, directoryName, joinName } from "../../bytes/byte-name.ts";
import { ExitCode, type Role, TsyncError } from "../../errors.ts";
import { errnoMessage } from "../../fs/errno.ts";
import type { NameConverter, Syscalls } from "../../fs/syscalls/interface.ts";
import type { FileEntry } from "../../protocol/file-entry.ts";
import type { Message } from "../../protocol/message.ts";
import { cleanWirePath } from "../../protocol/wire-path.ts";
import type { Ledger } from "../ledger.ts";

const wireCharset = byteName("UTF-8");
const EILSEQ = -84;

/** The conversions of one end of a session. */
export class WireNames {
  /** Targets of links are converted too: old peers do not. */
  convertsLinks = false;
  private readonly sent: NameConverter;
  private readonly received: NameConverter;
  /** The working directory, for messages. */
  private readonly here: ByteName;

  private readonly charset: ByteName;

  private constructor(charset: ByteName, sent: NameConverter, received: NameConverter, here: ByteName) {
    this.charset = charset;
    this.sent = sent;
    this.received = received;
    this.here = here;
  }

  /**
   * The conversions for a character set of this side; empty or `.`: that of the locale. Undefined without a set.
   * @throws TsyncError unsupported for a set that is not known here
   */
  static open(syscalls: Syscalls, charset: ByteName | undefined, role: Role): WireNames | undefined {
    if (charset === undefined) return undefined;
    const own = charset === "" || charset === "." ? syscalls.localCharset() : charset;
    const sent = syscalls.openConverter(own, wireCharset);
    const received = sent === undefined ? undefined : syscalls.openConverter(wireCharset, own);
    const here = syscalls.workingDirectory();
    if (sent !== undefined && received !== undefined) {
      return new WireNames(own, sent, received, typeof here === "number" ? byteName("") : here);
    }
    const message = `iconv_open("UTF-8", "${charset}") failed`;
    throw new TsyncError("unsupported", message, { exitCode: ExitCode.unsupported, role, plain: true });
  }

  /** What `--debug=iconv` (`-vv`) tells of it. */
  remark(role: Role): ByteName {
    return byteName(`[${role}] charset: ${this.charset}`);
  }

  close(): void {
    this.sent.close();
    this.received.close();
  }

  /** A text for the other side, or from it; what cannot be converted stays. */
  readonly textToWire = (text: ByteName): ByteName => this.sent.convertWhatCan(text);
  readonly textFromWire = (text: ByteName): ByteName => this.received.convertWhatCan(text);

  /** A message with its names as they travel, and as they are called here. */
  readonly messageToWire = (message: Message): Message => withText(message, this.textToWire);
  readonly messageFromWire = (message: Message): Message => withText(message, this.textFromWire);

  /** An entry as it travels; undefined, with the problem in the ledger, if it cannot. */
  entryToWire(
    entry: FileEntry,
    ledger: Ledger | undefined,
    absolute: (entry: FileEntry) => ByteName,
  ): FileEntry | undefined {
    const path = this.sent.convert(entry.path);
    if (typeof path === "number") return refuse(ledger, "sender", `filename: ${entry.path}`, path, entry);
    const target = this.targetOf(entry, this.sent);
    if (typeof target === "number") {
      return refuse(ledger, "sender", `symlink data for: "${absolute(entry)}"`, target, entry);
    }
    return { ...entry, path, target };
  }

  /**
   * An entry as it is called here; undefined, with the problem in the ledger, if it cannot be. `relative`: `-R`. What a
   * conversion makes of a path is checked like one that came: as many parts as before, and none that leads elsewhere.
   */
  entryFromWire(entry: FileEntry, relative: boolean, ledger: Ledger): FileEntry | undefined {
    const converted = this.received.convert(entry.path);
    const path = typeof converted !== "number" && hasSameParts(converted, entry.path) ? converted : EILSEQ;
    if (typeof path === "number") {
      const errno = typeof converted === "number" ? converted : path;
      return refuse(ledger, "Receiver", `filename: ${entry.path}`, errno, entry);
    }
    const target = this.targetOf(entry, this.received);
    if (typeof target === "number" || target?.includes("\0") === true) {
      const shown = joinName(this.here, path);
      return refuse(
        ledger,
        "Receiver",
        `symlink data for: "${shown}"`,
        typeof target === "number" ? target : EILSEQ,
        entry,
      );
    }
    const clean = cleanWirePath(path, relative, "Receiver");
    return { ...entry, path: clean, name: clean.slice(clean.lastIndexOf("/") + 1) as ByteName, target };
  }

  private targetOf({ target }: FileEntry, converter: NameConverter): ByteName | number | undefined {
    return target === undefined || !this.convertsLinks ? target : converter.convert(target);
  }
}

/** Directories that were left out, and what lies below them. */
export class LeftOut {
  private readonly directories = new Set<ByteName>();

  add(path: ByteName): void {
    this.directories.add(path);
  }

  has(path: ByteName): boolean {
    if (this.directories.size === 0) return false;
    for (let at = path; !["", ".", "/"].includes(at); at = directoryName(at)) if (this.directories.has(at)) return true;
    return false;
  }
}

function refuse(ledger: Ledger | undefined, role: Role, what: string, errno: number, { path }: FileEntry): undefined {
  if (ledger === undefined) return undefined;
  ledger.error(role, `[${role}] cannot convert ${what} (${errnoMessage(errno)})`, path);
  ledger.readFailed();
  return undefined;
}

function hasSameParts(converted: ByteName, path: ByteName): boolean {
  const parts = converted.split("/");
  return (
    !converted.includes("\0") &&
    parts.length === path.split("/").length &&
    (!parts.includes("") || path.startsWith("/"))
  );
}

function withText(message: Message, convert: (text: ByteName) => ByteName): Message {
  if (message.kind === "text") return { ...message, text: convert(message.text) };
  return message.kind === "deleted" ? { ...message, name: convert(message.name) } : message;
}
