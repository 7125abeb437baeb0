/**
 * Words of a remote shell command and how words are escaped for the shell at the other end (1-session 2.1, 2.5).
 */
import { type ByteName, byteName } from "../bytes/byte-name.ts";
import { plainUsageError, type Role, usageError } from "../errors.ts";

/**
 * The words of `--rsh` or `$RSYNC_RSH`: parted at spaces; a run in quotes of either kind may stand anywhere, and a doubled
 * quote in it is one quote. Backslashes mean nothing.
 * @throws TsyncError usage: a run that does not end, or no word at all
 */
export function splitCommand(command: ByteName, role: Role = "Receiver"): ByteName[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < command.length; at++) {
    const char = command.charAt(at);
    if (char === " ") {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (char === "'" || char === '"') {
      word ??= "";
      for (at++; ; at++) {
        if (at >= command.length) throw plainUsageError(`Missing trailing-${char} in remote-shell command.`, role);
        if (command.charAt(at) !== char) word += command.charAt(at);
        else if (command.charAt(at + 1) === char) word += command.charAt(at++);
        else break;
      }
    } else word = (word ?? "") + char;
  }
  if (word !== undefined) words.push(word);
  if (words.length === 0) throw usageError("no remote shell was given");
  return words.map(byteName);
}
