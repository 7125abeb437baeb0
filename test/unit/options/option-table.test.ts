/** The option table: complete and unambiguous, and the help made from it. */
import { describe, expect, test } from "vitest";
import { debugHelp, helpText, infoHelp } from "../../../src/options/help.ts";
import { optionsByLetter, optionsByName, optionTable } from "../../../src/options/option-table.ts";

/** Every positive long name of `rsync --help` (3.5.0) and the hidden ones found by trying. */
const rsyncNames =
  `verbose info debug stderr msgs2stderr quiet motd checksum archive recursive inc-recursive i-r relative
implied-dirs i-d backup backup-dir suffix update inplace append append-verify dirs old-dirs old-d mkpath links copy-links
copy-unsafe-links safe-links insecure-links confine-root munge-links copy-dirlinks keep-dirlinks hard-links perms
executability chmod acls xattrs owner group devices copy-devices write-devices specials drop-D times atimes open-noatime
crtimes omit-dir-times omit-link-times super fake-super sparse preallocate dry-run whole-file checksum-choice cc
one-file-system block-size rsh rsync-path existing ignore-non-existing ignore-existing remove-source-files
remove-sent-files del delete delete-before delete-during delete-delay delete-after delete-excluded ignore-missing-args
delete-missing-args ignore-errors force max-delete max-size min-size max-alloc partial partial-dir delay-updates
prune-empty-dirs numeric-ids usermap groupmap chown timeout contimeout ignore-times size-only modify-window temp-dir
fuzzy compare-dest copy-dest link-dest compress compress-choice zc compress-level zl compress-threads zt skip-compress
old-compress new-compress cvs-exclude filter exclude exclude-from include include-from files-from from0 old-args
secluded-args protect-args trust-sender copy-as address port sockopts blocking-io outbuf stats 8-bit-output
human-readable progress itemize-changes remote-option out-format log-format log-file log-file-format password-file
early-input list-only bwlimit stop-after time-limit stop-at fsync write-batch only-write-batch read-batch protocol iconv
checksum-seed ipv4 ipv6 version help qsort server sender daemon config detach dparam`.split(/\s+/);

/** What tsync has besides. */
const ownNames = "delete-guard refuse-empty-source json verify reflink ssh ssh-accept".split(" ");

const rsyncNegations = `verbose msgs2stderr motd checksum recursive inc-recursive i-r relative implied-dirs i-d backup
inplace append dirs d mkpath links insecure-links munge-links hard-links perms acls xattrs owner group devices
write-devices specials drop-D D times atimes open-noatime crtimes omit-dir-times omit-link-times super sparse whole-file
one-file-system ignore-errors force partial delay-updates prune-empty-dirs numeric-ids timeout contimeout fuzzy compress
from0 old-args secluded-args protect-args blocking-io 8-bit-output human-readable progress itemize-changes bwlimit iconv
detach 8 v c r R l H p A X o g t U N O J S W x m y z s h i`.split(/\s+/);

const rsyncLetters = "vqcabrRudlLkKHEpAXogDtUNOJSnWxBeIT@yzCfF0s8hPiM46Vm";

describe("optionTable", () => {
  test("has exactly the long names of rsync 3.5.0, and tsync's own", () => {
    const names = [...optionsByName.keys()];
    expect(names.sort()).toEqual([...rsyncNames, ...ownNames, ...rsyncNegations.map((name) => `no-${name}`)].sort());
  });

  test("has exactly the letters of rsync 3.5.0", () => {
    expect([...optionsByLetter.keys()].sort().join("")).toBe([...rsyncLetters].sort().join(""));
  });

  test("names nothing twice", () => {
    const names = optionTable.flatMap((row) => [...row.names, ...(row.negations ?? []), ...(row.letter ?? "")]);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  test("can undo what has a negated name", () => {
    expect(optionTable.filter((row) => (row.negations === undefined) !== (row.clear === undefined))).toEqual([]);
  });
});

describe("helpText", () => {
  test("names every option that has a help line, in lines that fit a terminal", () => {
    const help = helpText();
    for (const row of optionTable) {
      if (row.help === undefined) continue;
      const label = row.helpName ?? (row.names[0] === undefined ? `-${row.letter}` : `--${row.names[0]}`);
      expect(help).toContain(`\n${label}`);
      expect(help).toContain(row.help);
    }
    expect(help.split("\n").filter((line) => line.length > 100)).toEqual([]);
  });

  test("marks what is refused", () => {
    expect(helpText()).toMatch(/^--crtimes, -N +\* /m);
    expect(helpText()).toMatch(/^--archive, -a + the same/m);
  });
});

describe("infoHelp and debugHelp", () => {
  test("list flags and levels", () => {
    expect(infoHelp()).toMatch(/^SYMSAFE {4}unsafe/m);
    expect(infoHelp()).toContain("2) BACKUP,MISC2,MOUNT,NAME2,REMOVE,SKIP\n");
    expect(debugHelp()).toContain("5) CHDIR,DELTASUM4,FLIST4,FUZZY2,HASH,HLINK\n");
    expect(debugHelp()).not.toContain("1) ");
  });
});
