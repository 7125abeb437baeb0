/**
 * md5 and sha1 through node:crypto. The module is loaded when the first of them is wanted: it costs 2 to 5 ms, which
 * a run with the default checksum (xxh128) must not pay.
 */
import type { Hash } from "node:crypto";
import { createRequire } from "node:module";
import type { PlainDigest } from "./plain-digest.ts";

/** A digest of node:crypto with a `reset`. */
export function createCryptoChecksum(name: "md5" | "sha1"): PlainDigest {
  const { createHash } = createRequire(import.meta.url)("node:crypto") as typeof import("node:crypto");
  let hash: Hash = createHash(name);
  return {
    update(bytes): void {
      hash.update(bytes);
    },
    digest: () => new Uint8Array(hash.digest()),
    reset(): void {
      hash = createHash(name);
    },
  };
}
