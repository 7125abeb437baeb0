/** Messages that come before anybody can act on them: a daemon tells of missing arguments ahead of the file list. */
import { limitError, type Role } from "../../errors.ts";
import { limits } from "../../limits.ts";
import type { Message } from "../../protocol/message.ts";

export class EarlyMessages {
  private readonly role: Role;
  private readonly kept: Message[] = [];
  private readonly failed: Message[] = [];

  constructor(role: Role) {
    this.role = role;
  }

  /** Texts have been shown already: the first of these will do. */
  keep(message: Message): void {
    if (message.kind === "noop") return;
    if (message.kind === "text") {
      if (this.failed.length < limits.earlyMessages) this.failed.push(message);
    } else if (this.kept.length < limits.earlyMessages) this.kept.push(message);
    else throw limitError("too many messages before the file list", this.role);
  }

  /** Gives all of them to whoever can act on them now. */
  handOn(handler: (message: Message) => void): void {
    for (const message of [...this.failed, ...this.kept]) handler(message);
    this.failed.length = 0;
    this.kept.length = 0;
  }
}
