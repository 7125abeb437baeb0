/** The rolling checksum in plain TypeScript, literally after 3-transfer 2.4: the oracle for the kernel. */

/** The rolling sum of the bytes, as an unsigned 32-bit value. */
export function referenceRollingSum(bytes: Uint8Array): number {
  let s1 = 0;
  let s2 = 0;
  for (const byte of bytes) {
    s1 = (s1 + (byte < 128 ? byte : byte - 256)) & 0xffff;
    s2 = (s2 + s1) & 0xffff;
  }
  return s1 + s2 * 0x10000;
}
