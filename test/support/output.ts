/**
 * Splits what a run printed into sequences that must be equal, each in order (3-transfer 9.10), and blanks what no two
 * runs share: bytes on the wire, rates, times of day, process ids, random temp names.
 */

/** Where a line of stdout (or of the log file) belongs. */
export type LineClass =
  | "items"
  | "followers"
  | "generator"
  | "receiver"
  | "sender"
  | "removals"
  | "errors"
  | "summary"
  | "progress"
  | "blank"
  | "totals";

/** Lines by class, in the order printed. */
export type OutputLines = Readonly<Record<LineClass, readonly string[]>>;

/** What `-vv --stats` tells about rsync's own memory, with the empty line before it that a log does not have. */
const heapStatistics = /(?<![^\n])\n?rsync\[\d+\] \([a-z ]+\) heap statistics:\n(?: {2}[a-z]+: .*\n)+/g;

/** Sorts the lines of stdout into classes. */
export function splitOutput(printed: string): OutputLines {
  const text = printed.replace(heapStatistics, "");
  const lines: Record<LineClass, string[]> = {
    items: [],
    followers: [],
    generator: [],
    receiver: [],
    sender: [],
    removals: [],
    errors: [],
    summary: [],
    progress: [],
    blank: [],
    totals: [],
  };
  const hasProgress = /B\/s +[\d?]/.test(text);
  for (const line of text.split("\n").slice(0, text.endsWith("\n") ? -1 : undefined)) {
    for (const piece of line.split("\r")) {
      const progress =
        /^ *([\d,.]+[KMGTP]?) +(\d+%) +[\d.]+[kMG]B\/s +[\d:?]+(?: \((xfr#\d+), ..-chk=(\d+)\/(\d+)\))? *$/.exec(piece);
      if (progress !== null) {
        const shown = `${progress[1]} ${progress[2]} ${progress[3]}`;
        // How often progress2 says the same again depends on how soon rsync's receiver is through a list.
        if (progress[3] !== undefined && shown !== lines.progress.at(-1)) lines.progress.push(shown);
      } else if (hasProgress && /^ {12,}$/.test(piece)) {
        // Blanks over a line of progress that another process has ended meanwhile.
      } else if (piece === "") {
        if (!hasProgress && !line.includes("\r")) lines.blank.push("");
      } else if (!/^ \d+ files\.\.\.$/.test(piece)) {
        // Before the count of a list, tsync ends the line after an error and rsync does not (docs/differences.md).
        const blanked = blankVolatile(piece.replace(/^(building file list \.\.\. ) \d+ files\.\.\.$/, "$1"));
        if (blanked !== undefined) lines[classify(blanked)].push(blanked);
      }
    }
  }
  // The generator and the receiver report what is done independently of each other.
  lines.removals.sort();
  lines.receiver.sort();
  // So do the scan, whose errors a log has, and the sender.
  lines.errors.sort();
  return lines;
}

/**
 * The same for a run between two machines, where the numbers of bytes count too. Both sides tell of the duplicates in their lists,
 * each when it has one. On a pull, generator and receiver print by themselves: what is transferred is in order where lines are
 * itemized, the rest is a set.
 */
export function splitWireOutput(printed: string, direction: "push" | "pull"): OutputLines {
  // On a pull what generator and receiver print stands side by side: a line of one behind the progress of the other.
  const text = direction === "push" ? printed : printed.replace(openProgress, "$1\n");
  const { items, followers, generator, totals, sender: told, ...others } = splitOutput(text);
  const isDuplicate = (line: string): boolean => line.startsWith("removing duplicate name ");
  const sender = [...told.filter((line) => !isDuplicate(line)), ...told.filter(isDuplicate).sort()];
  const rest = { ...others, sender };
  const bytes = printed.match(
    /^(?:sent [\d,.]+[KMGTP]? bytes {2}received [\d,.]+[KMGTP]? bytes|Total bytes .*|File list size: .*)/gm,
  );
  if (direction === "push") return { ...rest, items, followers, generator, totals: [...totals, ...(bytes ?? [])] };
  const isReceived = (line: string): boolean => /^>f/.test(line);
  return {
    ...rest,
    items: [...items.filter(isReceived), ...items.filter((line) => !isReceived(line)).sort()],
    followers: [...followers].sort(),
    generator: [...generator].sort(),
    totals: [...totals, ...(bytes ?? [])],
  };
}

/** Progress that no newline ended before the next line. */
const openProgress =
  /((?:^|\r) *[\d,.]+[KMGTP]? +\d+% +[\d.]+[kMG]B\/s +[\d:?]+(?: \(xfr#\d+, ..-chk=\d+\/\d+\))?)(?=[^ \r\n(\d:?])/gm;

/** Sorts the lines of a log file into classes by `split`, without time and process id. */
export function splitLog(text: string, split: (text: string) => OutputLines = splitOutput): OutputLines {
  const stripped = text
    .replace(openLogLine, "$1\n")
    .replace(skippedName, (line) => line.replaceAll("\n", "\\#012"))
    .split("\n")
    .map((line) => line.replace(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[\d+\] /, "[log] "));
  const all = stripped.map((line) => (line.startsWith("[log] ") ? line.slice(6) : line));
  // As in splitErrors; that there is some text is compared all the same.
  const usage = all.some((line) => line.startsWith("Usage: "));
  const lines = usage ? ["Usage", ...all.filter((line) => line.startsWith("rsync error:"))] : all;
  return split(lines.filter((line) => !processEnd.test(line)).join("\n"));
}

/** Blanks over the counts of a deletion pass: the next line comes right behind them. */
const openLogLine = /^(\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d \[\d+\] {21}\r)(?=\d{4}\/)/gm;

/** What older releases write into a log as it is, also a name with newlines. */
const skippedName = /\] skipping non-regular file "[^"]*"/g;

/** What rsync's own processes tell about each other's end. */
const processEnd =
  /^rsync error: received SIGUSR1 |^rsync: connection unexpectedly closed |^rsync: \[Receiver\] write error: Broken pipe \(32\)$/;

/** What --progress writes with --stderr=all: with rates, and without newlines where lines of the other process follow. */
const progressPiece = /\r? *[\d,.]+[KMGTP]? +\d+% +[\d.]+[kMG]B\/s +[\d:?]+(?: \(xfr#\d+, ..-chk=\d+\/\d+\))? */g;

/** The lines of stderr, sorted; a final error line is cut before its position in the program. */
export function splitErrors(text: string): readonly string[] {
  // The usage text is in each program's own words: only that it was shown, and how it ended, is compared.
  const usage = /^Usage: /m.test(text);
  return text
    .replace(heapStatistics, "")
    .replace(progressPiece, "\n")
    .split("\n")
    .filter((line) => !usage || line.startsWith("rsync error:"))
    .filter((line) => line !== "" && !processEnd.test(line))
    .map((line) => blankVolatile(line) ?? "")
    .sort();
}

/** A line without what differs between any two runs; undefined drops it. */
function blankVolatile(line: string): string | undefined {
  if (/^File list (generation|transfer) time: /.test(line)) return undefined;
  return line
    .replace(/^sent [\d,.]+[KMGTP]? bytes {2}received .*$/, "sent # bytes  received # bytes")
    .replace(/^(rsync (?:error|warning): .* \(code \d+\)) at .*$/, "$1")
    .replace(/speedup is [\d,.]+/, "speedup is #")
    .replace(/ +[\d.]+[kMG]B\/s +[\d:?]+(?= \(xfr#)/, " #")
    .replace(/^(Total bytes (?:sent|received)|File list size): .*$/, "$1: #")
    .replace(/\b([bctp])\{[^}]*\}/g, "$1{#}")
    .replace(/( => (?:[^"]*\/)?\.[^/"]*)\.[A-Za-z0-9]{6}: /, "$1.######: ")
    .replace(/(\/\.[^/"]*)\.(?:[A-Za-z0-9]{6}|\d{1,7})"/g, '$1.######"');
}

const generatorLine = new RegExp(
  [
    "^deleting ",
    "\\*deleting",
    "^cannot delete ",
    "^skipping non-regular file ",
    "^ignoring unsafe symlink",
    "^not creating new ",
    "^delta-transmission ",
    "^created directory ",
    "^IO error encountered",
    "^(rsync: )?\\[generator\\]",
    "\\bdel\\.",
    " is uptodate$",
    " exists(?: \\((?:uptodate|(?:attr|file|sum|type) change)\\))?$",
    " is newer$",
    " over max-size$",
    " under min-size$",
  ].join("|"),
);

const summaryLine = new RegExp(
  [
    "^sending incremental",
    "^building file list",
    "^receiving ",
    "^done$",
    "^\\d+ files? to consider$",
    "^Number of ",
    "^Total ",
    "^total size is ",
    "^total: ",
    "^Literal data",
    "^Matched data",
    "^File list ",
    "^sent # bytes",
  ].join("|"),
);

function classify(line: string): LineClass {
  if (summaryLine.test(line)) return "summary";
  if (generatorLine.test(line)) return "generator";
  if (/^(?:rsync: \[sender\] |file has vanished: |symlink has no referent: )/.test(line)) return "errors";
  if (/^sender (?:removed|file already removed)\b/.test(line)) return "removals";
  if (/^(backed up |\[receiver\]|WARNING: .* failed verification)/.test(line)) return "receiver";
  if (/^(\[sender\]|skipping |removing duplicate |copying unsafe |opening connection )/.test(line)) return "sender";
  return /^(?:\S+ )?hf| => /.test(line) ? "followers" : "items";
}
