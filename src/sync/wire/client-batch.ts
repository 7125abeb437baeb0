/** The batch file that a client writes while it talks with another machine (3-transfer 8). */
import { byteName } from "../../bytes/byte-name.ts";
import type { Role } from "../../errors.ts";
import type { FilterProgram } from "../../filter/compile-filters.ts";
import { formatWireRules } from "../../filter/wire-rules.ts";
import type { OperatorPaths } from "../../fs/operator-path.ts";
import type { Syscalls } from "../../fs/syscalls/interface.ts";
import { checkChoices } from "../../options/allowed-names.ts";
import { batchFlags } from "../../options/batch-options.ts";
import { batchProgram, formatBatchScript } from "../../options/batch-script.ts";
import type { RemoteCommand } from "../../options/parse-arguments.ts";
import type { TransferOptions } from "../../options/transfer-options.ts";
import { BatchFlag, type BatchHeader } from "../../protocol/batch-header.ts";
import { protocolMax } from "../../protocol/wire-context.ts";
import { BatchRecorder } from "./batch-recorder.ts";
import { batchNames } from "./negotiate.ts";
import type { Session } from "./session.ts";

/**
 * Makes the batch file that is to be written, and its script; undefined where none is.
 * @throws TsyncError file (exit 3 or 11), unsupported (exit 4) for a checksum or compression that not every reader knows
 */
export function openBatch(
  { batch, settings, remote, destination }: RemoteCommand,
  program: FilterProgram,
  syscalls: Syscalls,
  own: OperatorPaths,
): BatchRecorder | undefined {
  if (batch === undefined) return undefined;
  const protocol = settings.protocol ?? protocolMax;
  checkChoices(settings, batchNames(protocol));
  const recorder = new BatchRecorder(batch.path, settings.onlyBatch, syscalls, own);
  const rules = formatWireRules(program, { protocol: protocolMax, clientSide: undefined });
  const target = destination ?? remote.paths[0] ?? byteName(".");
  const { args, path } = batch;
  const role: Role = remote.direction === "push" ? "sender" : "Receiver";
  recorder.open(
    formatBatchScript({ program: batchProgram, args, batch: path, destination: target, rules, protocol, role }),
  );
  return recorder;
}

/** What stands at the head of the batch file of a session. */
export function batchHeader(options: TransferOptions, session: Session, convertsNames: boolean): BatchHeader {
  const { protocol, compat, seed } = session;
  return { flags: batchFlags(options, protocol) | (convertsNames ? BatchFlag.iconv : 0), protocol, compat, seed };
}
