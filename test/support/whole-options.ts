/**
 * The options that the main sampler (option-sampler.ts) leaves out or draws seldom, drawn on top of its draw: what
 * `--table whole` of run-differential.ts adds. Options that tsync does not support are drawn and then dropped, so that
 * the seeds stay when they come.
 */
import { type ByteName, byteName, joinName } from "../../src/bytes/byte-name.ts";
import { optionsByLetter, optionsByName } from "../../src/options/option-table.ts";
import { coverName } from "./option-sampler.ts";
import type { Random } from "./random.ts";
import type { RunUser } from "./random-attributes.ts";

/** Options and what they cover. */
export interface ExtraOptions {
  readonly argv: readonly ByteName[];
  readonly covers: readonly string[];
}

/** Random options to go with those that `covers` names; `root` is the absolute working directory. */
export function randomExtraOptions(
  random: Random,
  covers: readonly string[],
  root: ByteName,
  user: RunUser,
): ExtraOptions {
  const argv: string[] = [];
  const known = new Set(covers);
  for (const { chance, spellings, along, clashes, avoids } of extras) {
    if (!random.chance(chance)) continue;
    const spelling = random.pick(spellings(root));
    const company = along === undefined || !random.chance(along.chance) ? [] : [random.pick(along.options)];
    // What an ordinary user is refused under --super leaves objects half made, each program's in its own way.
    const inVain = spelling === "--super" && user !== "root" && (known.has("-a") || known.has("-o") || known.has("-D"));
    // A combination that rsync refuses ends the case before it begins: few of these are enough.
    const refused = clashes?.some((name) => known.has(name)) === true && !random.chance(0.06);
    if (refused || inVain || avoids?.some((name) => known.has(name)) === true || !isSupported(spelling)) continue;
    for (const word of [spelling, ...company]) {
      argv.push(word);
      known.add(coverName(word));
    }
  }
  return { argv: argv.map(byteName), covers: [...known].filter((name) => !covers.includes(name)) };
}

/**
 * Options without effect on a copy within one machine, and one that takes back another, which comes last: drawn apart from the others, so
 * that these stay what they are for each seed.
 */
export function randomHarmlessOptions(random: Random): ExtraOptions & { readonly last: readonly ByteName[] } {
  const words = random.chance(0.25) ? random.sample(harmless, random.between(1, 3)) : [];
  const last = random.chance(0.3) ? [random.pick([...negations.split(" "), "--no-bwlimit"])] : [];
  return { argv: words.map(byteName), last: last.map(byteName), covers: [...words, ...last].map(coverName) };
}

const harmless =
  "--max-alloc=1g --skip-compress=gz/zip --no-motd --timeout=0 --blocking-io --rsync-path=x --rsh=ssh --old-args -s --trust-sender --sockopts=x -4 -6 --port=99 --i-r -z --compress-choice=zstd --compress-level=3 --compress-threads=2 --new-compress".split(
    " ",
  );

/** Whether tsync has the option of this word, or would refuse it by name. */
export function isSupported(word: string): boolean {
  const name = word.replace(/=.*/s, "");
  const match = name.startsWith("--") ? optionsByName.get(name.slice(2)) : optionsByLetter.get(name.slice(1, 2));
  return match !== undefined && (match.negated || match.row.support !== "later");
}

interface Extra {
  readonly chance: number;
  readonly spellings: (root: ByteName) => readonly string[];
  /** What makes the option reach something. */
  readonly along?: { readonly chance: number; readonly options: readonly string[] };
  /** Names under which options are counted that rsync does not take together with it. */
  readonly clashes?: readonly string[];
  /** Names of options that rsync 3.5.0 takes together with it and then fails (docs/differences.md). */
  readonly avoids?: readonly string[];
}

function extra(chance: number, spellings: string | Extra["spellings"], more: Omit<Extra, "chance" | "spellings"> = {}) {
  const words = typeof spellings === "string" ? spellings.split(" ") : undefined;
  return { chance, spellings: words === undefined ? (spellings as Extra["spellings"]) : () => words, ...more };
}

const negations =
  "--no-H --no-A --no-X --no-S --no-x --no-O --no-J --no-U --no-backup --no-inplace --no-partial --no-c --no-m --no-force --no-ignore-errors --no-numeric-ids --no-munge-links --no-fuzzy --no-mkpath --no-dirs --no-relative --no-progress --no-v --no-i --no-8 --no-append --no-perms --no-t --no-D --no-whole-file --no-open-noatime";

