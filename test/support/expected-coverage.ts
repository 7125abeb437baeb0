/** What the differential cases must exercise, under the names that scenarios count. */

const options = [
  ..."-a -r -l -p -t -g -o -D --no-r --no-l --no-p --no-t --no-g --no-o --no-D --devices --specials".split(" "),
  ..."--no-devices --no-specials -H -A -X -XX -S -x -R -W -n -u -c -I --size-only --existing".split(" "),
  ..."--ignore-existing -b --backup-dir --suffix --numeric-ids --chmod --chown --usermap --groupmap".split(" "),
  ..."--delete --delete-before --delete-during --delete-delay --delete-after --delete-excluded --max-delete".split(" "),
  ..."--force --ignore-errors --partial --partial-dir --inplace -m -d -O -E --no-implied-dirs".split(" "),
  ..."--no-W --block-size --checksum-choice --checksum-seed".split(" "),
  ..."--modify-window --no-i-r --files-from --from0 --files-from=- --exclude --include --exclude-from".split(" "),
  ..."--include-from --filter -F -FF -C".split(" "),
  ..."-xx -L -k --copy-unsafe-links --safe-links --munge-links --copy-devices --ignore-missing-args".split(" "),
  ..."--delete-missing-args --remove-source-files --remove-sent-files -U -UU --open-noatime".split(" "),
  ..."--max-size --min-size".split(" "),
  ..."-v -vv -i -ii -q -h -hh --no-h -8 --stats --progress --info --info=progress2 --out-format".split(" "),
  ..."--log-file --log-file-format --list-only".split(" "),
];

const rules = [
  ...["exclude", "include", "hide", "show", "protect", "risk", "clear", "merge", "dir-merge"].map(
    (name) => `rule ${name}`,
  ),
  ...[..."/!C-+enwsrpx"].map((letter) => `modifier ${letter}`),
  "old prefix",
];

const forms = [
  ...["dir/", "dir", "dir/.", "sub-directory", "file", "missing", "absolute", "repeated", "x/./y"].map(
    (name) => `source ${name}`,
  ),
  ...["none", "empty", "copy", "aged"].map((name) => `destination ${name}`),
  ...["dst/", "dst", "dst/sub", "dst/sub/", "dst/deep/er/", "file", "fifo", "link", "absolute"].map(
    (name) => `destination form ${name}`,
  ),
  "several sources",
  "mount point",
];

/** What `--table whole` adds or draws more often; each in at least two per cent of its cases. */
export const expectedWholeOptions: readonly string[] = [
  ..."-L -k -d -xx -R --no-implied-dirs --ignore-missing-args --delete-missing-args --copy-unsafe-links".split(" "),
  ..."--safe-links --munge-links --copy-devices -J -O -E -U -UU --open-noatime --super --no-super".split(" "),
  ..."-y -yy --append --append-verify --delay-updates -K --temp-dir --fsync --preallocate --mkpath".split(" "),
  ..."--compare-dest --copy-dest --link-dest --no-W --block-size --checksum-choice --modify-window".split(" "),
  ..."--max-size --min-size --bwlimit --stop-after --stop-at --remove-source-files --usermap --groupmap".split(" "),
  ..."--from0 -8 --outbuf --stderr --info --debug --log-file-format -P".split(" "),
  "several alternates",
];

/** Each of these is in at least one per cent of the cases. */
export const expectedCoverage: readonly string[] = [...options, ...rules, ...forms];
