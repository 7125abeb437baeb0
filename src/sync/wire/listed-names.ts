/** The names of `--files-from` where the file is on the other machine, or the other machine wants to have them (2-file-list 2). */
import { type ByteName, fromBytes, toBytes } from "../../bytes/byte-name.ts";
import { unsupportedError } from "../../errors.ts";
import { cleanListedName, parseFilesFrom } from "../../filter/parse-files-from.ts";
import { limits } from "../../limits.ts";
import { parseRemote } from "../../options/operands.ts";
import type { TransferOptions } from "../../options/transfer-options.ts";
import { MemoryBudget } from "../../protocol/memory-budget.ts";
import { NameStreamReader, NameStreamWriter } from "../../protocol/name-stream.ts";
import type { Link } from "./link.ts";
import { namesAreRaw } from "./session.ts";

/** Memory of a name besides its text. */
const nameBytes = 50;

/** The names that the other side sends, which are the sources; `converts`: with secluded arguments `--iconv` concerns them too. */
export async function receiveNames(link: Link, relative: boolean, converts: boolean): Promise<readonly ByteName[]> {
  const raw = namesAreRaw(link.session.protocol);
  if (raw) link.connection.suspendFrames();
  const names = await readNames(link, relative, converts);
  if (raw) link.connection.resumeFrames();
  return names;
}

async function readNames(
  { connection, names: own }: Link,
  relative: boolean,
  converts: boolean,
): Promise<readonly ByteName[]> {
  const stream = new NameStreamReader();
  const names: ByteName[] = [];
  const budget = new MemoryBudget("names of files");
  for (;;) {
    const name = await connection.read((reader) => stream.read(reader));
    if (name === undefined) return names;
    if (names.length >= limits.listedNames) throw unsupportedError(`more than ${limits.listedNames} names`, "sender");
    budget.take(nameBytes + name.length, "sender");
    names.push(cleanListedName(converts ? (own?.textFromWire(name) ?? name) : name, relative));
  }
}

/** Sends the names that a file of ours has; `converts` as for `receiveNames`. */
export function sendNames(link: Link, nulTerminated: boolean, content: Uint8Array, converts: boolean): void {
  const { connection, session, names } = link;
  const bytes = converts && names !== undefined ? toBytes(names.textToWire(fromBytes(content))) : content;
  const send = (): void => {
    const stream = new NameStreamWriter(nulTerminated);
    stream.push(connection.out, bytes);
    stream.end(connection.out);
  };
  if (namesAreRaw(session.protocol)) connection.sendRaw(send);
  else send();
}

/** Whether names come from a file of the client's machine. */
export function listedHere({ filesFrom }: Pick<TransferOptions, "filesFrom">): boolean {
  return filesFrom !== undefined && parseRemote(filesFrom) === undefined;
}

/** The names that a client is to send: of a file here, whose content is `list`, or of one over there; undefined: there is none. */
export async function namesToSend(
  link: Link,
  options: TransferOptions,
  { list, isSecluded }: { readonly list: Uint8Array | undefined; readonly isSecluded: boolean },
): Promise<readonly ByteName[] | undefined> {
  if (list !== undefined) return parseFilesFrom(list, options);
  return options.filesFrom === undefined ? undefined : await receiveNames(link, options.relative, isSecluded);
}