const noAppend = ["-W", "--partial-dir", "--delay-updates"];
const delta = { chance: 0.7, options: ["--no-W"] };

const extras: readonly Extra[] = [
  // Selection.
  extra(0.03, "-L --copy-links"),
  extra(0.04, "-k --copy-dirlinks"),
  extra(0.03, "-d --dirs", { along: { chance: 0.7, options: ["--no-r"] } }),
  extra(0.02, "--old-dirs --old-d"),
  extra(0.03, "-xx"),
  extra(0.04, "--no-implied-dirs --no-i-d", { along: { chance: 0.8, options: ["-R"] } }),
  extra(0.04, "--ignore-missing-args"),
  extra(0.04, "--delete-missing-args"),
  extra(0.03, "--insecure-links"),
  // Attributes.
  extra(0.05, "-J --omit-link-times"),
  extra(0.04, "-E --executability", { along: { chance: 0.7, options: ["--no-p"] } }),
  extra(0.03, "-U --atimes"),
  extra(0.02, "-UU"),
  extra(0.03, "--open-noatime"),
  extra(0.03, "--munge-links"),
  extra(0.03, "--copy-devices"),
  extra(0.03, "--super"),
  extra(0.03, "--no-super"),
  // Updating and writing.
  extra(0.07, "-y --fuzzy", { along: delta }),
  extra(0.05, "-yy", { along: delta }),
  extra(0.05, "--append", { along: delta, clashes: noAppend, avoids: ["-y", "-yy", "-S"] }),
  extra(0.04, "--append-verify", { along: delta, clashes: noAppend, avoids: ["-y", "-yy", "-S"] }),
  extra(0.06, "--delay-updates", { clashes: ["--inplace", "--append", "--append-verify"], avoids: ["--partial-dir"] }),
  extra(0.06, "-K --keep-dirlinks"),
  extra(
    0.06,
    (root) => {
      const absolute = joinName(root, byteName("tmp"));
      return [
        ...[absolute, absolute, `${absolute}/`, ".tmp", ".tmp", ".", "no-such"].map((name) => `--temp-dir=${name}`),
      ];
    },
    { clashes: ["--inplace"] },
  ),
  extra(0.04, "--fsync"),
  extra(0.05, "--preallocate"),
  extra(0.06, "--mkpath"),
  extra(0.04, "--block-size=700 --block-size=2000 -B1k", { along: delta }),
  // Output.
  extra(0.03, "-8 --8-bit-output"),
  extra(0.04, "--outbuf=N --outbuf=L --outbuf=B --outbuf=none --outbuf=line"),
  extra(0.05, "--stderr=errors --stderr=all --stderr=client --stderr=e --stderr=a"),
  extra(0.03, "--msgs2stderr --no-msgs2stderr"),
  extra(
    0.05,
    "--info=skip2 --info=name2,del --info=all2 --info=flist2,misc2 --info=none --info=copy --info=symsafe,nonreg --info=stats1 --info=remove,del --info=backup,skip --info=mount,name1 --info=ALL1,name0",
  ),
  // Of --debug, tsync checks the words and prints what -vv does (docs/differences.md): only words that print nothing.
  extra(0.04, "--debug=none --debug=del0 --debug=flist0,hash0 --debug=ALL0 --debug=bogus --debug=FILTER0,HLINK0"),
  extra(0.03, "-P"),
  extra(0.05, "--log-file-format=%i|%n%L --log-file-format=[%o]|%f|%l --log-file-format=%M|%B|%n", {
    along: { chance: 0.85, options: ["--log-file=log"] },
  }),
  // Limits that a run does not reach, and what has no effect without a connection.
  extra(0.04, "--bwlimit=1g --bwlimit=500m --bwlimit=0 --bwlimit=1.5g --no-bwlimit"),
  extra(0.03, "--stop-after=600 --time-limit=90000"),
  extra(0.04, "--stop-at=2090-12-31T23:59 --stop-at=2090/1/1"),
  extra(
    0.05,
    "--max-alloc=1g --skip-compress=gz/zip --no-motd --timeout=0 --blocking-io --rsync-path=x --rsh=ssh --old-args -s --protect-args --trust-sender --sockopts=x -4 -6 --port=99",
  ),
  // Each negation takes back what came before it on the command line.
  extra(0.12, negations),
];
