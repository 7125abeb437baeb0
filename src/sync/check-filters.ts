/** Reads the filter rules of a command line that is wrong: rsync would have come upon what is wrong with them first. */
import { compileFilters } from "../filter/compile-filters.ts";
import { OperatorPaths } from "../fs/operator-path.ts";
import { openSyscalls } from "../fs/syscalls/choose.ts";
import type { Settings } from "../options/settings.ts";
import { fileFilterReader } from "./filter-reader.ts";
import { operatorRules } from "./operator-rules.ts";

/** Throws a usage or file error for the first rule that is wrong; those of `-C` come last and are not looked at. */
export function checkFilters(settings: Settings, kind: "koffi" | "plain" | undefined): void {
  const filters = settings.filters.filter((argument) => argument.kind !== "cvs");
  if (filters.length === 0) return;
  const syscalls = openSyscalls(kind);
  try {
    const { deleteExcluded, nulTerminated } = settings;
    const reader = fileFilterReader(
      syscalls,
      new OperatorPaths(syscalls, operatorRules({ ...settings, confineRoot: undefined })),
    );
    compileFilters(filters, reader, { deleteExcluded, nulTerminated, home: undefined, cvsIgnoreVariable: undefined });
  } finally {
    syscalls.dispose();
  }
}
