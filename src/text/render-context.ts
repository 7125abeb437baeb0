/** What the text of a run depends on besides options and events (3-transfer 9), and what the items of a format are made from. */
import type { ChecksumName } from "../delta/checksum.ts";
import { applyModeChanges } from "../options/chmod.ts";
import { FileType } from "../protocol/file-entry.ts";
import type { ClockText } from "./clock-text.ts";
import type { OwnIdentity } from "./item-decision.ts";
import type { TextLocale } from "./locale.ts";
import type { FormatContext } from "./out-format.ts";
import type { RenderOptions, SessionTraits } from "./render-options.ts";

/** What the text depends on besides options and events. */
export interface RenderSettings {
  readonly locale: TextLocale;
  /** Where the data goes; a local run if not given. */
  readonly direction?: "push" | "pull" | undefined;
  /** The data goes into a batch file only: the log tells as little of what is not done as rsync's. */
  readonly onlyBatch?: boolean;
  /** There is only a log, that of a server. */
  readonly isServer?: boolean;
  /** Who the process is. */
  readonly own: OwnIdentity;
  /** Process id for `%p`. */
  readonly pid: number;
  readonly checksumName: ChecksumName;
  readonly clock: ClockText;
  /** Whole seconds since 1970. */
  now(): number;
  /** Milliseconds on a clock that never jumps. */
  steadyMilliseconds(): number;
}

/** What the items of a format are made from; `session` tells what is known of the session by now. */
export function formatContext(
  options: RenderOptions,
  settings: RenderSettings,
  session: () => SessionTraits,
): FormatContext {
  return {
    timesKept: options.times,
    pid: settings.pid,
    sends: settings.direction === "push",
    receives: settings.direction === "pull",
    changedMode: (mode) =>
      (mode & FileType.mask) === FileType.symlink ? mode : applyModeChanges(mode, options.chmod, settings.own.umask),
    checksumName: () => session().checksumName ?? settings.checksumName,
    decimalComma: settings.locale.decimalComma,
    hidesDigest: () => session().isOld,
    ownerKept: options.owner,
    groupKept: options.group,
    groups: settings.direction === "pull" && !options.fakeSuper ? settings.own.groups : undefined,
    clock: settings.clock,
    now: () => settings.now(),
  };
}
