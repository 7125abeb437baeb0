/**
 * What the two sides agreed on before the first record (1-session 3, 4.1): the protocol number and the compatibility
 * flags. Every codec gets it; nothing of it is global.
 */

/** The oldest and the newest protocol that tsync speaks. */
export const protocolMin = 27;
export const protocolMax = 32;

/** Bits of the compatibility flags (1-session 4.1). */
export const CompatFlag = {
  incremental: 0x01,
  symlinkTimes: 0x02,
  symlinkIconv: 0x04,
  safeFileList: 0x08,
  avoidXattrOptimisation: 0x10,
  checksumSeedFix: 0x20,
  inplacePartial: 0x40,
  varintFlags: 0x80,
  id0Names: 0x100,
} as const;

/** The agreed protocol. */
export interface WireContext {
  /** 27..32. */
  readonly protocol: number;
  /** `CompatFlag` bits; 0 before protocol 30. */
  readonly compat: number;
}

/** Whether file lists come directory by directory. */
export function isIncremental({ compat }: WireContext): boolean {
  return (compat & CompatFlag.incremental) !== 0;
}

/** Whether flag words of entries are varints and names are negotiated. */
export function hasVarintFlags({ compat }: WireContext): boolean {
  return (compat & CompatFlag.varintFlags) !== 0;
}

/** `SAFE`: whether the end of a file list may carry an I/O error (2-file-list 0). */
export function hasSafeLists({ protocol, compat }: WireContext): boolean {
  return protocol >= 31 || (compat & CompatFlag.safeFileList) !== 0;
}

/** `XOPT`: attributes of hard-link followers are not asked for (2-file-list 0). */
export function hasXattrOptimisation({ protocol, compat }: WireContext): boolean {
  return protocol >= 31 && (compat & CompatFlag.avoidXattrOptimisation) === 0;
}
