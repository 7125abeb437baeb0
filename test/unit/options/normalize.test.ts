/** Implied options and defaults, each as observed with rsync 3.5.0. */
import { describe, expect, test } from "vitest";
import { byteName } from "../../../src/bytes/byte-name.ts";
import { type ParseEnvironment, parseArguments } from "../../../src/options/parse-arguments.ts";
import type { TransferOptions } from "../../../src/options/transfer-options.ts";

function optionsOf(line: string, environment: ParseEnvironment = {}): TransferOptions {
  const args = line === "" ? [] : line.split(" ");
  const command = parseArguments([...args, "s/", "d/"].map(byteName), environment);
  if (command.kind !== "run") throw new Error(`expected a run, got ${command.kind}`);
  return command.options;
}

/** Filters as short text: kind, text, and marks for what came earlier. */
function filtersOf(line: string): string[] {
  return optionsOf(line).filters.map(
    ({ kind, text, beforeLog, nulTerminated }) =>
      `${kind}|${text}${beforeLog ? "" : "|logged"}${nulTerminated ? "|0" : ""}`,
  );
}

const archived = {
  links: true,
  permissions: true,
  times: true,
  owner: true,
  group: true,
  devices: true,
  specials: true,
};

describe("normalizeSettings", () => {
  test.each<[string, Partial<TransferOptions>]>([
    [
      "",
      {
        recursive: false,
        directories: false,
        wholeFile: true,
        humanReadable: 1,
        deleteTiming: "none",
        listOnly: false,
      },
    ],
    // -a and recursion
    ["-a", { ...archived, recursive: true, hardLinks: false, acls: false, xattrs: 0 }],
    ["--no-r -a", { recursive: true }],
    ["-a --no-r", { recursive: false, links: true }],
    ["-a --no-D", { devices: false, specials: false }],
    ["--no-D -aD --no-devices", { devices: false, specials: true }],
    ["-a --files-from=x", { recursive: false, directories: true, relative: true }],
    ["-ra --files-from=x", { recursive: true, relative: true }],
    ["-ar --files-from=x", { recursive: true }],
    ["--files-from=x --no-R", { relative: false, directories: true }],
    ["--files-from=x --no-d", { directories: false }],
    ["--list-only", { listOnly: true, directories: true }],
    ["--list-only --no-d", { directories: false }],
    ["--delete --list-only", { deleteTiming: "during" }],
    ["-R", { relative: true, impliedDirectories: true }],
    ["-R --no-implied-dirs", { impliedDirectories: false }],
    ["-r", { impliedDirectories: false }],
    // incremental recursion
    ["-r", { incrementalRecursion: true }],
    ["-d", { incrementalRecursion: false }],
    ["-rm", { incrementalRecursion: false }],
    ["-r --no-i-r", { incrementalRecursion: false }],
    ["-r --no-inc-recursive --i-r", { incrementalRecursion: true }],
    ["-r --delete-before --i-r", { incrementalRecursion: false }],
    ["-r --delete-after", { incrementalRecursion: false }],
    ["-r --delete-delay", { incrementalRecursion: true }],
    ["-a --files-from=x", { incrementalRecursion: false }],
    ["-r --files-from=x", { incrementalRecursion: true }],
    // deletion
    ["-r --delete", { deleteTiming: "during" }],
    ["-r --del", { deleteTiming: "during" }],
    ["-r --delete-excluded", { deleteTiming: "during", deleteExcluded: true }],
    ["-r --delete --delete-before", { deleteTiming: "before" }],
    ["-r --del --delete-delay", { deleteTiming: "delay" }],
    ["-r --delete-delay --del", { deleteTiming: "during" }],
    ["-d --delete-after", { deleteTiming: "after" }],
    ["", { maxDelete: undefined }],
    ["--max-delete=-5", { maxDelete: 0 }],
    ["--max-delete=7", { maxDelete: 7 }],
    // attributes
    ["-A", { acls: true, permissions: true }],
    ["-A --no-p", { acls: true, permissions: false }],
    ["--no-p -A", { permissions: true }],
    ["-E", { executability: true }],
    ["-Ep", { executability: false }],
    ["-XX", { xattrs: 2 }],
    ["-XXX", { xattrs: 2 }],
    ["-XX --no-X", { xattrs: 0 }],
    ["--chown=u:g", { userMap: byteName("*:u"), groupMap: byteName("*:g"), owner: true, group: true }],
    ["--chown=:g", { userMap: undefined, groupMap: byteName("*:g"), owner: false, group: true }],
    ["--chown=u:g:h", { groupMap: byteName("*:g:h") }],
    ["--chown=u --no-o", { userMap: byteName("*:u"), owner: false }],
    ["--usermap=1:2", { owner: true, group: false }],
    ["--groupmap=1:2", { owner: false, group: true }],
    // backups
    ["-b", { backup: true, backupSuffix: byteName("~"), omitDirectoryTimes: true }],
    ["-b --no-O", { omitDirectoryTimes: true }],
    ["-b --no-backup", { backup: false, omitDirectoryTimes: false }],
    [
      "--backup-dir=q/",
      { backup: true, backupDirectory: byteName("q"), backupSuffix: byteName(""), omitDirectoryTimes: false },
    ],
    ["--backup-dir=q --no-backup", { backup: true }],
    [
      "--backup-dir=. --suffix=x",
      { backupDirectory: undefined, backupSuffix: byteName("x"), omitDirectoryTimes: true },
    ],
    // partial files
    ["-P", { partial: true, progress: true }],
    ["-P --no-partial --no-progress", { partial: false, progress: false }],
    ["--partial-dir=x", { partial: true, partialDirectory: byteName("x") }],
    ["--partial-dir=x --no-partial", { partial: true }],
    ["--partial-dir=./x/../y/", { partialDirectory: byteName("y") }],
    ["--partial-dir=a//b/", { partialDirectory: byteName("a/b") }],
    ["--partial-dir=../q", { partialDirectory: byteName("../q") }],
    ["--partial-dir=./", { partial: true, partialDirectory: undefined }],
    ["--partial-dir=x --partial-dir=", { partial: true, partialDirectory: undefined }],
    ["--partial --inplace", { partial: false, inplace: true }],
    ["--fake-super", { fakeSuper: true, superUser: true }],
    [
      "-M--fake-super",
      { fakeSuper: false, superUser: undefined, receiverRights: { fakeSuper: true, superUser: true } },
    ],
    ["--fake-super -M--super", { fakeSuper: true, receiverRights: { fakeSuper: false, superUser: true } }],
    ["-M--fake-super -M--no-super", { fakeSuper: false, receiverRights: { fakeSuper: false, superUser: false } }],
    ["--no-super", { superUser: false, receiverRights: { fakeSuper: false, superUser: false } }],
    ["--fake-super --super", { fakeSuper: false, superUser: true }],
    ["--fake-super --no-super", { fakeSuper: false, superUser: false }],
    ["--no-super --fake-super", { fakeSuper: true, superUser: true }],
    ["--write-devices", { writeDevices: true, inplace: true }],
    ["--write-devices --no-inplace", { writeDevices: true, inplace: true }],
    ["--write-devices --no-write-devices", { writeDevices: false, inplace: false }],
    ["--delay-updates", { partialDirectory: byteName(".~tmp~"), partial: true, delayUpdates: true }],
    ["--delay-updates -a", { incrementalRecursion: false }],
    ["--delay-updates --partial-dir=x", { partialDirectory: byteName("x"), delayUpdates: true }],
    ["--delay-updates --partial-dir=.", { partialDirectory: byteName(".~tmp~") }],
    ["--delay-updates --no-delay-updates -a", { partialDirectory: undefined, incrementalRecursion: true }],
    // the rest
    ["--no-W -W", { wholeFile: true }],
    ["-W --no-W", { wholeFile: false, blockSize: 0, checksumSeed: 0 }],
    ["--no-W --cc=none", { wholeFile: true, transferChecksum: "none" }],
    ["--no-W --cc=md4,none", { wholeFile: false, transferChecksum: "md4", listChecksum: "none" }],
    ["-c --cc=none,md5", { wholeFile: true, transferChecksum: "none", listChecksum: "md5" }],
    ["-B 1000 --checksum-seed=-5", { blockSize: 1000, checksumSeed: -5 }],
    ["--block-size=128k", { blockSize: 131_072 }],
    ["-hhhhh", { humanReadable: 3 }],
    ["--no-h", { humanReadable: 0 }],
    ["--no-h -h", { humanReadable: 1 }],
    ["-i", { itemize: 1, outFormat: byteName("%i %n%L") }],
    ["-ii --no-i", { itemize: 0, outFormat: undefined }],
    ["-i --out-format=", { itemize: 1, outFormat: byteName("") }],
    ["--log-format=%n", { outFormat: byteName("%n") }],
    ["--log-file=", { logFile: undefined }],
    ["--outbuf=None", { outputBuffering: "none" }],
    ["--outbuf=u", { outputBuffering: "none" }],
    ["--outbuf=L", { outputBuffering: "line" }],
    ["--outbuf=f", { outputBuffering: "full" }],
    ["-x", { oneFileSystem: 1 }],
    ["-xx", { oneFileSystem: 2 }],
    ["-xx --no-x", { oneFileSystem: 0 }],
    ["-U", { atimes: true, openNoAtime: false }],
    ["-UU", { atimes: true, openNoAtime: true }],
    ["-UU --no-U --open-noatime", { atimes: false, openNoAtime: true }],
    ["-UU --no-U", { atimes: false, openNoAtime: true }],
    ["-UU --no-open-noatime", { atimes: true, openNoAtime: false }],
    ["--max-size=1.5k --min-size=0", { maxSize: 1536, minSize: 0 }],
    ["--ignore-missing-args", { missingArguments: "ignore" }],
    ["--delete-missing-args --ignore-missing-args", { missingArguments: "delete" }],
    ["--remove-sent-files --remove-source-files", { removeSource: "all" }],
    ["--remove-source-files --remove-sent-files", { removeSource: "sent" }],
    ["-Lk --copy-unsafe-links", { copyLinks: true, copyDirectoryLinks: true, copyUnsafeLinks: true, safeLinks: false }],
    ["--safe-links --munge-links", { safeLinks: true, mungeLinks: true, links: false }],
    ["--munge-links --no-munge-links", { mungeLinks: false }],
  ])("%s", (line, expected) => {
    expect(optionsOf(line)).toMatchObject(expected);
  });

  test("takes RSYNC_PARTIAL_DIR only with --partial", () => {
    const environment = { partialDirectory: byteName("x") };
    expect(optionsOf("", environment).partialDirectory).toBeUndefined();
    expect(optionsOf("--partial", environment).partialDirectory).toBe("x");
    expect(optionsOf("--partial --partial-dir=y", environment).partialDirectory).toBe("y");
    expect(optionsOf("--partial --inplace", environment).partialDirectory).toBeUndefined();
    expect(optionsOf("--partial --delay-updates", environment).partialDirectory).toBe(".~tmp~");
  });

  test("adds up several --chmod", () => {
    expect(optionsOf("--chmod=u+x,g+w --chmod=700").chmod).toHaveLength(3);
  });
});

