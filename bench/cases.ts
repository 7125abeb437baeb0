/** What is measured: for each case its corpus, its options and what a run starts from. */
import { addAttributes, writeEqualFiles, writePagedFile, writeSmallFiles } from "./corpus.ts";

/** One case of the benchmark. */
export interface BenchCase {
  readonly name: string;
  readonly title: string;
  readonly options: readonly string[];
  /**
   * `empty`: every run writes a new destination; `copy`: the destination is an exact copy and stays one; `older`: every
   * run gets a new copy of what `buildOlder` has written.
   */
  readonly destination: "empty" | "copy" | "older";
  /** Writes the older version of the corpus below `root`. */
  readonly buildOlder?: (root: string, scale: number) => void;
  /** Cases with the same corpus name share the corpus. */
  readonly corpus: string;
  /** Bytes that the source takes at scale 1, roughly. */
  readonly bytes: number;
  /** How many times the usual number of rounds. */
  readonly roundsFactor: number;
  readonly withAttributes: boolean;
  /**
   * A copy is removed as soon as it is compared. Then its memory serves the next one; a virtual machine would else get every page
   * from its host, which takes more time than any copying.
   */
  readonly removesCopies: boolean;
  /** Writes the corpus below `root`; numbers of files or bytes are multiplied by `scale`. */
  readonly build: (root: string, scale: number) => void;
}

const mebibyte = 1024 * 1024;

/** At least one, whatever the scale. */
function scaled(count: number, scale: number): number {
  return Math.max(1, Math.round(count * scale));
}

function attributed(root: string, scale: number): void {
  addAttributes(writeSmallFiles(root, scaled(10_000, scale), 2048, 5));
}

const defaults = { destination: "empty", roundsFactor: 1, withAttributes: false, removesCopies: false } as const;

/** One large file by delta; its older version shares this part of its pages of 4 KiB with it. */
function deltaCase(name: string, title: string, sharedPages: number): BenchCase {
  const bytes = 1024 * mebibyte;
  return {
    ...defaults,
    name,
    title,
    options: ["-aI", "--no-whole-file"],
    destination: "older",
    corpus: "delta",
    bytes,
    build: (root, scale) => writePagedFile(root, scaled(bytes, scale), 7, 1),
    buildOlder: (root, scale) => writePagedFile(root, scaled(bytes, scale), 7, sharedPages),
  };
}

/** All cases, in the order in which they run. */
export const benchCases: readonly BenchCase[] = [
  {
    ...defaults,
    name: "ten",
    title: "10 files, first copy",
    options: ["-a"],
    corpus: "ten",
    bytes: 20_000,
    roundsFactor: 4,
    build: (root) => writeSmallFiles(root, 10, 4096, 1),
  },
  {
    ...defaults,
    name: "small",
    title: "100,000 small files, first copy",
    options: ["-a"],
    corpus: "small",
    bytes: 500 * mebibyte,
    build: (root, scale) => writeSmallFiles(root, scaled(100_000, scale), 4096, 2),
  },
  {
    ...defaults,
    name: "unchanged",
    title: "200,000 entries, nothing changed",
    options: ["-a", "--delete"],
    destination: "copy",
    corpus: "unchanged",
    bytes: 800 * mebibyte,
    // A directory and a link for every hundred files, and a hundred upper directories, make up the rest.
    build: (root, scale) => writeSmallFiles(root, scaled(195_000, scale), 200, 3),
  },
  {
    ...defaults,
    name: "medium",
    title: "2,000 files of 1 MiB, first copy",
    options: ["-a"],
    corpus: "medium",
    bytes: 2000 * mebibyte,
    build: (root, scale) => writeEqualFiles(root, scaled(2000, scale), mebibyte, 4),
  },
  {
    ...defaults,
    name: "large",
    title: "one file of 2 GiB, first copy",
    options: ["-a"],
    corpus: "large",
    removesCopies: true,
    bytes: 2048 * mebibyte,
    build: (root, scale) => writeEqualFiles(root, 1, scaled(2048 * mebibyte, scale), 6),
  },
  {
    ...defaults,
    name: "attributes",
    title: "10,000 files with ACLs and attributes, first copy",
    options: ["-aAX"],
    corpus: "attributes",
    bytes: 50 * mebibyte,
    withAttributes: true,
    build: attributed,
  },
  {
    ...defaults,
    name: "attributes-unchanged",
    title: "10,000 files with ACLs and attributes, nothing changed",
    options: ["-aAX", "--delete"],
    destination: "copy",
    corpus: "attributes",
    bytes: 50 * mebibyte,
    withAttributes: true,
    build: attributed,
  },
  deltaCase("delta-pages", "one file of 1 GiB by delta, 1 % of its 4 KiB pages changed", 0.99),
  deltaCase("delta-unlike", "one file of 1 GiB by delta, nothing in common", 0),
  deltaCase("delta-same", "one file of 1 GiB by delta, all blocks equal", 1),
];
