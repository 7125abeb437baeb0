/** Streaming checksums against published vectors and the plain-TypeScript reference. */
import { describe, expect, test } from "vitest";
import {
  type ChecksumName,
  createChecksum,
  digestBytes,
  inputBufferBytes,
  printOrder,
  type StreamingChecksum,
} from "../../../src/delta/checksum.ts";
import { loadKernels } from "../../../src/delta/kernels/kernels.ts";
import { createMd4 } from "../../../src/delta/reference/md4.ts";
import { referenceXxh3, referenceXxh128 } from "../../../src/delta/reference/xxh3.ts";
import { referenceXxh64 } from "../../../src/delta/reference/xxh64.ts";
import { randomBytes } from "../../support/random-bytes.ts";
import { sanityBuffer, xxh3Vectors, xxh64Vectors, xxh128Vectors } from "../../support/xxhash-vectors.ts";

const names = Object.keys(digestBytes) as ChecksumName[];
const sanity = sanityBuffer(2367);

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** Digest of `message` in print order, as hexadecimal digits. */
function printed(checksum: StreamingChecksum, message: Uint8Array): string {
  checksum.reset();
  checksum.update(message, 0, message.length);
  return hex(printOrder(checksum.name, checksum.digest()));
}

function hex64(value: bigint): string {
  return value.toString(16).padStart(16, "0");
}

function hex128({ low, high }: { low: bigint; high: bigint }): string {
  return hex64(high) + hex64(low);
}

describe("createChecksum, published vectors", () => {
  test.each(xxh64Vectors)("xxh64 of %i bytes, seed %i", (length, seed, digest) => {
    expect(printed(createChecksum("xxh64", { seed }), sanity.subarray(0, length))).toBe(hex64(digest));
  });

  test.each(xxh3Vectors)("xxh3 of %i bytes, seed %i", (length, seed, digest) => {
    expect(printed(createChecksum("xxh3", { seed }), sanity.subarray(0, length))).toBe(hex64(digest));
  });

  test.each(xxh128Vectors)("xxh128 of %i bytes, seed %i", (length, seed, low, high) => {
    expect(printed(createChecksum("xxh128", { seed }), sanity.subarray(0, length))).toBe(hex128({ low, high }));
  });

  // RFC 1320 A.5, RFC 1321 A.5, RFC 3174 7.3.
  test.each([
    ["md4", "", "31d6cfe0d16ae931b73c59d7e0c089c0"],
    ["md4", "a", "bde52cb31de33e46245e05fbdbd6fb24"],
    ["md4", "abc", "a448017aaf21d8525fc10ae87aa6729d"],
    ["md4", "message digest", "d9130a8164549fe818874806e1c7014b"],
    ["md4", "abcdefghijklmnopqrstuvwxyz", "d79e1c308aa5bbcdeea8ed63df412da9"],
    ["md4", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "043f8582f241db351ce627e153e7f0e4"],
    [
      "md4",
      "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
      "e33b4ddc9c38f2199c3e7b164fcc0536",
    ],
    ["md5", "", "d41d8cd98f00b204e9800998ecf8427e"],
    ["md5", "abc", "900150983cd24fb0d6963f7d28e17f72"],
    ["sha1", "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"],
    ["none", "abc", "00"],
  ] as const)("%s of %j", (name, text, digest) => {
    expect(printed(createChecksum(name), Buffer.from(text))).toBe(digest);
  });
});

