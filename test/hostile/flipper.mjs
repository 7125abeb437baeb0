// Exchanges two names without a pause, natively: `node flipper.mjs A B` (renameat2 with RENAME_EXCHANGE) until it is
// killed or its parent is gone. Says "ready" when it has begun. Several pairs may be given.
import koffi from "koffi";

const library = koffi.load("libc.so.6");
const exchange = library.func("int renameat2(int, const char *, int, const char *, unsigned int)");
const usleep = library.func("int usleep(unsigned int)");
const workingDirectory = -100;
const names = process.argv.slice(2);
const parent = process.ppid;
process.stdout.write("ready\n");
for (let count = 0; ; count++) {
  for (let at = 0; at + 1 < names.length; at += 2)
    exchange(workingDirectory, names[at], workingDirectory, names[at + 1], 2);
  // Uneven pauses, so that no phase of the run is always met with the same side up.
  if (count % 7 === 0) usleep((count * 37) % 300);
  if (count % 1000 === 0 && process.ppid !== parent) break;
}
