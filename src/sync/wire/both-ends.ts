/**
 * Runs within one machine whose sender and receiving side talk to each other as they would with another machine: so that what the
 * sender says can be recorded (`--write-batch`, `--only-write-batch`, 3-transfer 8), or names be converted between the two (`--iconv`).
 */

import { type ByteName, byteName } from "../../bytes/byte-name.ts";
import { abortedError, asTsyncError, ExitCode, TsyncError } from "../../errors.ts";
import { compileFilters, programAtProtocol } from "../../filter/compile-filters.ts";
import { formatWireRules } from "../../filter/wire-rules.ts";
import { foreignLinkText, OperatorPaths } from "../../fs/operator-path.ts";
import { openSyscalls } from "../../fs/syscalls/choose.ts";
import { fakeSuperSyscalls } from "../../fs/syscalls/fake-super.ts";
import type { Syscalls } from "../../fs/syscalls/interface.ts";
import { checkChoices } from "../../options/allowed-names.ts";
import { batchFlags } from "../../options/batch-options.ts";
import { batchProgram, formatBatchScript } from "../../options/batch-script.ts";
import { otherCharset, ownCharset } from "../../options/charset-choice.ts";
import { chosenChecksums } from "../../options/checksum-choice.ts";
import { refuseOwnOptions } from "../../options/own-options.ts";
import type { BothEndsCommand } from "../../options/parse-arguments.ts";
import type { TransferOptions } from "../../options/transfer-options.ts";
import { BatchFlag } from "../../protocol/batch-header.ts";
import type { Message } from "../../protocol/message.ts";
import { agreeWithOneself } from "../../protocol/session-start.ts";
import { CompatFlag, protocolMax } from "../../protocol/wire-context.ts";
import { Connection } from "../../transport/connection.ts";
import { memoryPair } from "../../transport/memory-pair.ts";
import type { RunHost } from "../context.ts";
import { copyAs } from "../copy-as.ts";
import { withDeadline } from "../deadline.ts";
import type { EventSink, RunEvent, RunSummary } from "../events.ts";
import { fileFilterReader } from "../filter-reader.ts";

import { readListed } from "../listed-sources.ts";
import { operatorRules } from "../operator-rules.ts";

import { BatchRecorder } from "./batch-recorder.ts";
import { Condition } from "./condition.ts";
import { Link } from "./link.ts";
import { batchNames } from "./negotiate.ts";
import { receiveFromWire } from "./receive-side.ts";
import { sendToWire } from "./send-side.ts";
import { onPeerMessage, partingCode, wantsOf } from "./serve.ts";
import { agreedOptions, batchSession, freshSeed } from "./session.ts";
import { WireNames } from "./wire-names.ts";

/** What such a run is given. */
export interface BothEndsRequest extends RunHost {
  readonly command: BothEndsCommand;
}

const newest = protocolMax;
/** Whoever ends hears what the other has still to say. */
const patienceMilliseconds = 1000;

/** Runs to the end. */
export function runBothEnds(request: BothEndsRequest): Promise<RunSummary> {
  const { command, signal } = request;
  return withDeadline(command.options.stopAt, signal, (until) => runUntil({ ...request, signal: until }));
}

async function runUntil(request: BothEndsRequest): Promise<RunSummary> {
  const { command, emit, signal } = request;
  refuseLocalOnly(command);
  const syscalls = openSyscalls(request.syscalls);
  const operator = new OperatorPaths(syscalls, { ...operatorRules(command.options), root: undefined }, () =>
    warn(byteName(foreignLinkText)),
  );
  function warn(text: ByteName): void {
    emit({ type: "problem", severity: "warning", role: "client", text, path: undefined, errno: 0 });
  }
  const { batch, settings } = command;
  const recorder = batch === undefined ? undefined : new BatchRecorder(batch, settings.onlyBatch, syscalls, operator);
  const names: { sender?: WireNames | undefined; receiver?: WireNames | undefined } = {};
  try {
    if (signal.aborted) throw abortedError("sender");
    names.sender = WireNames.open(syscalls, ownCharset(settings.iconv), "sender");
    names.receiver = WireNames.open(syscalls, otherCharset(settings.iconv), "Receiver");
    const { sender, receiver } = names;
    const tells = command.options.debug.iconv > 0;
    const atStart = tells && receiver !== undefined ? [receiver.remark("Receiver")] : [];
    // With options of its own the other end reads all of them, this one too.
    if (batch !== undefined && !settings.onlyBatch && settings.remoteOptions.length > 0) {
      atStart.unshift(byteName("ignoring --write-batch option sent to server"));
    }
    for (const text of command.options.quiet ? [] : atStart) {
      emit({ type: "problem", severity: "warning", role: "Receiver", text, path: undefined, errno: 0 });
    }
    if (tells && sender !== undefined) {
      emit({ type: "notice", role: "sender", code: "other", path: undefined, text: sender.remark("sender") });
    }
    return await runBoth(request, recorder, syscalls, fileFilterReader(syscalls, operator, warn), names);
  } finally {
    recorder?.close();
    names.sender?.close();
    names.receiver?.close();
    syscalls.dispose();
  }
}

