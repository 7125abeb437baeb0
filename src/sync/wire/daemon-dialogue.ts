/**
 * What a client and a daemon say to each other before the session (1-session 8.1 to 8.3): greetings, the module, the proof of a
 * password. Everything is in lines.
 */
import { type ByteName, byteName } from "../../bytes/byte-name.ts";
import { authDigests, authResponse } from "../../delta/auth-digest.ts";
import { asTsyncError, ExitCode, type Role, TsyncError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { formatGreeting, type Greeting, parseGreeting } from "../../protocol/greeting.ts";
import { chooseName } from "../../protocol/name-list.ts";
import { agreeOnProtocol } from "../../protocol/session-start.ts";
import { protocolMax } from "../../protocol/wire-context.ts";
import type { Connection } from "../../transport/connection.ts";

/** What the client wants, and who it is. */
export interface DialogueRequest {
  /** Empty: the list of modules. */
  readonly module: string;
  readonly user: ByteName;
  /** Asked for once the daemon wants it. */
  readonly password: () => Promise<Uint8Array>;
  /** Read once the daemon has greeted. */
  readonly earlyInput: () => Uint8Array | undefined;
  /** Highest protocol that is offered. */
  readonly protocol: number | undefined;
  readonly role: Role;
  /** Takes the greeting of the daemon's operator and the list of modules. */
  readonly onText: (line: ByteName) => void;
  /** Called once the daemon has said that it is one, and the early input has been read. */
  readonly onGreeted: () => void;
}

const prefix = "@RSYNCD: ";

/** Talks until the daemon has the module ready; the protocol, or undefined when the daemon has said all and leaves. */
export async function talkToDaemon(connection: Connection, request: DialogueRequest): Promise<number | undefined> {
  const { role, module } = request;
  const own = request.protocol ?? protocolMax;
  writeLine(connection, formatGreeting({ protocol: own, sub: 0, digests: authDigests }));
  const greeting = checkGreeting(
    await readLine(connection, () => refusal("rsync: did not see server greeting", role)),
    role,
  );
  // A version between two releases speaks the one before.
  const theirs = greeting.protocol <= own && (greeting.sub ?? 0) !== 0 ? greeting.protocol - 1 : greeting.protocol;
  const protocol = agreeOnProtocol(own, theirs, role);
  const earlyInput = request.earlyInput();
  request.onGreeted();
  if (earlyInput !== undefined && earlyInput.length > 0) {
    writeLine(connection, byteName(`#early_input=${earlyInput.length}`));
    connection.out.data(earlyInput);
  }
  writeLine(connection, byteName(module));
  for (;;) {
    const line = await readLine(connection, () => refusal("rsync: didn't get server startup line", role));
    if (line.startsWith(`${prefix}AUTHREQD `)) {
      await authenticate(connection, request, greeting, protocol, byteName(line.slice(prefix.length + 9)));
    } else if (line === `${prefix}OK`) return protocol;
    else if (line === `${prefix}EXIT`) return undefined;
    else if (line.startsWith("@ERROR")) throw refusal(line, role);
    else request.onText(line);
  }
}

/** A failure to start (exit 5); the text is printed as it is. */
export function refusal(message: string, role: Role): TsyncError {
  return new TsyncError("protocol", message, { exitCode: ExitCode.startClient, role, plain: true });
}

/** Reads one line, without its end. `cut` is thrown when the other side closes before that, or sends a NUL or too much. */
export async function readLine(connection: Connection, cut: () => TsyncError): Promise<ByteName> {
  let text: string;
  try {
    text = await connection.read((reader) => reader.untilNewline(limits.greetingBytes));
  } catch (error) {
    const isCut = connection.hasEnded && !connection.isReset && asTsyncError(error).exitCode === ExitCode.stream;
    throw isCut ? cut() : error;
  }
  if (text.includes("\0") || !text.endsWith("\n")) throw cut();
  return byteName(text.slice(0, -1).replaceAll("\r", ""));
}

function writeLine(connection: Connection, line: ByteName): void {
  connection.out.name(byteName(`${line}\n`));
}

function checkGreeting(line: ByteName, role: Role): Greeting {
  const greeting = parseGreeting(line);
  if (greeting === undefined) throw refusal(`rsync: server sent "${line}" rather than greeting`, role);
  if (greeting.sub === undefined && greeting.protocol >= 30) {
    throw refusal(`rsync: the server omitted the subprotocol value: ${line}`, role);
  }
  if (greeting.digests === undefined && greeting.protocol > 31) {
    throw refusal(`rsync: the server omitted the digest name list: ${line}`, role);
  }
  return greeting;
}

async function authenticate(
  connection: Connection,
  request: DialogueRequest,
  { digests }: Greeting,
  protocol: number,
  challenge: ByteName,
): Promise<void> {
  const { role, user } = request;
  const digest = digests === undefined ? (protocol >= 30 ? "md5" : "md4") : chooseName(authDigests, digests);
  if (digest === undefined) {
    throw new TsyncError("auth", "Failed to negotiate a daemon auth checksum choice.", {
      exitCode: ExitCode.unsupported,
      role,
      plain: true,
      moreLines: [`Server list: ${digests?.join(" ")}`, `Client list: ${authDigests.join(" ")}`],
    });
  }
  const seeded = digest === "md4" && digests === undefined;
  const answer = authResponse(digest, await request.password(), Buffer.from(challenge, "latin1"), seeded);
  writeLine(connection, byteName(`${user} ${answer}`));
}
