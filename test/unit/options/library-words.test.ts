/** Library options as words mean what they mean as options. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { byteName, toText } from "../../../src/bytes/byte-name.ts";
import { collectSettings } from "../../../src/options/library-options.ts";
import { commandWords } from "../../../src/options/library-words.ts";
import { parseArguments } from "../../../src/options/parse-arguments.ts";
import type { SyncOptions } from "../../../src/options/sync-options.ts";

/** What the words mean to the command. */
function settingsOf(options: SyncOptions) {
  const command = parseArguments([...commandWords(options), byteName("s"), byteName("h:d")], {});
  if (command.kind !== "remote") throw new Error(command.kind);
  return command.settings;
}

const flag = fc.boolean();
const name = fc.constantFrom("a", "two words", "it's", "é");
/** Of each way in which options become words; those that exclude each other are left to the table. */
const some: fc.Arbitrary<SyncOptions> = fc.record(
  {
    ...{ archive: flag, recursive: flag, relative: flag, impliedDirs: flag, owner: flag, perms: flag, acls: flag },
    ...{ times: flag, hardLinks: flag, checksum: flag, wholeFile: flag, partial: flag, numericIds: flag, stats: flag },
    ...{ compress: flag, cvsExclude: flag, force: flag, mkpath: flag, super: flag, progress: flag, backup: flag },
    ...{ oneFileSystem: fc.constantFrom(true, false, "all" as const), xattrs: fc.constantFrom(true, "all" as const) },
    ...{ append: fc.constantFrom(true, false, "verify" as const), fuzzy: fc.constantFrom(true, false, 2 as const) },
    itemizeChanges: fc.constantFrom(true, false, 2 as const),
    ...{
      outFormat: fc.constant("%n"),
      logFile: fc.constant("log"),
      humanReadable: fc.constantFrom(0 as const, 1 as const, 3 as const),
    },
    delete: fc.constantFrom(true, false, ...(["before", "during", "delay", "after"] as const)),
    ...{ deleteExcluded: flag, maxDelete: fc.nat(9), maxSize: fc.nat(), minSize: fc.nat(), modifyWindow: fc.integer() },
    ...{ blockSize: fc.nat(100_000), checksumSeed: fc.integer(), verbose: fc.nat(3), compressLevel: fc.nat(9) },
    ...{ protocol: fc.integer({ min: 27, max: 32 }), info: fc.constant("name2,del"), debug: fc.constant("flist") },
    ...{ backupDir: name, suffix: fc.constant(".old"), partialDir: name, tempDir: name, chown: fc.constant("a:b") },
    ...{ iconv: fc.constant("UTF-8,KOI8-R"), skipCompress: fc.constant("gz"), chmod: fc.constant("Du+w,g=r") },
    ...{ checksumChoice: fc.constant("md5"), compressChoice: fc.constant("zlib"), confineRoot: fc.constant("/x") },
    ...{ linkDest: fc.array(name, { minLength: 1, maxLength: 3 }), writeBatch: name },
  },
  { requiredKeys: [] },
);

describe("commandWords", () => {
  test("are the options again", () => {
    fc.assert(
      fc.property(some, (options) => {
        let settings: ReturnType<typeof collectSettings>;
        if (options.logFile === undefined && options.humanReadable !== undefined) return;
        try {
          settings = settingsOf(options);
        } catch (error) {
          // What cannot be combined is the same for both.
          if (!(error instanceof Error) || !/conflict|cannot|combine|not work/.test(error.message)) throw error;
          return;
        }
        // How often -H, -z and --append were said is for servers of rsync.
        expect(settings).toEqual({ ...collectSettings(options), appends: settings.appends });
      }),
      { numRuns: 500 },
    );
  });

  test.each<[SyncOptions, string[]]>([
    [{ removeSourceFiles: true, filesFrom: "l", from0: true, exclude: ["x"], filter: ["- y"] }, []],
    [{ rsh: "ssh", timeout: 5, contimeout: 5, port: 5, remoteOptions: ["-v"], stderr: "client", bwlimit: 5 }, []],
    [{ stopAfter: 5, stopAt: new Date(), dryRun: true, copyLinks: false, readBatch: "b" }, ["--read-batch=b"]],
    [
      { owner: false, compareDest: ["../a"], onlyWriteBatch: "é" },
      [...["--only-write-batch=é", "--no-owner", "--compare-dest=../a"]],
    ],
  ])("leave out what only this run needs: %j", (options, words) => {
    expect(commandWords(options).map(toText)).toEqual(words);
  });
});
