/** Rows of the options that decide what is updated, how it is written, and what is deleted (3-transfer 1, 5, 6, 10.2). */

import { counter, flag, type OptionRow, row, text } from "../option-row.ts";
import { addAlternate } from "../settings.ts";
import { maxAllocRange } from "../sizes.ts";

/** Updating options in the order of the help. */
export const updateRows: readonly OptionRow[] = [
  flag("dry-run n", "dryRun", "only tell what would be done"),
  flag("checksum c", "checksum", "compare files by checksum, not by size and time", "checksum c"),
  flag("ignore-times I", "ignoreTimes", "transfer files of equal size and time too"),
  flag("size-only", "sizeOnly", "files of equal size are equal"),
  row("now", "modify-window @", {
    help: "seconds by which equal times may differ; -1: exact to the nanosecond",
    argument: { kind: "integer", label: "NUM" },
    set: (settings, _value, number) => {
      settings.modifyWindow = number;
    },
  }),
  flag("update u", "update", "leave files alone that are newer in the destination"),
  flag("existing ignore-non-existing", "existing", "create nothing new"),
  flag("ignore-existing", "ignoreExisting", "do not touch files that exist"),
  row("now", "whole-file W", {
    help: "copy files as a whole (the default for local runs)",
    negations: "whole-file W",
    set: (settings) => {
      settings.wholeFile = true;
    },
    clear: (settings) => {
      settings.wholeFile = false;
    },
  }),
  flag("inplace", "inplace", "write into the destination files themselves", "inplace"),
  row("now", "append", {
    help: "append to shorter files",
    negations: "append",
    set: (settings) => {
      settings.append = 1;
      settings.appends += 1;
    },
    clear: (settings) => {
      settings.append = 0;
      settings.appends = 0;
    },
  }),
  row("now", "append-verify", {
    help: "--append, and check the old part",
    set: (settings) => {
      settings.append = 2;
    },
  }),
  flag("sparse S", "sparse", "make holes of runs of zeros", "sparse S"),
  flag("preallocate", "preallocate", "reserve the space of files first"),
  flag("fsync", "fsync", "flush every file to disk"),
  flag("partial", "partial", "keep partly transferred files", "partial"),
  text("partial-dir", "DIR", "keep partly transferred files in this directory", (settings, value) => {
    settings.partialDirectory = value;
  }),
  flag("delay-updates", "delayUpdates", "put all files into place at the end", "delay-updates"),
  text("temp-dir T", "DIR", "make temporary files in this directory", (settings, value) => {
    settings.tempDirectory = value;
  }),
  flag("backup b", "backup", "keep replaced and deleted files (see --suffix, --backup-dir)", "backup"),
  text("backup-dir", "DIR", "keep them in this directory", (settings, value) => {
    settings.backupDirectory = value;
  }),
  text("suffix", "SUFFIX", "append this to their names (~ without --backup-dir)", (settings, value) => {
    settings.backupSuffix = value;
  }),
  flag("mkpath", "makePath", "create missing parents of the destination", "mkpath"),
  flag("keep-dirlinks K", "keepDirectoryLinks", "treat links to directories as directories (destination)"),
  flag("munge-links", "mungeLinks", "undo the munging of symbolic links", "munge-links"),
  flag("insecure-links", "insecureLinks", "follow links of others in given paths", "insecure-links"),
  text("confine-root", "DIR", "refuse given paths that lead out of DIR", (settings, value) => {
    settings.confineRoot = value;
  }),
  row("now", "remove-source-files", {
    help: "remove files from the source when they are at the destination",
    set: (settings) => {
      settings.removeSource = "all";
    },
  }),
  row("now", "remove-sent-files", {
    help: "... only those that had to be sent",
    set: (settings) => {
      settings.removeSource = "sent";
    },
  }),
  counter("fuzzy y", "fuzzy", "look for similar files to start from; twice: in other directories too", "fuzzy y"),
  text("compare-dest", "DIR", "compare with files in DIR too", (settings, value) => {
    addAlternate(settings, "compare", value);
  }),
  text("copy-dest", "DIR", "... and copy unchanged ones from there", (settings, value) => {
    addAlternate(settings, "copy", value);
  }),
  text("link-dest", "DIR", "... and link to unchanged ones there", (settings, value) => {
    addAlternate(settings, "link", value);
  }),
  row("now", "block-size B", {
    help: "size of the blocks of the delta algorithm",
    argument: { kind: "size", label: "SIZE", range: { defaultSuffix: "b", min: 0, max: 131_072 } },
    set: (settings, _value, number) => {
      settings.blockSize = number;
    },
  }),
  text("checksum-choice cc", "NAME", "checksum of data, or NAME,NAME: of data and of --checksum", (settings, value) => {
    settings.checksumChoice = value;
  }),
  row("now", "checksum-seed", {
    help: "seed of the checksums of blocks (0: another one each time)",
    argument: { kind: "integer", label: "NUM" },
    set: (settings, _value, number) => {
      settings.checksumSeed = number;
    },
  }),
  row("now", "max-alloc", {
    help: "most memory for one list of names or block sums",
    argument: { kind: "size", label: "SIZE", range: maxAllocRange },
    set: (settings, text, bytes) => {
      settings.maxAlloc = { text, bytes };
    },
  }),
];

/** Deletion options in the order of the help. */
export const deletionRows: readonly OptionRow[] = [
  flag("delete", "delete", "delete files that the source does not have"),
  row("now", "del delete-during", {
    help: "delete while files are transferred (the default)",
    set: (settings) => {
      settings.deleteDuring = "during";
    },
  }),
  row("now", "delete-delay", {
    help: "find them during the transfer, delete them after it",
    set: (settings) => {
      settings.deleteDuring = "delay";
    },
  }),
  flag("delete-before", "deleteBefore", "delete before the transfer"),
  flag("delete-after", "deleteAfter", "delete after the transfer"),
  flag("delete-excluded", "deleteExcluded", "delete excluded files too"),
  flag("ignore-errors", "ignoreErrors", "delete even after errors", "ignore-errors"),
  flag("force", "force", "replace directories even if they are not empty", "force"),
  row("now", "max-delete", {
    help: "delete no more than this",
    argument: { kind: "integer", label: "NUM" },
    set: (settings, _value, number) => {
      settings.maxDelete = Math.max(number, 0);
    },
  }),
];
