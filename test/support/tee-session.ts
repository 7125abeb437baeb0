/** Runs a client and a real rsync with a script in place of the remote shell that keeps both directions. */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface TeeSession {
  readonly status: number;
  readonly stderr: string;
  readonly toServer: Buffer;
  readonly toClient: Buffer;
}

/** Runs `CLIENT OPTIONS FROM... TO` in a folder, where the script and what it keeps are put too. */
export function runTeeSession(
  folder: string,
  options: readonly string[],
  from: string | readonly string[],
  to: string,
  client = "rsync",
): TeeSession {
  const shell = join(folder, "shell");
  const [toServer, toClient] = [join(folder, "to-server"), join(folder, "to-client")];
  // The client keeps its end open until the shell has ended: the first tee must be stopped.
  const lines = [
    "#!/bin/sh",
    "shift",
    "rm -f pipe; mkfifo pipe; exec 3<&0",
    `tee '${toServer}' <&3 >pipe &`,
    // tee does not cope with the socket that rsync gives, which does not block.
    `"$@" <pipe | tee '${toClient}' | '${process.execPath}' -e 'process.stdin.pipe(process.stdout)'`,
    "kill $!",
  ];
  writeFileSync(shell, `${lines.join("\n")}\n`, { mode: 0o700 });
  const args = [...options, "-e", shell, ...[from].flat(), to];
  const run = spawnSync(client, args, { cwd: folder, encoding: "utf8", timeout: 60_000 });
  return {
    status: run.status ?? -1,
    stderr: run.stderr,
    toServer: readFileSync(toServer),
    toClient: readFileSync(toClient),
  };
}
