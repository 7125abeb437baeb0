/**
 * `--write-batch` and `--only-write-batch` within one machine (3-transfer 8): sender and receiving side talk to each other as they
 * would with another machine, and what the sender says is recorded.
 */

import { type ByteName, byteName } from "../../bytes/byte-name.ts";
import { abortedError, asTsyncError, type ExitCode, unsupportedError } from "../../errors.ts";
import { compileFilters } from "../../filter/compile-filters.ts";
import { formatWireRules } from "../../filter/wire-rules.ts";
import { foreignLinkText, OperatorPaths } from "../../fs/operator-path.ts";
import { openSyscalls } from "../../fs/syscalls/choose.ts";
import { fakeSuperSyscalls } from "../../fs/syscalls/fake-super.ts";
import type { Syscalls } from "../../fs/syscalls/interface.ts";
import { batchFlags } from "../../options/batch-options.ts";
import { formatBatchScript } from "../../options/batch-script.ts";
import { chosenChecksums } from "../../options/checksum-choice.ts";
import { refuseOwnOptions } from "../../options/own-options.ts";
import type { WriteBatchCommand } from "../../options/parse-arguments.ts";
import type { TransferOptions } from "../../options/transfer-options.ts";
import type { Message } from "../../protocol/message.ts";
import { CompatFlag, protocolMax } from "../../protocol/wire-context.ts";
import { Connection } from "../../transport/connection.ts";
import { memoryPair } from "../../transport/memory-pair.ts";
import type { Wants } from "../context.ts";
import { copyAs } from "../copy-as.ts";
import { withDeadline } from "../deadline.ts";
import type { EventSink, RunEvent, RunSummary } from "../events.ts";
import { fileFilterReader } from "../filter-reader.ts";

import { readListed } from "../listed-sources.ts";
import { operatorRules } from "../operator-rules.ts";

import { BatchRecorder } from "./batch-recorder.ts";
import { Condition } from "./condition.ts";
import { Link } from "./link.ts";
import { checkChoices } from "./negotiate.ts";
import { receiveFromWire } from "./receive-side.ts";
import { sendToWire } from "./send-side.ts";
import { onPeerMessage, partingCode, wantsOf } from "./serve.ts";
import { agreedOptions, batchSession, freshSeed } from "./session.ts";

/** What a run that writes a batch file is given. */
export interface WriteBatchRequest {
  readonly command: WriteBatchCommand;
  readonly emit: EventSink;
  readonly wants: Wants;
  readonly signal: AbortSignal;
  readonly syscalls: "koffi" | "plain" | undefined;
  readonly home: ByteName | undefined;
  readonly cvsIgnore: ByteName | undefined;
}

/** The name that the script calls. */
const program = "tsync";
const newest = protocolMax;
/** The oldest protocol of a batch that we write. */
const writtenProtocolMin = 29;
/** Whoever ends hears what the other has still to say. */
const patienceMilliseconds = 1000;

/** Runs to the end. */
export function writeBatch(request: WriteBatchRequest): Promise<RunSummary> {
  const { command, signal } = request;
  return withDeadline(command.options.stopAt, signal, (until) => writeUntil({ ...request, signal: until }));
}

async function writeUntil(request: WriteBatchRequest): Promise<RunSummary> {
  const { command, emit, signal } = request;
  refuseLocalOnly(command);
  const syscalls = openSyscalls(request.syscalls);
  const operator = new OperatorPaths(syscalls, { ...operatorRules(command.options), root: undefined }, () =>
    warn(byteName(foreignLinkText)),
  );
  function warn(text: ByteName): void {
    emit({ type: "problem", severity: "warning", role: "client", text, path: undefined, errno: 0 });
  }
  const recorder = new BatchRecorder(command.batch, command.settings.onlyBatch, syscalls, operator);
  try {
    if (signal.aborted) throw abortedError("sender");
    return await runBoth(request, recorder, syscalls, fileFilterReader(syscalls, operator, warn));
  } finally {
    recorder.close();
    syscalls.dispose();
  }
}

