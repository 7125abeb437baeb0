/** Rows of the options that rsync does not have. None of them changes anything unless it is given. */
import { usageError } from "../../errors.ts";
import { parseDeleteGuard } from "../delete-guard.ts";
import { flag, type OptionRow, text } from "../option-row.ts";

const sshKinds = ["system", "builtin"] as const;
const reflinkModes = ["auto", "always", "never"] as const;

/** Options of tsync's own, in the order of the help. */
export const beyondRows: readonly OptionRow[] = [
  text("delete-guard", "N|N%", "delete nothing if more than this would go", (settings, value) => {
    settings.deleteGuard = parseDeleteGuard(value);
  }),
  flag("refuse-empty-source", "refuseEmptySource", "do not start to delete for an empty or missing source"),
  flag("json", "json", "print events as lines of JSON, and nothing else"),
  flag("verify", "verify", "read back what was written and compare it"),
  text("reflink", "auto|always|never", "share the blocks of whole files with their source", (settings, value) => {
    const mode = reflinkModes.find((mode) => mode === value);
    if (mode === undefined) throw usageError(`--reflink=${value} is invalid: must be auto, always or never`);
    settings.reflink = mode;
  }),
  text("ssh", "system|builtin", "which ssh is the remote shell", (settings, value) => {
    const kind = sshKinds.find((kind) => kind === value);
    if (kind === undefined) throw usageError(`--ssh=${value} is invalid: must be system or builtin`);
    settings.ssh = kind;
  }),
  text(
    "ssh-accept",
    "new|SHA256:...",
    "take an unknown host, or the one with this key, with --ssh=builtin",
    (settings, value) => {
      if (value !== "new" && !/^SHA256:[A-Za-z0-9+/]{43}$/.test(value)) {
        throw usageError(`--ssh-accept=${value} is invalid: must be new, or a fingerprint as ssh-keygen -l shows it`);
      }
      settings.sshAccept = value;
    },
  ),
];
