/**
 * md5 and sha1 through node:crypto. The module is loaded when the first of them has data: it costs 2 to 6 ms, which
 * a run with the default checksum (xxh128) must not pay.
 */
import type { Hash } from "node:crypto";
import { createRequire } from "node:module";
import type { PlainDigest } from "./plain-digest.ts";

/** A digest of node:crypto with a `reset`. */
export function createCryptoChecksum(name: "md5" | "sha1"): PlainDigest {
  let hash: Hash | undefined;
  const started = (): Hash => {
    if (hash === undefined) {
      const { createHash } = createRequire(import.meta.url)("node:crypto") as typeof import("node:crypto");
      hash = createHash(name);
    }
    return hash;
  };
  return {
    update(bytes): void {
      started().update(bytes);
    },
    digest: () => new Uint8Array(started().digest()),
    reset(): void {
      hash = undefined;
    },
  };
}
