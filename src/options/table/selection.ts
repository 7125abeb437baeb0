/** Rows of the options that decide which files take part (2-file-list 1, 2, 9; 3-transfer 10.2). */
import { byteName } from "../../bytes/byte-name.ts";
import { flag, type OptionRow, row, text } from "../option-row.ts";
import { addFilter } from "../settings.ts";

/** Selection options in the order of the help. */
export const selectionRows: readonly OptionRow[] = [
  row("now", "recursive r", {
    help: "descend into directories",
    negations: "recursive r",
    set: (settings) => {
      settings.recursive = true;
    },
    clear: (settings) => {
      settings.recursive = false;
    },
  }),
  flag(
    "inc-recursive i-r",
    "allowIncremental",
    "work on directories while others are still searched",
    "inc-recursive i-r",
  ),
  row("now", "dirs d", {
    help: "take directories along without descending into them",
    negations: "dirs d",
    set: (settings) => {
      settings.directories = true;
    },
    clear: (settings) => {
      settings.directories = false;
    },
  }),
  row("now", "old-dirs old-d", {
    help: "--dirs for old peers: as -r --exclude='/*/*'",
    set: (settings) => {
      settings.directories = "old";
    },
  }),
  row("now", "relative R", {
    help: "keep the whole path of the arguments",
    negations: "relative R",
    set: (settings) => {
      settings.relative = true;
    },
    clear: (settings) => {
      settings.relative = false;
    },
  }),
  {
    ...flag(
      "implied-dirs i-d",
      "impliedDirectories",
      "--relative: leave the parent directories alone",
      "implied-dirs i-d",
    ),
    helpName: "--no-implied-dirs",
  },
  row("now", "one-file-system x", {
    help: "stay on the file system of each argument",
    negations: "one-file-system x",
    set: (settings) => {
      settings.oneFileSystem += 1;
    },
    clear: (settings) => {
      settings.oneFileSystem = 0;
    },
  }),
  flag("prune-empty-dirs m", "pruneEmptyDirectories", "leave out directories without files", "prune-empty-dirs m"),
  text("filter f", "RULE", "add a filter rule", (settings, value) => addFilter(settings, "filter", value)),
  row("now", "F", {
    help: "read rules from .rsync-filter files; twice: do not copy these",
    set: (settings) => {
      settings.perDirectoryFilters += 1;
      if (settings.perDirectoryFilters === 1) addFilter(settings, "filter", byteName(": /.rsync-filter"));
      if (settings.perDirectoryFilters === 2) addFilter(settings, "filter", byteName("- .rsync-filter"));
    },
  }),
  text("exclude", "PATTERN", "leave out what matches", (settings, value) => addFilter(settings, "exclude", value)),
  text("exclude-from", "FILE", "read such patterns from a file", (settings, value) =>
    addFilter(settings, "exclude-from", value),
  ),
  text("include", "PATTERN", "do not leave out what matches", (settings, value) =>
    addFilter(settings, "include", value),
  ),
  text("include-from", "FILE", "read such patterns from a file", (settings, value) =>
    addFilter(settings, "include-from", value),
  ),
  flag("cvs-exclude C", "cvsExclude", "leave out what CVS leaves out"),
  text("files-from", "FILE", "read the names to copy from a file", (settings, value) => {
    settings.filesFrom = value;
  }),
  flag("from0 0", "nulTerminated", "names and rules in files end at NUL", "from0"),
  sizeLimit("max-size", "maxSize", "leave out larger files"),
  sizeLimit("min-size", "minSize", "leave out smaller files"),
  flag("ignore-missing-args", "ignoreMissingArguments", "do not complain about missing arguments"),
  flag("delete-missing-args", "deleteMissingArguments", "delete missing arguments from the destination"),
  flag("copy-links L", "copyLinks", "copy what symbolic links point to"),
  flag("copy-unsafe-links", "copyUnsafeLinks", "copy what links out of the tree point to"),
  flag("safe-links", "safeLinks", "ignore links out of the tree"),
  flag("copy-dirlinks k", "copyDirectoryLinks", "treat links to directories as directories (source)"),
];

function sizeLimit(name: string, key: "maxSize" | "minSize", help: string): OptionRow {
  return row("now", name, {
    help,
    argument: { kind: "size", label: "SIZE", range: { defaultSuffix: "b", min: 0 } },
    set: (settings, _value, number) => {
      settings[key] = number;
    },
  });
}
