/** The statistics that a server sender sends after its last file (1-session 7.3). */
import type { WireReader } from "./wire-reader.ts";
import type { WireWriter } from "./wire-writer.ts";

/** Bytes as the server counts them (frame headers included), and times in milliseconds (0 before protocol 29). */
export interface TransferStats {
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly totalSize: number;
  readonly listBuildMilliseconds: number;
  readonly listSendMilliseconds: number;
}

const minBytes = 3;

export function writeTransferStats(writer: WireWriter, stats: TransferStats, protocol: number): void {
  const put = (value: number): void => {
    if (protocol < 30) writer.longint(value);
    else writer.varlong(value, minBytes);
  };
  put(stats.bytesRead);
  put(stats.bytesWritten);
  put(stats.totalSize);
  if (protocol < 29) return;
  put(stats.listBuildMilliseconds);
  put(stats.listSendMilliseconds);
}

/** The statistics, for display only; a negative number is refused (exit 2). */
export function readTransferStats(reader: WireReader, protocol: number): TransferStats {
  const get = (): number => {
    const value = protocol < 30 ? reader.longint() : reader.varlong(minBytes);
    return reader.checked("statistics", value, 0, Number.MAX_SAFE_INTEGER);
  };
  const bytesRead = get();
  const bytesWritten = get();
  const totalSize = get();
  const timed = protocol >= 29;
  return {
    bytesRead,
    bytesWritten,
    totalSize,
    listBuildMilliseconds: timed ? get() : 0,
    listSendMilliseconds: timed ? get() : 0,
  };
}
