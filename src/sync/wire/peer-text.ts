/** Texts of the other side as events of this run (1-session 5.5, 4-traps E-03). */
import { byteName } from "../../bytes/byte-name.ts";
import type { Role } from "../../errors.ts";
import type { Message } from "../../protocol/message.ts";
import type { EventSink, ProblemEvent } from "../events.ts";

/** Tells a text; what makes the run a partial one is handed on to who keeps the ledger. */
export function tellPeerText(
  message: Extract<Message, { readonly kind: "text" }>,
  role: Role,
  emit: EventSink,
  handle: (message: Message) => void,
): void {
  const text = byteName(message.text.replace(/\n$/, ""));
  if (message.class === "info") {
    emit({ type: "notice", role, code: "other", path: undefined, text });
    return;
  }
  const severity: ProblemEvent["severity"] = message.class === "errorXfer" ? "error" : "warning";
  if (severity === "error") handle(message);
  emit({ type: "problem", severity, role, text, path: undefined, errno: 0 });
}
