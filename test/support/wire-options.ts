/**
 * The options that matter between two machines, drawn on top of what the samplers of local runs draw: protocol,
 * checksum and compression, how arguments travel, options for the far side only, limits of time and rate.
 */
import { type ByteName, byteName } from "../../src/bytes/byte-name.ts";
import type { Random } from "./random.ts";
import type { ExtraOptions } from "./whole-options.ts";

/** Variables that the programs at both ends see, besides options. */
export interface WireOptions extends ExtraOptions {
  readonly environment: Readonly<Record<string, string>>;
}

/** Random options to go with those that `covers` names; `plainOperands` are arguments that a shell leaves as they are. */
export function randomWireOptions(random: Random, covers: readonly string[], plainOperands: boolean): WireOptions {
  const argv: string[] = [];
  const added: string[] = [];
  const add = (option: string, cover: string = option): void => {
    argv.push(option);
    added.push(cover);
  };
  addProtocol(random, covers, add);
  addCompression(random, add);
  addChecksum(random, covers, add);
  if (random.chance(0.1)) add(random.pick(["--no-inc-recursive", "--no-i-r"]), "--no-i-r");
  const escaping = random.weighted([
    [74, "none"],
    [16, "secluded"],
    [plainOperands ? 10 : 0, "old"],
  ] as const);
  if (escaping === "secluded") add(random.pick(["-s", "--secluded-args", "--protect-args"]), "-s");
  if (escaping === "old") add("--old-args");
  if (random.chance(0.14)) {
    const far = random.weighted([
      [6, "--fake-super"],
      [1, "--munge-links"],
      [1, "--super"],
      [1, "--no-super"],
      [1, "--trust-sender"],
      [1, "--bwlimit=9999"],
    ]);
    const cover = far === "--fake-super" ? "-M--fake-super" : "-M";
    if (random.chance(0.5)) add(`-M${far}`, cover);
    else add(`--remote-option=${far}`, cover);
  }
  if (random.chance(0.1)) add(`--timeout=${random.pick([30, 60, 600])}`, "--timeout");
  if (random.chance(0.06)) add(`--bwlimit=${random.pick(["20m", "100000", "1g"])}`, "--bwlimit");
  if (random.chance(0.06)) add(random.pick(["-y", "-yy"]), "-y");
  if (random.chance(0.03) && !conflicts(covers, appendClashes)) add("--append-verify");
  if (random.chance(0.05)) add("--trust-sender");
  if (random.chance(0.2)) add("--stats");
  if (random.chance(0.1)) add("-i");
  if (random.chance(0.05)) add("--progress");
  if (random.chance(0.03)) add(`--out-format=${random.pick(["%i %n%L %b %c", "%o %n %l %C"])}`, "--out-format");
  if (random.chance(0.04)) add(random.pick(["--stderr=client", "--no-msgs2stderr", "--stderr=all"]), "--stderr");
  return { argv: argv.map(byteName), covers: added, environment: randomLists(random) };
}

type Add = (option: string, cover?: string) => void;

const appendClashes = ["-W", "--partial-dir", "--delay-updates", "--append", "-y", "-yy", "-S", "--inplace"];

function conflicts(covers: readonly string[], names: readonly string[]): boolean {
  return names.some((name) => covers.includes(name));
}

/** Attributes need protocol 30: of a few of these cases only the refusal is seen. */
function addProtocol(random: Random, covers: readonly string[], add: Add): void {
  const attributes = conflicts(covers, ["-A", "-X", "-XX"]) && random.chance(0.9);
  const protocol = random.weighted([
    [45, 0],
    [attributes ? 0 : 9, 27],
    [attributes ? 0 : 9, 28],
    [attributes ? 0 : 9, 29],
    [11, 30],
    [11, 31],
    [6, 32],
  ]);
  if (protocol > 0) add(`--protocol=${protocol}`, `--protocol=${protocol}`);
}

function addCompression(random: Random, add: Add): void {
  if (random.chance(0.66)) return;
  const name = random.pick(["zstd", "lz4", "zlibx", "zlib", "none", "auto"]);
  const choice = random.pick(["--compress-choice", "--zc"]);
  const choose = random.weighted<() => void>([
    [4, () => add("-z")],
    [1, () => add("-zz")],
    [0.7, () => add("--new-compress")],
    [0.7, () => add("--old-compress")],
    [6, () => add(`${choice}=${name}`, `--compress-choice=${name}`)],
  ]);
  choose();
  if (random.chance(0.3)) {
    const level = random.pick([-3, 0, 1, 2, 6, 9, 12, 19, 22]);
    add(`--${random.pick(["compress-level", "zl"])}=${level}`, "--compress-level");
  }
  if (random.chance(0.06)) add(`--skip-compress=${random.pick(["txt/bin", "", "gz", "1"])}`, "--skip-compress");
  if (random.chance(0.04)) add("--compress-threads=1", "--compress-threads");
}

/** Mostly with a seed: with a new one each time, two blocks of different content now and then have the same sum. */
function addChecksum(random: Random, covers: readonly string[], add: Add): void {
  if (random.chance(0.14) && !covers.includes("--checksum-choice")) {
    const name = random.pick(["md5", "md4", "sha1", "xxh64", "xxh3", "xxh128", "none", "auto"]);
    add(`--checksum-choice=${name}`, `--checksum-choice=${name}`);
  }
  if (random.chance(0.85) && !covers.includes("--checksum-seed")) {
    add(`--checksum-seed=${random.pick([1, 5, 77, -2, 2_147_483_647])}`, "--checksum-seed");
  }
}

/** What the programs may agree on; text behind `&` is for the server. */
function randomLists(random: Random): Record<string, string> {
  const environment: Record<string, string> = {};
  if (random.chance(0.05)) {
    environment.RSYNC_CHECKSUM_LIST = random.pick([
      "md5 md4",
      "xxh3 xxh64 sha1",
      "xxh128 md5 & md5 sha1",
      "sha1",
      "bad",
    ]);
  }
  if (random.chance(0.05)) {
    environment.RSYNC_COMPRESS_LIST = random.pick(["zlibx zlib", "lz4 zlib", "zstd & lz4 zstd", "zlib", "none"]);
  }
  if (random.chance(0.03)) environment.RSYNC_PROTECT_ARGS = random.pick(["0", "1"]);
  return environment;
}

/** Whether a shell makes one word of an argument and leaves it as it is. */
export function isPlain(word: ByteName): boolean {
  return /^[\w./,+@%-]+$/.test(word);
}
