/** Rows of the options that decide what is told to the user (3-transfer 9, 10.2). */
import { usageError } from "../../errors.ts";
import { applyFlagWords, debugFlags, infoFlags } from "../info-flags.ts";
import { counter, flag, type OptionRow, row, text } from "../option-row.ts";

/** Output options in the order of the help. */
export const outputRows: readonly OptionRow[] = [
  counter("verbose v", "verbose", "say more; may be repeated", "verbose v"),
  text("info", "FLAGS", "choose kinds of messages; --info=help lists them", (settings, value) => {
    const asked = applyFlagWords("info", value, infoFlags, settings.info, settings.server);
    if (asked === "help") settings.request = "info-help";
  }),
  text("debug", "FLAGS", "choose kinds of debug messages; --debug=help lists them", (settings, value) => {
    const asked = applyFlagWords("debug", value, debugFlags, settings.debug, settings.server);
    if (asked === "help") settings.request = "debug-help";
  }),
  row("now", "stderr", {
    help: "what goes to standard error: errors, all or client",
    argument: { kind: "text", label: "MODE" },
    set: (settings, value) => {
      const mode = ["errors", "all", "client"].find((word) => value !== "" && word.startsWith(value));
      if (mode === undefined) throw usageError(`--stderr mode "${value}" is not one of errors, all, or client`);
      settings.standardError = mode as "errors" | "all" | "client";
    },
  }),
  row("now", "msgs2stderr", {
    negations: "msgs2stderr",
    set: (settings) => {
      settings.standardError = "all";
    },
    clear: (settings) => {
      settings.standardError = "client";
    },
  }),
  flag("quiet q", "quiet", "print errors and warnings only"),
  {
    ...flag("motd", "showsGreeting", "do not show the greeting of a daemon", "motd"),
    helpName: "--no-motd",
  },
  flag("stats", "stats", "print statistics at the end"),
  row("now", "human-readable h", {
    help: "numbers with units of 1000, twice: of 1024 (-h alone is --help)",
    negations: "human-readable h",
    set: (settings) => {
      settings.humanReadable += 1;
    },
    clear: (settings) => {
      settings.humanReadable = 0;
    },
  }),
  flag("progress", "progress", "show how the transfer of each file goes on", "progress"),
  row("now", "P", {
    help: "the same as --partial --progress",
    set: (settings) => {
      settings.partial = true;
      settings.progress = true;
    },
  }),
  counter("itemize-changes i", "itemize", "one line per changed item; twice: unchanged ones too", "itemize-changes i"),
  text("out-format log-format", "FORMAT", "print a line of this form for each change", (settings, value) => {
    settings.outFormat = value;
  }),
  text("log-file", "FILE", "also write what is done to this file", (settings, value) => {
    settings.logFile = value === "" ? undefined : value;
  }),
  text("log-file-format", "FORMAT", "form of the changes in the log file", (settings, value) => {
    settings.logFileFormat = value;
  }),
  flag("list-only", "listOnly", "list the source files instead of copying them"),
  flag("8-bit-output 8", "eightBitOutput", "print bytes above 127 as they are", "8-bit-output 8"),
  text("outbuf", "N|L|B", "buffer the output not at all, by line, or by block", (settings, value) => {
    settings.outputBuffering = value;
  }),
  // A rate of 0 means no limit.
  row("now", "bwlimit", {
    help: "limit the speed",
    argument: { kind: "size", label: "RATE", range: { defaultSuffix: "k", min: 512, zeroUnlimited: true } },
    negations: "bwlimit",
    set: (settings, _value, number) => {
      settings.bandwidthLimit = Math.floor((number + 512) / 1024) * 1024;
    },
    clear: (settings) => {
      settings.bandwidthLimit = 0;
    },
  }),
];
