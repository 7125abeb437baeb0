/** Puts the receiving side of a run together: generator and everything that works in the destination. */
import { byteName } from "../bytes/byte-name.ts";
import { Alternates } from "./alternates.ts";
import { Backups } from "./backup.ts";
import type { RecordChannel } from "./channel.ts";
import type { RunContext } from "./context.ts";
import { Deleter } from "./delete.ts";
import type { Destination } from "./destination.ts";
import { pathBelow } from "./entry-parts.ts";
import { ExistingReader } from "./existing.ts";
import { EntryGenerator } from "./generate-entry.ts";
import { Generator } from "./generator.ts";
import type { HardLinks } from "./hard-links.ts";
import type { Arrivals } from "./remove-source.ts";
import { TempDirectory } from "./temp-directory.ts";
import { TreeState } from "./tree-state.ts";

/** What a run drives. */
export interface ReceivingSide {
  readonly generator: Generator;
  readonly entries: EntryGenerator;
  readonly deleter: Deleter;
  readonly tree: TreeState;
}

/**
 * Opens what the receiving side needs; `closers` gets what is to be called at the end, in reverse order. `allArrived` says
 * whether the generator may know that no more lists will come.
 */
export function openReceivingSide(
  context: RunContext,
  destination: Destination,
  channel: RecordChannel,
  links: HardLinks,
  remover: Arrivals,
  closers: (() => void)[],
  allArrived: () => boolean,
): ReceivingSide {
  const tree = new TreeState(context, destination);
  const backups = new Backups(context, destination, (byReceiver) => tree.touchTop(byReceiver));
  closers.push(
    () => tree.close(),
    () => backups.close(),
  );
  const deleter = new Deleter(context, destination, backups, (path) => tree.touch(path));
  const existing = new ExistingReader(context);
  const alternates = new Alternates(context, destination, existing);
  if (context.options.alternates !== undefined) {
    context.gate?.attachAlternates((entry) => alternates.fingerprints(pathBelow(destination, entry)));
  }
  const temp = TempDirectory.find(context, destination);
  closers.push(
    () => alternates.close(),
    () => temp?.close(),
  );
  const parts = { context, destination, channel, deleter, backups, tree, existing, links, remover, alternates, temp };
  const entries = new EntryGenerator(parts);
  closers.push(() => entries.close());
  return { generator: new Generator({ ...parts, entries, allArrived }), entries, deleter, tree };
}

/** `-vv`: whether files are copied whole, as a local run does by default. */
export function announceWholeFiles({ options, emit }: RunContext): void {
  if (options.debug.flist === 0) return;
  const state = options.wholeFile ? "disabled for local transfer or --whole-file" : "enabled";
  const text = byteName(`delta-transmission ${state}`);
  emit({ type: "notice", role: "generator", code: "delta-transmission", path: undefined, text });
}

/** `-vv`: how the search for blocks went. */
export function announceMatches({ options, emit, counters }: RunContext): void {
  if (options.debug.deltasum === 0) return;
  const { matches, hashHits, falseAlarms, literalBytes } = counters;
  const found = `matches=${matches}  hash_hits=${hashHits}  false_alarms=${falseAlarms}`;
  const text = byteName(`total: ${found} data=${literalBytes}`);
  emit({ type: "notice", role: "sender", code: "match-totals", path: undefined, text });
}