async function runBoth(
  request: WriteBatchRequest,
  recorder: BatchRecorder,
  syscalls: Syscalls,
  reader: ReturnType<typeof fileFilterReader>,
): Promise<RunSummary> {
  const { command, emit, wants, signal, home, cvsIgnore } = request;
  const { settings } = command;
  const protocol = Math.min(settings.protocol ?? newest, newest);
  const chosen = chosenChecksums(settings.checksumChoice);
  const { incrementalRecursion, deleteExcluded, nulTerminated, checksumSeed } = command.options;
  const rules = compileFilters(command.options.filters, reader, {
    deleteExcluded,
    nulTerminated,
    home,
    cvsIgnoreVariable: cvsIgnore,
  });
  const modern = protocol >= 30;
  const header = {
    flags: batchFlags(command.options, protocol),
    protocol,
    compat: modern ? allCapabilities | (incrementalRecursion ? CompatFlag.incremental : 0) : 0,
    seed: checksumSeed === 0 ? freshSeed() : checksumSeed,
  };
  const session = batchSession(header, command.options, chosen);
  const texts = formatWireRules(rules, { protocol: newest, clientSide: undefined });
  const { args, batch, destination } = command;
  recorder.open(header, formatBatchScript({ program, args, batch, destination, rules: texts, protocol }));
  copyAs(command.options.copyAs, syscalls, "sender");
  // Both sides would negotiate, and these are all the names that every reader of a batch knows.
  const checksums = byteName(modern ? "md5" : "md4");
  checkChoices(settings, { checksums, compressions: byteName("zlib") });

  const timed = settings.deleteBefore || settings.deleteAfter || settings.deleteDuring !== undefined;
  const agreed = agreedOptions(command.options, session, !timed);
  const options: TransferOptions = recorder.isOnly ? { ...agreed, removeSource: "no" } : agreed;
  const [here, there] = memoryPair();
  const client = new Connection(here, "sender");
  const server = new Connection(there, "Receiver");
  let toSender: (message: Message) => void = () => undefined;
  let toReceiver: (message: Message) => void = () => undefined;
  server.frameOutput({ protocol, isServer: true });
  client.frameInput({ protocol, isServer: true }, (message) =>
    onPeerMessage(client, "sender", message, (other) => toSender(other)),
  );
  if (modern) {
    client.frameOutput({ protocol, isServer: false });
    server.frameInput({ protocol, isServer: false }, (message) =>
      onPeerMessage(server, "Receiver", message, (other) => toReceiver(other)),
    );
  }
  const shared = { signal, rules: () => rules, home, cvsIgnore };
  const callsOf = (role: "sender" | "generator"): Syscalls =>
    options.fakeSuper ? fakeSuperSyscalls(syscalls, role) : syscalls;
  const receiving = receiveFromWire({
    ...shared,
    link: new Link(server, session, new Condition()),
    options: recorder.isOnly ? { ...options, dryRun: true } : options,
    isServer: true,
    onlyBatch: recorder.isOnly,
    emit: (event) => tell(event, emit),
    wants: wantsOf(options, protocol),
    syscalls: callsOf("generator"),
    onMessage: (handler) => {
      toReceiver = handler;
    },
    destination,
    check: (entry) => entry,
  }).then(
    async (summary) => {
      await server.finish();
      return summary;
    },
    async (error: unknown) => {
      const known = asTsyncError(error);
      await server.part(partingCode(known), patienceMilliseconds);
      throw known;
    },
  );
  const link = new Link(client, session, new Condition(), recorder);
  const sending = sendToWire({
    ...shared,
    link,
    options,
    isServer: false,
    emit,
    wants,
    syscalls: callsOf("sender"),
    onMessage: (handler) => {
      toSender = handler;
    },
    sources: command.sources,
    listed: ({ context, ownPaths }) => {
      client.onSent = (bytes) => recorder.write(bytes);
      return Promise.resolve(readListed(context, ownPaths));
    },
  }).then(
    async (summary) => {
      await client.finish();
      return summary;
    },
    async (error: unknown) => {
      const known = asTsyncError(error);
      await client.part(partingCode(known), patienceMilliseconds);
      throw known;
    },
  );
  const [received, sent] = await Promise.allSettled([receiving, sending]);
  // Who heard of the end from the other has nothing to say.
  if (received.status === "rejected" && asTsyncError(received.reason).message !== "") throw received.reason;
  if (sent.status === "rejected") throw sent.reason;
  if (received.status === "rejected") throw received.reason;
  const exitCode = Math.max(received.value.exitCode, sent.value.exitCode) as ExitCode;
  return { ...sent.value, exitCode, batchOnly: recorder.isOnly };
}

/** What either side understands (1-session 4.1). */
const allCapabilities =
  CompatFlag.symlinkTimes |
  CompatFlag.symlinkIconv |
  CompatFlag.safeFileList |
  CompatFlag.avoidXattrOptimisation |
  CompatFlag.checksumSeedFix |
  CompatFlag.inplacePartial |
  CompatFlag.varintFlags |
  CompatFlag.id0Names;

/** What cannot be recorded, and options of tsync's own that need to know both sides. */
function refuseLocalOnly({ options, settings }: WriteBatchCommand): void {
  // There lists are in another order than the one in which the generator asks, and readers want theirs.
  if ((settings.protocol ?? newest) < writtenProtocolMin) {
    throw unsupportedError("This tsync does not support --protocol below 29 with a batch file");
  }
  refuseOwnOptions(options, "with a batch file");
}

/** Of the receiving side we hear what the sender does not tell of itself. */
function tell(event: RunEvent, emit: EventSink): void {
  switch (event.type) {
    case "notice":
    case "problem":
    case "created-directory":
    case "delete":
      emit(event);
      break;
    default:
      // Items come back from the sender.
      break;
  }
}
