/** What a digest algorithm outside the kernels provides; `checksum` wraps it in the common interface. */
export interface PlainDigest {
  /** Adds bytes to the message; they are free again on return. */
  update(bytes: Uint8Array): void;
  /** The digest, owned by the caller; only `reset` may follow. */
  digest(): Uint8Array;
  /** Starts a new message. */
  reset(): void;
}