describe("createChecksum, against the reference", () => {
  const lengths = [...Array.from({ length: 601 }, (_, length) => length), 1023, 1024, 1025, 2048, 2049, 9000];
  const seeds = [0n, 5n, BigInt.asUintN(64, -5n)];

  test.each(seeds)(
    "xxh64, xxh3 and xxh128 of every length up to 600 and more, seed %i",
    { timeout: 60_000 },
    (seed) => {
      const kernels = loadKernels();
      const xxh64 = createChecksum("xxh64", { kernels, seed });
      const xxh3 = createChecksum("xxh3", { kernels, seed });
      const xxh128 = createChecksum("xxh128", { kernels, seed });
      for (const length of lengths) {
        const message = randomBytes(length, length);
        expect([length, printed(xxh64, message)]).toEqual([length, hex64(referenceXxh64(message, seed))]);
        expect([length, printed(xxh3, message)]).toEqual([length, hex64(referenceXxh3(message, seed))]);
        expect([length, printed(xxh128, message)]).toEqual([length, hex128(referenceXxh128(message, seed))]);
      }
    },
  );

  test("md4 of every length up to 600 and more", { timeout: 60_000 }, () => {
    const md4 = createChecksum("md4");
    for (const length of [...lengths, 262_145]) {
      const message = randomBytes(length, length);
      const reference = createMd4();
      reference.update(message);
      expect([length, printed(md4, message)]).toEqual([length, hex(reference.digest())]);
    }
  });

  test.each([131_071, 131_072, 131_073, 262_145])("a message of %i bytes", { timeout: 60_000 }, (length) => {
    const message = randomBytes(length, 7);
    expect(printed(createChecksum("xxh64"), message)).toBe(hex64(referenceXxh64(message)));
    expect(printed(createChecksum("xxh128"), message)).toBe(hex128(referenceXxh128(message)));
  });

  test("takes a negative seed modulo 2^64", () => {
    const message = randomBytes(700, 1);
    const checksum = createChecksum("xxh128", { seed: -5n });
    expect(printed(checksum, message)).toBe(hex128(referenceXxh128(message, BigInt.asUintN(64, -5n))));
  });
});

describe.each(names)("createChecksum(%j)", (name) => {
  test("has the digest length of the table", () => {
    const checksum = createChecksum(name);
    expect(checksum.digestBytes).toBe(digestBytes[name]);
    expect(checksum.digest()).toHaveLength(digestBytes[name]);
  });

  test("gives the same digest through inputBuffer, update of it, and update of another buffer", () => {
    const message = randomBytes(inputBufferBytes, 3);
    const checksum = createChecksum(name);
    expect(checksum.inputBuffer).toHaveLength(inputBufferBytes);
    const expected = printed(checksum, message);
    checksum.reset();
    checksum.inputBuffer.set(message);
    checksum.updateFromInput(message.length);
    expect(hex(printOrder(name, checksum.digest()))).toBe(expected);
    checksum.inputBuffer.set(message);
    expect(printed(checksum, checksum.inputBuffer)).toBe(expected);
  });

  test("hashes only the range asked for", () => {
    const message = randomBytes(1000, 4);
    const checksum = createChecksum(name);
    checksum.update(message, 100, 500);
    expect(hex(printOrder(name, checksum.digest()))).toBe(printed(createChecksum(name), message.slice(100, 600)));
  });

  test("digest is a copy", () => {
    const checksum = createChecksum(name);
    const first = checksum.digest();
    const before = hex(first);
    checksum.reset();
    checksum.update(Buffer.from("other"), 0, 5);
    checksum.digest();
    expect(hex(first)).toBe(before);
  });

  test("refuses a range outside the buffer", () => {
    const checksum = createChecksum(name);
    expect(() => checksum.update(new Uint8Array(10), 5, 6)).toThrow("checksum of bytes 5+6 of a buffer of 10 bytes");
    expect(() => checksum.update(new Uint8Array(10), -1, 2)).toThrow("checksum of bytes");
    expect(() => checksum.updateFromInput(inputBufferBytes + 1)).toThrow("checksum of bytes");
  });
});

describe("createChecksum, shared kernels", () => {
  test("keeps interleaved messages apart", () => {
    const kernels = loadKernels();
    const [a, b] = [randomBytes(5000, 1), randomBytes(5000, 2)];
    const first = createChecksum("xxh128", { kernels });
    const second = createChecksum("xxh64", { kernels });
    for (let offset = 0; offset < 5000; offset += 1000) {
      first.update(a, offset, 1000);
      second.update(b, offset, 1000);
    }
    expect(hex(printOrder("xxh128", first.digest()))).toBe(hex128(referenceXxh128(a)));
    expect(hex(printOrder("xxh64", second.digest()))).toBe(hex64(referenceXxh64(b)));
  });

  test("release makes the state available again", () => {
    const kernels = loadKernels();
    for (let i = 0; i < 200; i++) createChecksum("xxh3", { kernels }).release();
    expect(createChecksum("xxh3", { kernels }).digest()).toHaveLength(8);
  });
});

describe("printOrder", () => {
  const digest = Uint8Array.of(1, 2, 3);
  test.each(names)("%s", (name) => {
    const reversed = name.startsWith("xxh");
    expect([...printOrder(name, digest)]).toEqual(reversed ? [3, 2, 1] : [1, 2, 3]);
    expect([...digest]).toEqual([1, 2, 3]);
  });
});
