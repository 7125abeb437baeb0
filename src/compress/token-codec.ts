/** Token streams by the name of their compression (1-session 4.2, 3-transfer 4). */
import type { CompressionName } from "../protocol/compression-name.ts";
import { PlainTokenReader, PlainTokenSink, type TokenReader, type TokenSink } from "../protocol/token.ts";
import { CompressedTokenReader, CompressedTokenSink } from "./compressed-tokens.ts";
import { Deflater } from "./deflate.ts";
import { Inflater } from "./inflate.ts";
import { Lz4Compressor, Lz4Decompressor } from "./lz4.ts";
import { createZstdCompressor, createZstdDecompressor } from "./zstd.ts";

/** How a sender compresses. */
export interface CompressionOptions {
  readonly name: CompressionName;
  readonly protocol: number;
  /** In the algorithm's own range (see `clampLevel`). */
  readonly level: number;
  /** `--compress-threads`: zstd only. */
  readonly threads: number;
}

/** Levels (3-transfer 4.5). */
const levels = {
  zstd: { min: -131_072, max: 22, standard: 3 },
  lz4: { min: 0, max: 0, standard: 0 },
  zlibx: { min: 1, max: 9, standard: 6 },
  zlib: { min: 1, max: 9, standard: 6 },
  none: { min: 0, max: 0, standard: 0 },
} as const satisfies Readonly<Record<CompressionName, { min: number; max: number; standard: number }>>;

/**
 * The level that `--compress-level` means for an algorithm (undefined: not given): clamped into its range. Undefined when
 * it switches compression off (zlib and zlibx at level 0).
 */
export function clampLevel(name: CompressionName, level: number | undefined): number | undefined {
  const { min, max, standard } = levels[name];
  if (level === undefined) return standard;
  const isDeflate = name === "zlib" || name === "zlibx";
  if (isDeflate && level === 0) return undefined;
  if ((isDeflate && level === -1) || (name === "zstd" && level === 0)) return standard;
  return Math.min(Math.max(level, min), max);
}

/** Reads the data of a session's files. */
export function createTokenReader(name: CompressionName, protocol: number): TokenReader {
  switch (name) {
    case "none":
      return new PlainTokenReader();
    case "zlib":
    case "zlibx":
      return new CompressedTokenReader(new Inflater(protocol, name === "zlib"));
    case "zstd":
      return new CompressedTokenReader(createZstdDecompressor());
    case "lz4":
      return new CompressedTokenReader(new Lz4Decompressor());
  }
}

/** Writes the data of a session's files. */
export function createTokenSink(options: CompressionOptions): TokenSink {
  const { name, protocol, level, threads } = options;
  switch (name) {
    case "none":
      return new PlainTokenSink();
    case "zlib":
    case "zlibx":
      return new CompressedTokenSink(new Deflater(protocol, level, name === "zlib"));
    case "zstd":
      return new CompressedTokenSink(createZstdCompressor(level, threads));
    case "lz4":
      return new CompressedTokenSink(new Lz4Compressor());
  }
}
