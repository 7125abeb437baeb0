/** The names of `--files-from` where the file is on the other machine, or the other machine wants to have them (2-file-list 2). */
import type { ByteName } from "../../bytes/byte-name.ts";
import { unsupportedError, usageError } from "../../errors.ts";
import { cleanListedName } from "../../filter/parse-files-from.ts";
import { errnoMessage } from "../../fs/errno.ts";
import { limits } from "../../limits.ts";
import { NameStreamReader, NameStreamWriter } from "../../protocol/name-stream.ts";
import { readOperatorFile } from "../filter-reader.ts";
import type { Link } from "./link.ts";
import type { EndParts } from "./wire-context.ts";

/** The names that the other side sends, which are the sources. */
export async function receiveNames(link: Link, relative: boolean): Promise<readonly ByteName[]> {
  const { connection } = link;
  const stream = new NameStreamReader();
  const names: ByteName[] = [];
  for (;;) {
    const name = await connection.read((reader) => stream.read(reader));
    if (name === undefined) return names;
    if (names.length >= limits.listedNames) throw unsupportedError(`more than ${limits.listedNames} names`, "sender");
    names.push(cleanListedName(name, relative));
  }
}

/** Sends the names in a file of ours. */
export function sendNames(link: Link, { context, ownPaths }: EndParts, file: ByteName): void {
  const { options, syscalls } = context;
  const content = readOperatorFile(syscalls, ownPaths, file);
  if (typeof content === "number") {
    throw usageError(`failed to open files-from file ${file}: ${errnoMessage(content)}`, link.connection.reader.role);
  }
  const stream = new NameStreamWriter(options.nulTerminated);
  stream.push(link.connection.out, content);
  stream.end(link.connection.out);
}

/** Protocol 30 sends names between frames; nobody who speaks no more than that is left to be served (1-session 2.8). */
export function checkNameStream(link: Link): void {
  if (link.session.protocol !== 30) return;
  const { role } = link.connection.reader;
  throw unsupportedError("This tsync does not support --files-from at protocol 30", role);
}
