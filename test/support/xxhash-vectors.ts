/**
 * Published xxHash test vectors: the digests that the xxHash project's own sanity check expects of prefixes of its
 * pseudo-random buffer.
 */

const prime32 = 2654435761n;
const prime64 = 11400714785074694797n;

/** The buffer of the sanity check: the top bytes of a multiplicative sequence. */
export function sanityBuffer(length: number): Uint8Array {
  const buffer = new Uint8Array(length);
  let generator = prime32;
  for (let i = 0; i < length; i++) {
    buffer[i] = Number(generator >> 56n);
    generator = BigInt.asUintN(64, generator * prime64);
  }
  return buffer;
}

/** Length of the message, seed, digest. */
export const xxh64Vectors: readonly (readonly [number, bigint, bigint])[] = [
  [0, 0n, 0xef46db3751d8e999n],
  [0, prime32, 0xac75fda2929b17efn],
  [1, 0n, 0xe934a84adb052768n],
  [1, prime32, 0x5014607643a9b4c3n],
  [4, 0n, 0x9136a0dca57457een],
  [14, 0n, 0x8282dcc4994e35c8n],
  [14, prime32, 0xc3bd6bf63deb6df0n],
  [222, 0n, 0xb641ae8cb691c174n],
  [222, prime32, 0x20cb8ab7ae10c14an],
];

/** Length of the message, seed, digest. */
export const xxh3Vectors: readonly (readonly [number, bigint, bigint])[] = [
  [0, 0n, 0x2d06800538d394c2n],
  [0, prime64, 0xa8a6b918b2f0364an],
  [1, 0n, 0xc44bdff4074eecdbn],
  [1, prime64, 0x032be332dd766ef8n],
  [6, 0n, 0x27b56a84cd2d7325n],
  [6, prime64, 0x84589c116ab59ab9n],
  [12, 0n, 0xa713daf0dfbb77e7n],
  [12, prime64, 0xe7303e1b2336de0en],
  [24, 0n, 0xa3fe70bf9d3510ebn],
  [24, prime64, 0x850e80fc35bdd690n],
  [48, 0n, 0x397da259ecba1f11n],
  [48, prime64, 0xadc2cbaa44acc616n],
  [80, 0n, 0xbcdefbbb2c47c90an],
  [80, prime64, 0xc6dd0cb699532e73n],
  [195, 0n, 0xcd94217ee362ec3an],
  [195, prime64, 0xba68003d370cb3d9n],
  [403, 0n, 0xcdeb804d65c6dea4n],
  [403, prime64, 0x6259f6ecfd6443fdn],
  [512, 0n, 0x617e49599013cb6bn],
  [512, prime64, 0x3ce457de14c27708n],
  [2048, 0n, 0xdd59e2c3a5f038e0n],
  [2048, prime64, 0x66f81670669ababcn],
  [2240, 0n, 0x6e73a90539cf2948n],
  [2240, prime64, 0x757ba8487d1b5247n],
  [2367, 0n, 0xcb37aeb9e5d361edn],
  [2367, prime64, 0xd2db3415b942b42an],
];

/** Length of the message, seed, low and high half of the digest. */
export const xxh128Vectors: readonly (readonly [number, bigint, bigint, bigint])[] = [
  [0, 0n, 0x6001c324468d497fn, 0x99aa06d3014798d8n],
  [0, prime32, 0x5444f7869c671ab0n, 0x92220ae55e14ab50n],
  [1, 0n, 0xc44bdff4074eecdbn, 0xa6cd5e9392000f6an],
  [1, prime32, 0xb53d5557e7f76f8dn, 0x89b99554ba22467cn],
  [6, 0n, 0x3e7039bdda43cfc6n, 0x082afe0b8162d12an],
  [6, prime32, 0x269d8f70be98856en, 0x5a865b5389abd2b1n],
  [12, 0n, 0x061a192713f69ad9n, 0x6e3efd8fc7802b18n],
  [12, prime32, 0x9be9f9a67f3c7dfbn, 0xd7e09d518a3405d3n],
  [24, 0n, 0x1e7044d28b1b901dn, 0x0ce966e4678d3761n],
  [24, prime32, 0xd7304c54ebad40a9n, 0x3162026714a6a243n],
  [48, 0n, 0xf942219aed80f67bn, 0xa002ac4e5478227en],
  [48, prime32, 0x7ba3c3e453a1934en, 0x163adde36c072295n],
  [81, 0n, 0x5e8bafb9f95fb803n, 0x4952f58181ab0042n],
  [81, prime32, 0x703fbb3d7a5f755cn, 0x2724ec7adc750fb6n],
  [222, 0n, 0xf1aebd597cec6b3an, 0x337e09641b948717n],
  [222, prime32, 0xae995bb8af917a8dn, 0x91820016621e97f1n],
  [403, 0n, 0xcdeb804d65c6dea4n, 0x1b6de21e332dd73dn],
  [403, prime64, 0x6259f6ecfd6443fdn, 0xbed311971e0be8f2n],
  [512, 0n, 0x617e49599013cb6bn, 0x18d2d110dcc9bca1n],
  [512, prime64, 0x3ce457de14c27708n, 0x925d06b8ec5b8040n],
  [2048, 0n, 0xdd59e2c3a5f038e0n, 0xf736557fd47073a5n],
  [2048, prime32, 0x230d43f30206260bn, 0x7fb03f7e7186c3ean],
  [2240, 0n, 0x6e73a90539cf2948n, 0xccb134fbfa7ce49dn],
  [2240, prime32, 0xed385111126fba6fn, 0x50a1fe17b338995fn],
  [2367, 0n, 0xcb37aeb9e5d361edn, 0xe89c0f6ff369b427n],
  [2367, prime32, 0x6f5360ae69c2f406n, 0xd23aae4b76c31ecbn],
];
