/** How a user proves to a daemon that he knows a password (1-session 8.2, 8.3). */
import { createRequire } from "node:module";
import { createChecksum } from "./checksum.ts";

/** Digests for it, the best first. */
export const authDigests = ["sha512", "sha256", "sha1", "md5", "md4"] as const;
export type AuthDigest = (typeof authDigests)[number];

/**
 * The answer to a challenge, in base64 without padding. `seeded`: the form of md4 that daemons before 3.0 know, in which four zero
 * bytes come first.
 */
export function authResponse(digest: AuthDigest, password: Uint8Array, challenge: Uint8Array, seeded: boolean): string {
  const parts = [new Uint8Array(seeded ? 4 : 0), password, challenge];
  return Buffer.from(hash(digest, Buffer.concat(parts)))
    .toString("base64")
    .replace(/=+$/, "");
}

function hash(digest: AuthDigest, bytes: Uint8Array): Uint8Array {
  if (digest === "md4") {
    const checksum = createChecksum("md4");
    try {
      checksum.update(bytes, 0, bytes.length);
      return checksum.digest();
    } finally {
      checksum.release();
    }
  }
  const { createHash } = createRequire(import.meta.url)("node:crypto") as typeof import("node:crypto");
  return createHash(digest).update(bytes).digest();
}