async function runBoth(
  request: BothEndsRequest,
  recorder: BatchRecorder | undefined,
  syscalls: Syscalls,
  reader: ReturnType<typeof fileFilterReader>,
  names: { readonly sender?: WireNames | undefined; readonly receiver?: WireNames | undefined },
): Promise<RunSummary> {
  const { command, emit, wants, signal, home, cvsIgnore } = request;
  const { settings } = command;
  const protocol = agreeWithOneself(settings.protocol ?? newest, "sender");
  const chosen = chosenChecksums(settings.checksumChoice);
  const { incrementalRecursion, deleteExcluded, nulTerminated, checksumSeed } = command.options;
  const program = compileFilters(command.options.filters, reader, {
    deleteExcluded,
    nulTerminated,
    home,
    cvsIgnoreVariable: cvsIgnore,
  });
  const modern = protocol >= 30;
  const header = {
    flags: batchFlags(command.options, protocol) | (names.sender === undefined ? 0 : BatchFlag.iconv),
    protocol,
    compat: modern ? allCapabilities | (incrementalRecursion ? CompatFlag.incremental : 0) : 0,
    seed: checksumSeed === 0 ? freshSeed() : checksumSeed,
  };
  const session = batchSession(header, command.options, chosen);
  // Some of the rules that are for it an old receiving side does not know, nor what `-C` leaves out in each directory.
  formatWireRules(program, { protocol, clientSide: "sender" });
  if (protocol < 29 && program.rules.slice(program.optionRules).some(({ merge }) => merge !== undefined))
    throw new TsyncError("protocol", "filter rules are too modern for remote rsync.", { exitCode: ExitCode.stream });
  const rules = programAtProtocol(program, protocol);
  const texts = formatWireRules(program, { protocol: newest, clientSide: undefined });
  const { args, batch, destination } = command;
  if (batch !== undefined) {
    recorder?.open(formatBatchScript({ program: batchProgram, args, batch, destination, rules: texts, protocol }));
    recorder?.begin(header);
  }
  copyAs(command.options.copyAs, syscalls, "sender");
  // With a batch both sides would negotiate, and these are all the names that every reader of one knows.
  if (recorder !== undefined) checkChoices(settings, batchNames(protocol));

  const timed = settings.deleteBefore || settings.deleteAfter || settings.deleteDuring !== undefined;
  const agreed = agreedOptions(command.options, session, !timed);
  const isOnly = recorder?.isOnly === true;
  const options: TransferOptions = isOnly ? { ...agreed, removeSource: "no" } : agreed;
  const [here, there] = memoryPair();
  const client = new Connection(here, "sender");
  client.room = request.room;
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
  for (const converter of [names.sender, names.receiver]) if (converter !== undefined) converter.convertsLinks = modern;
  server.convertMessage = names.receiver?.messageToWire;
  const namesHere = (text: ByteName): ByteName => {
    const { sender, receiver } = names;
    return sender === undefined || receiver === undefined ? text : sender.textFromWire(receiver.textToWire(text));
  };
  const shared = { signal, rules: () => rules, home, cvsIgnore };
  const callsOf = (role: "sender" | "generator"): Syscalls =>
    (role === "sender" ? options : options.receiverRights).fakeSuper ? fakeSuperSyscalls(syscalls, role) : syscalls;
  const receiverOptions: TransferOptions = { ...options, ...options.receiverRights };
  const receiving = receiveFromWire({
    ...shared,
    link: new Link(server, session, new Condition(), names.receiver),
    // Links come to the receiver as they were before they were munged, and it is not told to munge them.
    options: { ...receiverOptions, dryRun: receiverOptions.dryRun || isOnly, mungeLinks: false },
    isServer: true,
    onlyBatch: isOnly,
    emit: (event) => tell(event, emit, namesHere),
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
  const link = new Link(client, session, new Condition(), names.sender, recorder);
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
      if (recorder !== undefined) client.onSent = (bytes) => recorder.write(bytes);
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
  // Who heard of the end from the other, or just found it gone, has nothing to say.
  const reasons = [received, sent].flatMap((end) => (end.status === "rejected" ? [asTsyncError(end.reason)] : []));
  if (received.status === "rejected" || sent.status === "rejected") {
    throw reasons.find(isOwn) ?? reasons.find(({ message }) => message !== "") ?? reasons[0];
  }
  // The sending side hears what fails on the other, which counts more than what has vanished.
  const sender = received.value.exitCode === ExitCode.partial ? ExitCode.partial : sent.value.exitCode;
  const exitCode = Math.max(received.value.exitCode, sender) as ExitCode;
  return { ...sent.value, exitCode, batchOnly: isOnly };
}

function isOwn({ message, exitCode }: TsyncError): boolean {
  return message !== "" && exitCode !== ExitCode.stream;
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
function refuseLocalOnly({ options }: BothEndsCommand): void {
  refuseOwnOptions(options, "with a batch file");
}

/** Of the receiving side we hear what the sender does not tell of itself. */
function tell(event: RunEvent, emit: EventSink, namesHere: (text: ByteName) => ByteName): void {
  switch (event.type) {
    case "notice":
      emit({ ...event, text: namesHere(event.text) });
      break;
    case "problem":
      emit(event);
      break;
    case "created-directory":
    case "delete":
      emit({ ...event, path: namesHere(event.path) });
      break;
    default:
      // Items come back from the sender.
      break;
  }
}
