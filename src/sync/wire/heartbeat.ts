/**
 * `--timeout` (1-session 5.6): a session in which no byte comes or goes for so long ends with 30. A side that has nothing to say sends
 * an empty frame now and then, so that the other one knows that it is there.
 */
import { ExitCode, type Role, TsyncError } from "../../errors.ts";
import { steadyMilliseconds } from "../../steady-time.ts";
import type { Connection } from "../../transport/connection.ts";

const tickMilliseconds = 250;
/** Longest time-out that a daemon may ask for. */
const secondsMax = 86_400;

export class Heartbeat {
  private readonly connection: Connection;
  private readonly role: Role;
  private seconds: number;
  private timer: NodeJS.Timeout | undefined;
  /** What the system had taken, and had still to take of the pieces under way; and when that was last another number. */
  private taken = 0;
  private queued = 0;
  private movedAt: number = steadyMilliseconds();

  /** `seconds`: 0 for no limit. */
  constructor(connection: Connection, role: Role, seconds: number) {
    this.connection = connection;
    this.role = role;
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
    if (taken !== this.taken || queued < this.queued) this.movedAt = now;
    this.taken = taken;
    this.queued = queued;
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
    if (isQuiet && waiting === 0) connection.keepAlive();
  }
}
