/** The compressions of token streams by their names on the wire (1-session 4.2, 3-transfer 4). */

/** All of them, the best first. */
export const compressionNames = ["zstd", "lz4", "zlibx", "zlib", "none"] as const;
/** The name of a compression. */
export type CompressionName = (typeof compressionNames)[number];

/** A name in any case; undefined if there is no such compression. */
export function parseCompressionName(text: string): CompressionName | undefined {
  const name = text.toLowerCase();
  return compressionNames.find((known) => known === name);
}
