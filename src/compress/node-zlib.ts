/** Node's zlib, loaded when something is to be compressed: a session without must not pay for it (0.8 ms, docs/decisions/004). */
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

export function zlib(): typeof import("node:zlib") {
  return require("node:zlib");
}
