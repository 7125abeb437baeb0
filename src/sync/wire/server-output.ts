/** What a server says: remarks go to the client as messages, errors to standard error unless the client wants them too (1-session 5.5). */
import { type ByteName, byteName } from "../../bytes/byte-name.ts";
import type { ServerCommand } from "../../options/parse-server.ts";
import type { TransferOptions } from "../../options/transfer-options.ts";
import { type FileEntry, FileType } from "../../protocol/file-entry.ts";
import { ItemFlag, isNewLink, significantFlags } from "../../protocol/item-flags.ts";
import type { Message, TextClass } from "../../protocol/message.ts";
import type { EventSink, ItemEvent, ProblemEvent, RunEvent } from "../events.ts";
import { isNoticeShown } from "../notice-levels.ts";

/** Of this process: what it makes directories with, and the groups that it may give to files; undefined: all of them. */
interface DirectoryMaker {
  readonly umask: number;
  readonly uid: number;
  readonly gid: number;
  readonly groups?: readonly number[] | undefined;
}

/** Where the text goes. */
export interface ServerOutput {
  readonly own: DirectoryMaker;
  /** To the client; false: it cannot be told. */
  send(message: Message): void;
  /** To standard error: whole lines. */
  error(text: ByteName): void;
  /** The line of a listing. */
  readonly listLine?: (entry: FileEntry) => ByteName;
}

/** Whether errors go to the client as messages: it wants them, or is old (1-session 5.5). */
export function sendsErrors({ settings: { standardError } }: ServerCommand, protocol: number): boolean {
  return standardError === "client" || (standardError === "errors" && protocol <= 28);
}

/** Makes the sink of one session. */
export function createServerSink(command: ServerCommand, protocol: number, output: ServerOutput): EventSink {
  const { options, settings } = command;
  const itemizing = options.itemize > 0;
  const { standardError } = settings;
  const tellsErrors = sendsErrors(command, protocol);
  const say = (kind: TextClass, text: ByteName): void => {
    const line = byteName(`${text}\n`);
    if (kind === "info" ? standardError === "all" : !tellsErrors) output.error(line);
    else output.send({ kind: "text", class: kind, text: line });
  };
  const info = (text: string): void => {
    if (!options.quiet) say("info", byteName(text));
  };
  return (event: RunEvent): void => {
    switch (event.type) {
      case "listed":
        if (output.listLine !== undefined) info(output.listLine(event.entry));
        break;
      case "created-directory":
        if (options.info.name >= 1 || itemizing) info(`created directory ${event.path}`);
        break;
      case "item":
        // Old clients do not hear of what needs no data (3-transfer 1.2).
        if (protocol >= 29) break;
        if ((event.flags & ItemFlag.transfer) === 0 && options.info.name >= 1 && isTold(event, options, output.own))
          info(namedItem(event));
        break;
      case "notice":
        if (isNoticeShown(event.code, options, itemizing && protocol >= 29)) info(event.text);
        break;
      case "problem":
        say(classOf(event), event.text);
        break;
      case "delete":
        if (protocol >= 29) output.send({ kind: "deleted", name: event.path, directory: event.directory });
        else if (options.info.del > 0 || options.info.name > 0 || settings.outFormat !== undefined) {
          // The client's format as far as it concerns the server; that all items are told is no item.
          const { outFormat = "" } = settings;
          const name = `${event.path}${event.directory ? "/" : ""}`;
          info(itemizing ? outFormat.replace("%i", "*deleting  ") : outFormat === "%o" ? "del." : `deleting ${name}`);
        }
        break;
      default:
        break;
    }
  };
}

/**
 * What else an old client reads of: objects that were made, and directories whose attributes were set. Of what has only got other
 * attributes `-vv` says that in its own line (3-transfer 1.2).
 */
function isTold(
  { flags, linkedTo, entry, isChanged }: ItemEvent,
  options: TransferOptions,
  own: DirectoryMaker,
): boolean {
  if (isNewLink(flags, linkedTo)) return true;
  if ((flags & significantFlags) === 0) return false;
  const isNew = (flags & ItemFlag.isNew) !== 0;
  if ((entry.mode & FileType.mask) !== FileType.directory) return isNew || (flags & ItemFlag.local) !== 0;
  if (!isNew || options.dryRun) return isChanged !== false;
  // It has the time of its making, the owner and group of its maker, and no permission that the umask takes away.
  const hasOtherTime = options.times && !options.omitDirectoryTimes;
  const hasOtherMode = options.permissions && (entry.mode & (0o6000 | (own.umask & 0o777))) !== 0;
  const { owner, group, fakeSuper } = options;
  const hasOtherOwner = owner && (own.uid === 0 || fakeSuper) && entry.uid !== own.uid;
  const hasOtherGroup = group && entry.gid !== own.gid && (fakeSuper || own.groups?.includes(entry.gid) !== false);
  return hasOtherTime || hasOtherMode || hasOtherOwner || hasOtherGroup;
}

function namedItem({ path, entry, linkedTo }: ItemEvent): string {
  if ((entry.mode & FileType.mask) === FileType.directory) return `${path}/`;
  if (linkedTo !== undefined && linkedTo !== "") return `${path} => ${linkedTo}`;
  return entry.target === undefined ? path : `${path} -> ${entry.target}`;
}

function classOf({ severity, countsBefore30 }: ProblemEvent): TextClass {
  return severity === "error" ? "errorXfer" : countsBefore30 === true ? "error" : "warning";
}
