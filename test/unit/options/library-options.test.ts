/** The library's options mean what the options of the command line mean. */
import { describe, expect, test } from "vitest";
import { byteName, fromText } from "../../../src/bytes/byte-name.ts";
import { collectSettings, completeSettings, normalizeSyncOptions } from "../../../src/options/library-options.ts";
import { parseArguments } from "../../../src/options/parse-arguments.ts";
import type { SyncOptions } from "../../../src/options/sync-options.ts";

describe("normalizeSyncOptions", () => {
  test.each<[SyncOptions, string]>([
    [{}, ""],
    [{ archive: true }, "-a"],
    [{ archive: true, recursive: false, perms: false, owner: false }, "-a --no-r --no-p --no-o"],
    [{ archive: true, filesFrom: "x" }, "-a --files-from=x"],
    [{ archive: true, recursive: true, filesFrom: "x" }, "-ar --files-from=x"],
    [{ archive: true, hardLinks: true, acls: true, xattrs: true, numericIds: true }, "-aHAX --numeric-ids"],
    [{ acls: true, perms: false, xattrs: "all" }, "-A --no-p -XX"],
    [{ recursive: true, delete: true }, "-r --delete"],
    [{ recursive: true, delete: "during" }, "-r --del"],
    [{ recursive: true, delete: "delay" }, "-r --delete-delay"],
    [{ recursive: true, delete: "before", backup: true }, "-r --delete-before -b"],
    [{ recursive: true, delete: "after", maxDelete: 0, force: true }, "-r --delete-after --max-delete=0 --force"],
    [{ recursive: true, delete: false }, "-r"],
    [{ bwlimit: 102_400 }, "--bwlimit=100k"],
    [{ verify: true, reflink: "never" }, "--verify --reflink=never"],
    [{ reflink: "always" }, "--reflink=always"],
    [{ recursive: true, delete: true, deleteGuard: "10%" }, "-r --delete --delete-guard=10%"],
    [
      { recursive: true, delete: "before", deleteGuard: 0, refuseEmptySource: true },
      "-r --delete-before --delete-guard=0 --refuse-empty-source",
    ],
    [{ dirs: true, relative: true, impliedDirs: false, incRecursive: false }, "-dR --no-i-d --no-i-r"],
    [{ oneFileSystem: true, pruneEmptyDirs: true, cvsExclude: true, recursive: true }, "-xmCr"],
    [{ oneFileSystem: "all", copyLinks: true, copyDirlinks: true, copyUnsafeLinks: true }, "-xxLk --copy-unsafe-links"],
    [
      { links: true, safeLinks: true, mungeLinks: true, copyDevices: true },
      "-l --safe-links --munge-links --copy-devices",
    ],
    [{ ignoreMissingArgs: true, maxSize: 1024, minSize: 0 }, "--ignore-missing-args --max-size=1k --min-size=0"],
    [{ deleteMissingArgs: true, removeSourceFiles: true }, "--delete-missing-args --remove-source-files"],
    [{ removeSourceFiles: "sent", atimes: true, openNoatime: true }, "--remove-sent-files -U --open-noatime"],
    [{ chmod: "Dg+s,F644", chown: "a:b" }, "--chmod=Dg+s,F644 --chown=a:b"],
    [{ usermap: "1:2", groupmap: "*:3", owner: false }, "--usermap=1:2 --groupmap=*:3 --no-o"],
    [{ checksum: true, ignoreTimes: true, sizeOnly: true, update: true, modifyWindow: -1 }, "-cIu --size-only -@-1"],
    [{ existing: true, ignoreExisting: true, wholeFile: true, sparse: true }, "--existing --ignore-existing -W -S"],
    [{ inplace: true, dryRun: true, omitDirTimes: true, omitLinkTimes: true, times: true }, "--inplace -nOJt"],
    [{ partialDir: "p" }, "--partial-dir=p"],
    [{ keepDirlinks: true }, "-K"],
    [{ writeDevices: true }, "--write-devices"],
    [{ fakeSuper: true }, "--fake-super"],
    [{ delayUpdates: true, partialDir: "p" }, "--delay-updates --partial-dir=p"],
    [{ backupDir: "b", suffix: ".o", partial: true }, "--backup-dir=b --suffix=.o --partial"],
    [{ verbose: 2, info: "progress2", debug: "hash", stats: true }, "-vv --info=progress2 --debug=hash --stats"],
    [{ itemizeChanges: 2, progress: true, quiet: true }, "-iiq --progress"],
    [
      { outFormat: "%n", logFile: "l", logFileFormat: "", humanReadable: 3 },
      "--out-format=%n --log-file=l --log-file-format= -hh",
    ],
    [{ logFile: "l", humanReadable: 0 }, "--log-file=l --no-h"],
    [
      {
        filter: [
          "-_a",
          { exclude: "b" },
          { include: "c" },
          { excludeFrom: "d" },
          { includeFrom: "e" },
          { filter: "P_f" },
        ],
      },
      "-f-_a --exclude=b --include=c --exclude-from=d --include-from=e -fP_f",
    ],
    [
      { perDirectoryFilters: 2, exclude: ["x"], include: ["y"], excludeFrom: ["f"], includeFrom: ["g"], from0: true },
      "-0FF --exclude=x --include=y --exclude-from=f --include-from=g",
    ],
    [{ recursive: true, deleteExcluded: true, exclude: ["x"] }, "-r --delete-excluded --exclude=x"],
    [
      { executability: true, devices: true, specials: true, group: true, links: true, ignoreErrors: true },
      "-EDgl --ignore-errors",
    ],
  ])("%j is %s", (options, line) => {
    const args = line === "" ? [] : line.split(" ");
    const command = parseArguments([...args, "s", "d"].map(byteName), {});
    expect(command.kind).toBe("run");
    expect(command).toMatchObject({ options: normalizeSyncOptions(options) });
    expect(normalizeSyncOptions(options)).toEqual(command.kind === "run" ? command.options : undefined);
  });

  test.each<[SyncOptions, string]>([
    [
      { rsh: "ssh -p 5", rsyncPath: "/opt/rsync", trustSender: true },
      "--rsh=ssh+-p+5 --rsync-path=/opt/rsync --trust-sender",
    ],
    [{ remoteOptions: ["--fake-super", "--log-file=x"] }, "-M--fake-super -M--log-file=x"],
    [{ secludedArgs: true, ipv6: true, protocol: 30 }, "-s6 --protocol=30"],
    [{ secludedArgs: false, oldArgs: true, ipv4: true }, "--no-s --old-args -4"],
    [{ timeout: 7, stderr: "client" }, "--timeout=7 --stderr=client"],
    [{ compress: true, compressChoice: "lz4", compressLevel: 3 }, "-z --zc=lz4 --zl=3"],
    [{ compress: true, compressThreads: 20 }, "-z --compress-threads=20"],
    [{ blockingIo: true }, "--blocking-io"],
    [{ compress: true, skipCompress: "gz/jpg" }, "-z --skip-compress=gz/jpg"],
    [{ iconv: "UTF-8,ISO-8859-1" }, "--iconv=UTF-8,ISO-8859-1"],
    [{ iconv: "-" }, "--iconv=-"],
    [{ writeBatch: "b" }, "--write-batch=b"],
    [{ onlyWriteBatch: "b" }, "--only-write-batch=b"],
  ])("%j is %s, with another machine", (options, line) => {
    const args = line.split(" ").map((word) => word.replaceAll("+", " "));
    const command = parseArguments([...args, "s", "h:d"].map(byteName), {});
    if (command.kind !== "remote") throw new Error(command.kind);
    const settings = collectSettings(options);
    expect(settings).toEqual(command.settings);
    expect(completeSettings(settings, true, "client")).toEqual(command.options);
  });

  test("takes what concerns daemons", () => {
    const args = [
      "--port=5",
      "--address=::1",
      "--sockopts=TCP_NODELAY",
      "--password-file=p",
      "--early-input=e",
      "--contimeout=3",
    ];
    const command = parseArguments([...args, "s", "h::d"].map(byteName), {});
    const options = {
      port: 5,
      address: "::1",
      sockopts: "TCP_NODELAY",
      passwordFile: "p",
      earlyInput: "e",
      contimeout: 3,
    };
    expect(command).toMatchObject({ kind: "remote", settings: collectSettings(options) });
  });

  test("lists without a destination", () => {
    expect(normalizeSyncOptions({}, false)).toMatchObject({ listOnly: true, directories: true });
  });

  test("takes text as UTF-8 and bytes as they are", () => {
    const { filters } = normalizeSyncOptions({ exclude: ["é", Uint8Array.of(0xe9)] });
    expect(filters.map(({ text }) => text)).toEqual([fromText("é"), "\xe9"]);
  });

  test.each<[SyncOptions, string]>([
    [{ delete: true }, "--delete does not work without --recursive (-r) or --dirs (-d)."],
    [{ inplace: true, partialDir: "x" }, "--inplace cannot be used with --partial-dir"],
    [{ fakeSuper: true, xattrs: "all" }, "--fake-super conflicts with -XX"],
    [{ inplace: true, delayUpdates: true }, "--inplace cannot be used with --delay-updates"],
    [{ chmod: "q" }, "Invalid argument passed to --chmod (q)"],
    [{ usermap: "1" }, "No colon found in --usermap: 1"],
    [{ usermap: "1:2", chown: "3" }, "--chown conflicts with prior --usermap."],
    [{ info: "foo" }, 'Unknown --info item: "foo"'],
    [{ info: "help" }, 'info: "help" is for the command line'],
    [{ verbose: -1 }, "verbose: -1 is not a valid number"],
    [{ stopAfter: 0 }, "stopAfter: 0 is not a valid number"],
    [{ stopAt: new Date(Number.NaN) }, "stopAt: must be a valid Date"],
    [{ reflink: "always", sparse: true }, "--reflink=always cannot be used with --sparse"],
    [{ reflink: "always", append: true }, "--reflink=always cannot be used with --append"],
    [{ reflink: "always", wholeFile: false }, "--reflink=always cannot be used with --no-whole-file"],
    [{ deleteGuard: "x" }, "--delete-guard=x is invalid: must be a number, or a number from 0 to 100 with %"],
    [{ maxDelete: 1.5 }, "maxDelete: 1.5 is not a valid number"],
    [{ modifyWindow: Number.NaN }, "modifyWindow: NaN is not a valid number"],
  ])("refuses %j", (options, message) => {
    expect(() => normalizeSyncOptions(options)).toThrow(expect.objectContaining({ message, exitCode: 1 }));
  });

  // What a caller without a type checker can pass.
  test.each<[Record<string, unknown>, string, number]>([
    [{ archvie: true }, "archvie: unknown option", 1],
    [{ iconv: 8 }, "iconv: must be a string", 1],
    [{ outbuf: "n" }, "outbuf: not an option of the library", 1],
    [{ linkDest: "x" }, "linkDest: must be an array", 1],
    [{ linkDest: ["x"], copyDest: ["y"] }, "ERROR: the --link-dest option conflicts with the --copy-dest option", 1],
    [{ readBatch: true }, "readBatch: must be a string or a Uint8Array", 1],
    [{ skipCompress: ["gz"] }, "skipCompress: must be a string", 1],
    [{ outFormat: 5 }, "outFormat: must be a string or a Uint8Array", 1],
    [{ logFileFormat: "%n" }, "logFileFormat: needs logFile", 1],
    [{ logFile: "", humanReadable: 2 }, "humanReadable: needs logFile", 1],
    [{ copyAs: "a" }, "copyAs: not an option of the library", 1],
    [{ archive: "yes" }, "archive: must be true or false", 1],
    [{ archive: 1 }, "archive: must be true or false", 1],
    [{ delete: "sometimes" }, "delete: must be one of true, false, before, during, delay, after", 1],
    [{ exclude: "f*" }, "exclude: must be an array", 1],
    [{ exclude: ["a\0"] }, "exclude[0]: must not have a NUL in it", 1],
    [{ filter: [new Uint8Array([45, 32, 0])] }, "filter[0]: must not have a NUL in it", 1],
    [{ rsh: "ssh\0" }, "rsh: must not have a NUL in it", 1],
    [{ exclude: [null] }, "exclude[0]: must be a string or a Uint8Array", 1],
    [{ filter: ["- a", { foo: 1 }] }, "filter[1]: must be a rule, or an object with one of", 1],
    [{ filter: [{ exclude: 5 }] }, "filter[0].exclude: must be a string or a Uint8Array", 1],
    [{ chmod: 0o755 }, "chmod: must be a string", 1],
    [{ chown: 5 }, "chown: must be a string or a Uint8Array", 1],
    [{ perDirectoryFilters: 3 }, "perDirectoryFilters: must be one of 0, 1, 2", 1],
    [{ verbose: true }, "verbose: true is not a valid number", 1],
    [{ maxDelete: "3" }, "maxDelete: 3 is not a valid number", 1],
    [{ toString: true }, "toString: unknown option", 1],
  ])("refuses %j of a caller without types", (options, message, exitCode) => {
    const thrown = expect.objectContaining({ message: expect.stringContaining(message), exitCode });
    expect(() => normalizeSyncOptions(options)).toThrow(thrown);
  });

  test("takes undefined as absent", () => {
    const options: Record<string, unknown> = { archive: undefined, outbuf: undefined };
    expect(normalizeSyncOptions(options)).toEqual(normalizeSyncOptions({}));
  });
});
