/** Texts of the other side as events of this run (1-session 5.5, 4-traps E-03). */
import { byteName } from "../../bytes/byte-name.ts";
import type { Role } from "../../errors.ts";
import type { Message } from "../../protocol/message.ts";
import type { EventSink, ProblemEvent } from "../events.ts";

type Text = Extract<Message, { readonly kind: "text" }>;

/** The problem that a text of the other side, whose `role` it is, tells of. */
export function peerProblem({ text, class: kind }: Text, role: Role): ProblemEvent {
  const severity: ProblemEvent["severity"] = kind === "errorXfer" ? "error" : "warning";
  return { type: "problem", severity, role, text: byteName(text.replace(/\n$/, "")), path: undefined, errno: 0 };
}

/** Tells a text; what makes the run a partial one is handed on to who keeps the ledger. */
export function tellPeerText(message: Text, role: Role, emit: EventSink, handle: (message: Message) => void): void {
  const text = byteName(message.text.replace(/\n$/, ""));
  if (message.class === "info") {
    emit({ type: "notice", role, code: "other", path: undefined, text });
    return;
  }
  const problem = peerProblem(message, role);
  if (problem.severity === "error") handle(message);
  emit({ ...problem, fromPeer: true });
}