describe("normalizeSettings: filters", () => {
  test.each([
    ["-FF -F", ["filter|: /.rsync-filter", "filter|- .rsync-filter"]],
    ["--include=a --exclude=b -f-_c", ["include|a", "exclude|b", "filter|-_c"]],
    ["--exclude-from= --include-from=x", ["include-from|x"]],
    ["-rb --delete", ["filter|P *~"]],
    ["-rb --delete-delay --suffix=.o", ["filter|P *.o"]],
    ["-rb", []],
    ["-rb --delete-excluded", []],
    ["-r --backup-dir=x --suffix=.o --delete", []],
    ["-r --backup-dir=. --suffix=.o --delete", ["filter|P *.o"]],
    ["--partial-dir=p/", ["partial|p"]],
    ["--partial-dir=/p", []],
    ["-C --exclude=z --partial-dir=p -rb --delete", ["exclude|z", "filter|P *~", "partial|p", "cvs|"]],
    ["-r --exclude=a --log-file=l --exclude=b -C", ["exclude|a", "exclude|b|logged", "cvs||logged"]],
    [
      "--exclude-from=a -0 --exclude-from=b --no-from0 --exclude-from=c",
      ["exclude-from|a", "exclude-from|b|0", "exclude-from|c"],
    ],
  ])("%s", (line, expected) => {
    expect(filtersOf(line)).toEqual(expected);
  });
});

