/**
 * The option table: one row for every option of rsync 3.5.0 and for tsync's own, in the order of the help (3-transfer 10.2). The rows
 * themselves stand in `table/`, by subject.
 */
import type { OptionRow } from "./option-row.ts";
import { attributeRows } from "./table/attributes.ts";
import { beyondRows } from "./table/beyond.ts";
import { outputRows } from "./table/output.ts";
import { programRows, remoteRows } from "./table/remote.ts";
import { selectionRows } from "./table/selection.ts";
import { deletionRows, updateRows } from "./table/update.ts";

/** Rows under one heading of the help. */
export interface OptionGroup {
  readonly heading: string;
  readonly rows: readonly OptionRow[];
}

/** All options by subject. */
export const optionGroups: readonly OptionGroup[] = [
  { heading: "What is copied", rows: selectionRows },
  { heading: "What is kept of each file", rows: attributeRows },
  { heading: "What is updated, and how", rows: updateRows },
  { heading: "What is deleted", rows: deletionRows },
  { heading: "What is printed", rows: outputRows },
  { heading: "What rsync does not have", rows: beyondRows },
  { heading: "Connections and other machines", rows: remoteRows },
  { heading: "About the program", rows: programRows },
];

/** All options. */
export const optionTable: readonly OptionRow[] = optionGroups.flatMap((group) => group.rows);

/** What one name or letter of the command line stands for. */
export interface OptionMatch {
  readonly row: OptionRow;
  readonly negated: boolean;
}

/** The table by long name (without dashes). */
export const optionsByName: ReadonlyMap<string, OptionMatch> = new Map(
  optionTable.flatMap((row) => [
    ...row.names.map((name): [string, OptionMatch] => [name, { row, negated: false }]),
    ...(row.negations ?? []).map((name): [string, OptionMatch] => [name, { row, negated: true }]),
  ]),
);

/** The table by letter. */
export const optionsByLetter: ReadonlyMap<string, OptionMatch> = new Map(
  optionTable.flatMap((row): [string, OptionMatch][] =>
    row.letter === undefined ? [] : [[row.letter, { row, negated: false }]],
  ),
);
