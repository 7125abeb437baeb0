/** `--checksum-choice=NAME[,NAME]`: the checksum of transferred data, and that of `--checksum` (1-session 4). */
import type { ByteName } from "../bytes/byte-name.ts";
import { type ChecksumName, digestBytes } from "../delta/checksum.ts";
import { ExitCode, type Role, TsyncError, untoldError } from "../errors.ts";

/** Both checksums of a run. */
export interface ChecksumChoice {
  readonly transfer: ChecksumName;
  readonly list: ChecksumName;
}

/** What two programs of this version agree on by themselves. */
const automatic: ChecksumName = "xxh128";

/**
 * Reads the option; undefined is the automatic choice. A second name is for the list; without one the first is.
 * @throws TsyncError unsupported: an unknown name
 */
export function parseChecksumChoice(text: ByteName | undefined): ChecksumChoice {
  if (text === undefined) return { transfer: automatic, list: automatic };
  const comma = text.indexOf(",");
  const transfer = nameOf(comma < 0 ? text : text.slice(0, comma), text);
  const list = comma < 0 ? transfer : nameOf(text.slice(comma + 1));
  return { transfer, list };
}

/** What a session does not negotiate; a part that is left to the programs is what old ones imply. */
export interface ChosenChecksums {
  readonly transfer: ChecksumName | undefined;
  readonly list: ChecksumName | undefined;
}

/** The option as both ends of a session understand it; undefined: they negotiate. */
export function chosenChecksums(text: ByteName | undefined): ChosenChecksums | undefined {
  const names = (text ?? "auto").toLowerCase().split(",");
  if (names.every((name) => name === "auto")) return undefined;
  const { transfer, list } = parseChecksumChoice(text);
  const isOpen = (name: string | undefined): boolean => name === "auto";
  return {
    transfer: isOpen(names[0]) ? undefined : transfer,
    list: isOpen(names[1] ?? names[0]) ? undefined : list,
  };
}

/**
 * `none` for the list under `--checksum`: that only matters once there is a file whose checksum is needed. A server that sends
 * leaves its client without a word then (1-session 7.5).
 */
export function noListChecksum(): TsyncError {
  return untoldError(refused("Invalid checksum-choice for --checksum: none (0)", "sender"));
}

/** `shown`: how far rsync reads what it tells of. */
function nameOf(text: string, shown: string = text): ChecksumName {
  const name = text.toLowerCase();
  if (name === "auto") return automatic;
  if (name === "xxhash") return "xxh64";
  if (isChecksumName(name)) return name;
  throw refused(`unknown checksum name: ${shown}`, "client");
}

function isChecksumName(name: string): name is ChecksumName {
  return Object.hasOwn(digestBytes, name);
}

/** rsync prints these lines without its name. */
function refused(message: string, role: Role): TsyncError {
  return new TsyncError("unsupported", message, { exitCode: ExitCode.unsupported, plain: true, role });
}
