/**
 * The log of `--log-file` (3-transfer 9.6, 4-traps O-01, O-03): opened for appending, created 0644 less the umask. A
 * symbolic link on the way is followed only if the link belongs to root or to us. Every line carries date, time and
 * process id, and is one record whatever bytes a name holds.
 */
import { closeSync, constants, lstatSync, openSync } from "node:fs";
import { type ByteName, byteName, joinName, toBytes } from "../bytes/byte-name.ts";
import type { Role } from "../errors.ts";
import { errnoNumber, errnoText } from "../fs/errno.ts";
import { foreignLinkText } from "../fs/operator-path.ts";
import type { ClockText } from "./clock-text.ts";
import { escapeForLog } from "./escape.ts";
import { OutputWriter } from "./output-writer.ts";

/** What a log line needs besides its text. */
export interface LogSettings {
  readonly pid: number;
  readonly clock: ClockText;
  /** Whole seconds since 1970. */
  now(): number;
}

/** Why a log could not be opened: `DEST: No such file or directory (2)` is `errnoText(errno)`. */
export interface LogFailure {
  readonly errno: number;
  /** The line for standard error, without the newline. */
  readonly text: ByteName;
}

/** What standard output says when the log could not be opened; the run goes on. */
export const logIgnoredText: ByteName = byteName('Ignoring "log file" setting.');

/** An open log. */
export class LogFile {
  private readonly descriptor: number;
  private readonly writer: OutputWriter;
  private readonly settings: LogSettings;

  private constructor(descriptor: number, settings: LogSettings) {
    this.descriptor = descriptor;
    this.writer = new OutputWriter(descriptor, "block");
    this.settings = settings;
  }

  /** Opens the log, or says why not. The caller closes it. */
  static open(path: ByteName, settings: LogSettings, followsAll = false, role: Role = "client"): LogFile | LogFailure {
    try {
      if (!followsAll) refuseForeignLinks(path, process.geteuid?.() ?? 0);
      const { O_WRONLY, O_APPEND, O_CREAT, O_NOCTTY } = constants;
      return new LogFile(openSync(toBytes(path), O_WRONLY | O_APPEND | O_CREAT | O_NOCTTY, 0o644), settings);
    } catch (error) {
      const errno = errnoOf(error);
      const refusal = error instanceof Error && error.message === foreignLinkText ? `${foreignLinkText}\n` : "";
      return {
        errno,
        text: byteName(`${refusal}rsync: [${role}] failed to open log-file ${path}: ${errnoText(errno)}`),
      };
    }
  }

  /** Appends one line, or the beginning of one, which ends in CR: the next comes right behind it. */
  line(text: ByteName, open = false): void {
    const { date, time } = this.settings.clock.format(this.settings.now());
    this.writer.write(byteName(`${date} ${time} [${this.settings.pid}] ${escapeForLog(text)}${open ? "\r" : "\n"}`));
  }

  /** Hands everything to the kernel. */
  flush(): void {
    this.writer.flush();
  }

  close(): void {
    this.writer.flush();
    closeSync(this.descriptor);
  }
}

/** Walks the path and throws ELOOP at a link that somebody else placed there. */
function refuseForeignLinks(path: ByteName, ourUid: number): void {
  let prefix = byteName(path.startsWith("/") ? "/" : "");
  for (const part of path.split("/")) {
    if (part === "") continue;
    prefix = joinName(prefix, byteName(part));
    const found = lstatSync(toBytes(prefix), { throwIfNoEntry: false });
    if (found?.isSymbolicLink() && found.uid !== 0 && found.uid !== ourUid) {
      throw Object.assign(new Error(foreignLinkText), { code: "ELOOP" });
    }
  }
}

function errnoOf(error: unknown): number {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return (typeof code === "string" ? errnoNumber(code) : undefined) ?? errnoNumber("EIO") ?? 0;
}
