/** What `-vv` and `--debug` tell of how a client starts the other side (1-session 2.5, 4-traps E-02). */
import { type ByteName, byteName } from "../../bytes/byte-name.ts";
import type { RemoteCommand } from "../../options/parse-arguments.ts";
import type { EventSink, NoticeCode } from "../events.ts";
import { shownWords } from "./daemon-connect.ts";

/** Of a request what these need. */
interface Announced {
  readonly command: RemoteCommand;
  readonly emit: EventSink;
  readonly remoteShell: ByteName | undefined;
}

type RemarkFlag = "connect" | "cmd" | "iconv" | "nstr" | "proto";

/** `-vv`: the command of the remote shell; level 2: also what it was made of. */
export function announceCommand(request: Announced, words: readonly ByteName[]): void {
  const { settings, remote } = request.command;
  const tell = (text: string, level = 1) => remark(request, "cmd", text, level, "command");
  const at = remote.host.lastIndexOf("@");
  const shell = settings.remoteShell ?? request.remoteShell ?? "ssh";
  const user = at < 0 ? "<NULL>" : remote.host.slice(0, at);
  const machine = remote.host.slice(at + 1);
  tell(`cmd=${shell} machine=${machine} user=${user} path=${remote.paths[0] || "."}`, 2);
  tell(words.map((word, index) => `cmd[${index}]=${word} `).join(""), 2);
  tell(`opening connection using: ${shownWords(words)}`);
}

/** `-vv`: what goes by the protocol. */
export function announceSecluded(request: Announced, words: readonly ByteName[]): void {
  remark(request, "cmd", `protected args: ${shownWords(words)}`);
}

/** Tells something of the session if `--debug` asks for it. */
export function remark(
  { command, emit }: Announced,
  flag: RemarkFlag,
  text: string,
  level = 1,
  code: NoticeCode = "other",
): void {
  if (command.options.debug[flag] < level) return;
  emit({ type: "notice", role: "client", code, path: undefined, text: byteName(text) });
}
