/** What the roles of one end of a session share: made of what the session agreed on, and of rules that may have come by it. */
import type { ByteName } from "../../bytes/byte-name.ts";
import type { Role } from "../../errors.ts";
import type { FilterProgram } from "../../filter/compile-filters.ts";
import { FilterEvaluator } from "../../filter/evaluator.ts";
import type { FilterReader, FilterSettings } from "../../filter/rule-list.ts";
import { foreignLinkText, OperatorPaths } from "../../fs/operator-path.ts";
import type { Syscalls } from "../../fs/syscalls/interface.ts";
import type { TransferOptions } from "../../options/transfer-options.ts";
import type { FileEntry } from "../../protocol/file-entry.ts";
import type { Message } from "../../protocol/message.ts";
import type { LateAttributes, RunContext, Wants } from "../context.ts";
import { RunCounters } from "../counters.ts";
import type { EventSink } from "../events.ts";
import { fileFilterReader } from "../filter-reader.ts";
import { FilterStack } from "../filter-stack.ts";
import { IdMapper, type PeerNames } from "../id-mapper.ts";
import { Ledger } from "../ledger.ts";
import { checkMunging } from "../munge.ts";
import { operatorRules } from "../operator-rules.ts";
import { currentIdentity } from "../run-parts.ts";
import { linksToFollow } from "../source-stat.ts";
import type { Link } from "./link.ts";

/** Parses the rules of a run. */
export type CompileRules = (reader: FilterReader, settings: FilterSettings) => FilterProgram;

/** What either end of a session is given. */
export interface EndRequest {
  readonly link: Link;
  /** As this session has them. */
  readonly options: TransferOptions;
  readonly isServer: boolean;
  /** The sender is a batch file (3-transfer 8). */
  readonly readsBatch?: boolean;
  /** The data goes into a batch file only (3-transfer 8.3). */
  readonly onlyBatch?: boolean;
  readonly emit: EventSink;
  readonly wants: Wants;
  readonly signal: AbortSignal;
  readonly syscalls: Syscalls;
  readonly rules: CompileRules;
  readonly home: ByteName | undefined;
  readonly cvsIgnore: ByteName | undefined;
  /** Sets who hears of messages that the roles must act on. */
  readonly onMessage: (handler: (message: Message) => void) => void;
}

/** A context, and what a scan needs besides. */
export interface EndParts {
  readonly context: RunContext;
  readonly program: FilterProgram;
  readonly reader: FilterReader;
  readonly ownPaths: OperatorPaths;
  /** Tells of names to map ids to that this machine does not have: rsync does behind the header of its list. */
  readonly tellUnknownNames: () => void;
}

/** `names`: what the other machine calls its ids, if it is the sender. */
export function makeEnd(request: EndRequest, names: PeerNames | undefined): EndParts {
  const { options, emit, syscalls, link } = request;
  if (options.mungeLinks) checkMunging(syscalls);
  const identity = currentIdentity(options.superUser);
  const ledger = new Ledger(emit);
  const refusal = (role: Role) => () => ledger.warning(role, foreignLinkText, true);
  const pathRules = operatorRules(options);
  const mergePaths = new OperatorPaths(syscalls, pathRules, refusal("client"));
  // What the command line of a client names is its user's own business.
  const ownPaths = request.isServer ? mergePaths : mergePaths.unconfined;
  const warn = (text: ByteName): void => ledger.warning("client", text);
  // A link in the destination may stand where a directory is expected.
  const throughLinks = names !== undefined || linksToFollow(options) !== "none";
  const reader = fileFilterReader(syscalls, ownPaths, warn, throughLinks, mergePaths);
  const { deleteExcluded, nulTerminated } = options;
  const settings = { deleteExcluded, nulTerminated, home: request.home, cvsIgnoreVariable: request.cvsIgnore };
  const program = request.rules(reader, settings);
  const unknownNames: string[] = [];
  const context: RunContext = {
    options,
    syscalls,
    operator: new OperatorPaths(syscalls, pathRules, refusal("generator")),
    identity,
    // Names that do not exist are told of where ids are mapped.
    ids: new IdMapper(options, syscalls, (text) => names !== undefined && unknownNames.push(text), names),
    ledger,
    emit,
    wants: request.wants,
    counters: new RunCounters(names !== undefined),
    filters: new FilterStack(new FilterEvaluator(program, "receiver", reader)),
    signal: request.signal,
    gate: undefined,
    readsBatch: request.readsBatch ?? false,
    failure: () => link.condition.failed,
    isRemote: true,
    onlyBatch: request.onlyBatch ?? false,
    coarseTimes: link.session.protocol < 31,
    sortsByName: link.session.protocol < 29,
    ...(names === undefined ? {} : { lateXattrs: new Map<FileEntry, LateAttributes>() }),
  };
  const tellUnknownNames = (): void => {
    for (const text of unknownNames) ledger.warning("Receiver", text, true);
  };
  return { context, program, reader, ownPaths, tellUnknownNames };
}