describe("normalizeSettings: info and debug levels", () => {
  test.each<[string, Partial<TransferOptions["info"]>]>([
    ["", { nonreg: 1, name: 0, stats: 0, progress: 0 }],
    ["-v", { copy: 1, del: 1, flist: 1, misc: 1, name: 1, stats: 1, symsafe: 1, skip: 0 }],
    ["-vv", { backup: 1, misc: 2, mount: 1, name: 2, remove: 1, skip: 1, stats: 1 }],
    ["-vvvvvvv", { name: 2, progress: 0 }],
    ["-vv --no-v", { name: 0, nonreg: 1 }],
    ["--stats", { stats: 2, name: 0 }],
    ["--stats -vv", { stats: 3 }],
    ["--stats --info=stats0", { stats: 0 }],
    ["--progress", { flist: 2, progress: 1, name: 1 }],
    ["--progress -i", { name: 0, progress: 1 }],
    ["--progress --out-format=x", { name: 0 }],
    ["--progress -vv", { name: 2 }],
    ["--info=progress2 --progress", { progress: 2, flist: 2, name: 1 }],
    ["--progress --info=name0,flist0", { name: 0, flist: 0, progress: 1 }],
    ["--info=none -v", { nonreg: 0, name: 0 }],
    ["--info=NaMe2,,del --info=name", { name: 1, del: 1 }],
    ["--info=all9", { name: 4, stats: 4, nonreg: 4 }],
    ["--info=none3,name", { name: 1, nonreg: 0 }],
  ])("%s", (line, expected) => {
    expect(optionsOf(line).info).toMatchObject(expected);
  });

  test.each<[string, Partial<TransferOptions["debug"]>]>([
    ["-v", { filter: 0 }],
    ["-vv", { filter: 1, own: 0 }],
    ["-vvv", { filter: 2, own: 1, hash: 0 }],
    ["-vvvvv", { deltasum: 4, hash: 1, io: 0 }],
    ["-vvvvv --debug=none,io3", { deltasum: 0, io: 3 }],
  ])("%s", (line, expected) => {
    expect(optionsOf(line).debug).toMatchObject(expected);
  });
});
