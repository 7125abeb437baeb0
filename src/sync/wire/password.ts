/** Where the password for a daemon comes from (1-session 8.3). */
import { type ByteName, byteName } from "../../bytes/byte-name.ts";
import { ExitCode, type Role, TsyncError } from "../../errors.ts";
import { errnoText } from "../../fs/errno.ts";
import type { OperatorPaths } from "../../fs/operator-path.ts";
import { emptyStat, type Syscalls } from "../../fs/syscalls/interface.ts";

/** Most bytes that are looked at for the first line. */
const passwordBytesMax = 8192;

/** What there is to read a password from. */
export interface PasswordSource {
  readonly syscalls: Syscalls;
  readonly own: OperatorPaths;
  /** `--password-file`; `-` is standard input. */
  readonly file: ByteName | undefined;
  /** RSYNC_PASSWORD. */
  readonly variable: ByteName | undefined;
  /** Asks whoever sits there. */
  readonly ask: () => Promise<Uint8Array>;
  readonly role: Role;
}

/** The password; throws (exit 1) for a file that others can read too, or that holds none. */
export async function readPassword(source: PasswordSource): Promise<Uint8Array> {
  const { file, variable } = source;
  if (file !== undefined) return fromFile(source, file);
  if (variable !== undefined) return Buffer.from(variable, "latin1");
  return await source.ask();
}

function fromFile({ syscalls, own, role }: PasswordSource, file: ByteName): Uint8Array {
  const fail = (message: string): TsyncError =>
    new TsyncError("auth", message, { exitCode: ExitCode.usage, role, path: file });
  const isInput = file === "-";
  const descriptor = isInput ? 0 : own.open(file, syscalls.flags.readOnly);
  if (descriptor < 0) throw fail(`[${role}] could not open password file ${file}: ${errnoText(-descriptor)}`);
  try {
    if (!isInput) {
      const stat = emptyStat();
      const status = syscalls.fstat(descriptor, stat);
      if (status < 0) throw fail(`[${role}] stat(${file}): ${errnoText(-status)}`);
      if ((stat.mode & 0o006) !== 0) throw fail("ERROR: password file must not be other-accessible");
      if (process.geteuid?.() === 0 && stat.uid !== 0) {
        throw fail("ERROR: password file must be owned by root when running as root");
      }
    }
    const line = firstLine(syscalls, descriptor);
    if (line.length === 0) throw fail(`ERROR: failed to read a password from ${file}`);
    return line;
  } finally {
    if (!isInput) syscalls.close(descriptor);
  }
}

function firstLine(syscalls: Syscalls, descriptor: number): Uint8Array {
  const buffer = Buffer.alloc(passwordBytesMax);
  let end = 0;
  while (end < buffer.length) {
    const count = syscalls.read(descriptor, buffer, end, buffer.length - end, -1);
    if (count <= 0) break;
    end += count;
  }
  const text =
    buffer
      .toString("latin1", 0, end)
      .replace(/^[\r\n]+/, "")
      .split(/[\r\n\0]/, 1)[0] ?? "";
  return Buffer.from(byteName(text), "latin1");
}
