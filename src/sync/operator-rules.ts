/** How far the operator's paths of a run are trusted (4-traps O-01): `--insecure-links`, `--confine-root`. */
import type { OperatorRules } from "../fs/operator-path.ts";
import type { TransferOptions } from "../options/transfer-options.ts";

type Given = Pick<TransferOptions, "insecureLinks" | "confineRoot">;

/** The rules for whoever runs this process now. */
export function operatorRules({ insecureLinks, confineRoot }: Given): OperatorRules {
  return { uid: process.geteuid?.() ?? 0, followsAll: insecureLinks, root: confineRoot };
}
