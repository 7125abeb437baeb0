/** The environment's lists of checksums and compressions that a session may use (1-session 4.2). */
import { fromText } from "../bytes/byte-name.ts";
import type { AllowedNames } from "../options/allowed-names.ts";

export function readAllowedNames(env: Readonly<Record<string, string | undefined>>): AllowedNames {
  const { RSYNC_CHECKSUM_LIST: checksums, RSYNC_COMPRESS_LIST: compressions } = env;
  return {
    checksums: checksums === undefined ? undefined : fromText(checksums),
    compressions: compressions === undefined ? undefined : fromText(compressions),
  };
}
