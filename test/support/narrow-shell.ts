/**
 * A remote shell whose every way is narrow (4-traps X-03): pipes of 4 KiB to and from the server, read and written 4 KiB at a time,
 * and the smallest socket buffers that the kernel gives where the client's own socket leads here. A session that needs
 * more room than that to go on stops for ever.
 */
import { spawn } from "node:child_process";
import { closeSync, readdirSync, readlinkSync } from "node:fs";
import koffi from "koffi";

const pipeBytes = 4096;
const setPipeSize = 1031;
const closeOnExec = 0x80000;
const [socketLevel, sendBuffer] = [1, 7];
const [pidfdOpen, pidfdGetfd] = [434, 438];

const library = koffi.load("libc.so.6");
const pipe2: (...args: unknown[]) => number = library.func("int pipe2(void *, int)");
const fcntl: (...args: unknown[]) => number = library.func("int fcntl(int, int, int)");
const setsockopt: (...args: unknown[]) => number = library.func("int setsockopt(int, int, int, void *, int)");
const syscall: (...args: unknown[]) => number = library.func("long syscall(long, int, int, int)");

/** Two descriptors: the reading and the writing end. */
function narrowPipe(): readonly [number, number] {
  const ends = new Int32Array(2);
  if (pipe2(ends, closeOnExec) !== 0) throw new Error("pipe2 failed");
  const [from = -1, to = -1] = ends;
  if (fcntl(to, setPipeSize, pipeBytes) < 0) throw new Error("the size of a pipe cannot be set");
  return [from, to];
}

/** Makes the buffers of a process's sockets small; only root may reach into another process. */
function squeezeSockets(pid: number): void {
  const pidfd = syscall(pidfdOpen, pid, 0, 0);
  for (const name of readdirSync(`/proc/${pid}/fd`)) {
    let target = "";
    try {
      target = readlinkSync(`/proc/${pid}/fd/${name}`);
    } catch {
      continue;
    }
    if (!target.startsWith("socket:")) continue;
    const copy = syscall(pidfdGetfd, pidfd, Number(name), 0);
    if (copy < 0) throw new Error("pidfd_getfd failed");
    setsockopt(copy, socketLevel, sendBuffer, new Int32Array([1]), 4);
    closeSync(copy);
  }
}

if (process.geteuid?.() === 0) squeezeSockets(process.ppid);
for (const own of [0, 1]) setsockopt(own, socketLevel, sendBuffer, new Int32Array([1]), 4);
const [serverInput, toServer] = narrowPipe();
const [fromServer, serverOutput] = narrowPipe();
const relay = ["bs=4096", "status=none"];
const towards = spawn("dd", relay, { stdio: [0, toServer, "ignore"] });
const back = spawn("dd", relay, { stdio: [fromServer, 1, "ignore"] });
const server = spawn("sh", ["-c", process.argv.slice(3).join(" ")], { stdio: [serverInput, serverOutput, 2] });
for (const end of [serverInput, toServer, fromServer, serverOutput]) closeSync(end);
const isBack = new Promise((resolve) => back.on("close", resolve));
server.on("exit", (code, signal) => {
  towards.kill();
  process.exitCode = code ?? (signal === null ? 1 : 125);
  void isBack.then(() => process.exit());
});
