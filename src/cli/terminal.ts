/** Whether the output goes to a terminal (3-transfer 9.1). */
import { fstatSync } from "node:fs";

/** Devices of memory (`/dev/null`, `/dev/zero`, …) have this major number on Linux. */
const memoryDevices = 1;

/** Whether a descriptor is a terminal. `process.stdout` would load Node's streams and sockets, which files and pipes must not pay. */
export function isTerminal(descriptor: 1 | 2): boolean {
  try {
    const status = fstatSync(descriptor);
    if (!status.isCharacterDevice() || status.rdev >> 8 === memoryDevices) return false;
  } catch {
    return false;
  }
  return (descriptor === 1 ? process.stdout : process.stderr).isTTY === true;
}
