/**
 * `--timeout` (1-session 5.6): a session in which no byte comes or goes for so long ends with 30. A side that has nothing to say sends
 * an empty frame now and then, so that the other one knows that it is there. Such a frame does not count while the peer leaves
 * unread what it was sent: like rsync, which asks the system whether there is room, and is told that there is none.
 */
import { ExitCode, type Role, TsyncError } from "../../errors.ts";
import type { Syscalls } from "../../fs/syscalls/interface.ts";
import { steadyMilliseconds } from "../../steady-time.ts";
import type { Connection } from "../../transport/connection.ts";

const tickMilliseconds = 250;
/** Longest time-out that a daemon may ask for. */
const secondsMax = 86_400;
/** Unread by the peer, this much fills a connection: a socket with Linux's usual buffer tells who asks that it takes no more. */
const fullBytes = 53_248;

export class Heartbeat {
  private readonly connection: Connection;
  private readonly role: Role;
  private readonly syscalls: Pick<Syscalls, "unreadBytes">;
  private seconds: number;
  private timer: NodeJS.Timeout | undefined;
  /** What the system had taken, and had still to take of the pieces under way; what the peer had not read; and when that last moved. */
  private taken = 0;
  private queued = 0;
  private unread = 0;
  private movedAt: number = steadyMilliseconds();

  /** `seconds`: 0 for no limit. */
  constructor(connection: Connection, role: Role, seconds: number, syscalls: Pick<Syscalls, "unreadBytes">) {
    this.connection = connection;
    this.role = role;
    this.syscalls = syscalls;
    this.seconds = seconds;
    this.start();
  }

  /** A daemon wants us to wait no longer than this. */
  adopt(seconds: number): void {
    if (seconds <= 0 || seconds > secondsMax || (this.seconds > 0 && this.seconds <= seconds)) return;
    this.seconds = seconds;
    this.start();
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private start(): void {
    if (this.seconds <= 0 || this.timer !== undefined) return;
    this.timer = setInterval(() => this.tick(), tickMilliseconds);
  }

  private tick(): void {
    const { connection, seconds } = this;
    // Before it has a list, a receiving side has no generator yet.
    const role = this.role === "generator" && !connection.hasList ? "Receiver" : this.role;
    const now = steadyMilliseconds();
    if (connection.isHeld) connection.lastRead = now;
    // What only waits in this process has not been written: a peer that does not read is silent (4-traps X-03).
    const { waiting, queued } = connection.unsent;
    const taken = connection.bytesWritten - waiting;
    const { descriptor } = connection;
    const unread = descriptor === undefined ? 0 : Math.max(0, this.syscalls.unreadBytes(descriptor));
    if (taken !== this.taken || queued < this.queued || unread < this.unread) this.movedAt = now;
    this.taken = taken;
    this.queued = queued;
    this.unread = unread;
    const idle = (now - Math.max(connection.lastRead, this.movedAt)) / 1000;
    if (idle >= seconds) {
      this.stop();
      const message = `[${role}] io timeout after ${Math.floor(idle)} seconds -- exiting`;
      connection.fail(
        new TsyncError("timeout", message, { exitCode: ExitCode.timeout, role, plain: true, retryable: true }),
      );
      return;
    }
    const isQuiet = (now - connection.lastWritten) / 1000 >= Math.ceil(seconds / 2);
    if (isQuiet && waiting === 0 && unread < fullBytes) connection.keepAlive();
  }
}
