/**
 * The man page and the completions as they are built: valid for the programs that read them, complete for the option
 * table, and right in real completions of bash, zsh and fish.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { allSpellings, readDetails, rowKey, rowSpellings } from "../../scripts/manual/option-facts.ts";
import { formatDocument } from "../../scripts/manual/roff.ts";
import { byteName } from "../../src/bytes/byte-name.ts";
import { ExitCode, TsyncError } from "../../src/errors.ts";
import { optionTable } from "../../src/options/option-table.ts";
import { parseArguments } from "../../src/options/parse-arguments.ts";
import { must } from "./support.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const dist = `${root}/dist`;
const page = `${dist}/man/tsync.1`;
const bashFile = `${dist}/completions/tsync.bash`;
const zshFile = `${dist}/completions/_tsync`;
const fishFile = `${dist}/completions/tsync.fish`;

/** Every option of the table with its dashes, sorted; the truth that the outputs are compared with. */
const tableOptions = [
  ...new Set(
    optionTable.flatMap(({ letter, names, negations }) => [
      ...(letter === undefined ? [] : [`-${letter}`]),
      ...[...names, ...(negations ?? [])].map((name) => `--${name}`),
    ]),
  ),
].sort();

let folder = "";
beforeAll(() => {
  // The build may be older than the table of this checkout.
  must(process.execPath, [`${root}/scripts/generate-man.ts`]);
  folder = mkdtempSync(`${tmpdir()}/tsync-man-`);
  for (const name of ["one dir", "two", ".hidden"]) mkdirSync(`${folder}/${name}`);
  for (const name of ["file a", "file'b", "other"]) writeFileSync(`${folder}/${name}`, "");
});
afterAll(() => {
  if (folder !== "") rmSync(folder, { recursive: true });
});

describe("the facts behind the outputs", () => {
  test("every detail belongs to an option, every option has a description", () => {
    const keys = new Set(optionTable.map(rowKey));
    expect([...readDetails().keys()].filter((key) => !keys.has(key))).toEqual([]);
    expect(allSpellings().filter(({ description }) => description.trim() === "")).toEqual([]);
  });

  const words = allSpellings().flatMap(({ text, value }) =>
    value?.kind === "words" && text.startsWith("--") ? value.words.map(({ word }) => `${text}=${word}`) : [],
  );
  test.each(words)("%s is not wrong usage", (option) => {
    const codes = [undefined, "unsupported"];
    expect(codes).toContain(errorKind([option, "a", "b"]));
  });
});

function errorKind(args: readonly string[]): string | undefined {
  try {
    parseArguments(args.map(byteName), {});
    return undefined;
  } catch (error) {
    if (error instanceof TsyncError) return error.kind;
    throw error;
  }
}

describe("the man page", () => {
  const source = () => readFileSync(page, "utf8");

  test("is formatted by groff without a warning", () => {
    const done = spawnSync("groff", ["-man", "-ww", "-Tutf8", "-z", page], { encoding: "utf8" });
    expect(done).toMatchObject({ status: 0, stdout: "", stderr: "" });
  });

  test("is shown by man without a warning", () => {
    const env = { ...process.env, LC_ALL: "C.UTF-8", MANWIDTH: "80", MANROFFOPT: "" };
    const done = spawnSync("man", ["--warnings", "-E", "UTF-8", "-l", page], { encoding: "utf8", env });
    expect(done).toMatchObject({ status: 0, stderr: "" });
    expect(done.stdout).toContain("--archive");
  });

  test("has a name and a description for whatis", () => {
    expect(must("lexgrog", [page]).toString()).toMatch(/^.*: "tsync - copy files and directories .+"\n$/);
  });

  test("has its sections in order", () => {
    const sections = [...source().matchAll(/^\.SH (.*)$/gm)].map((match) => match[1]);
    expect(sections).toEqual(
      ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "FILTER RULES", "EXIT STATUS", "ENVIRONMENT", "FILES"].concat([
        "EXAMPLES",
        "NOTES",
        "SEE ALSO",
      ]),
    );
  });

  test("explains every option of the table, and names no other", () => {
    const options = /^\.SH OPTIONS\n([\s\S]*?)^\.SH /m.exec(source())?.[1] ?? "";
    const entries = options.split(/^\.TP\n/m).slice(1);
    expect(entries).toHaveLength(optionTable.length);
    optionTable.forEach((row, index) => {
      const entry = entries[index] ?? "";
      const spellings = rowSpellings(row).map(({ text }) => text);
      expect(boldOptions(entry)).toEqual(expect.arrayContaining(spellings));
      const headed = boldOptions(entry.split("\n")[0] ?? "");
      expect(headed.length).toBeGreaterThan(0);
      expect(spellings).toEqual(expect.arrayContaining(headed));
    });
    const known = new Set(tableOptions);
    const strange = boldOptions(source()).filter((option) => option.startsWith("--") && !known.has(option));
    expect(strange.filter((option) => option !== "--")).toEqual([]);
  });

  test("names what is refused", () => {
    const refused = /^Not supported yet are .*$/m.exec(source())?.[0] ?? "";
    const named = new Set(boldOptions(refused));
    for (const row of optionTable) {
      const main = row.names[0] === undefined ? `-${row.letter}` : `--${row.names[0]}`;
      expect([main, named.has(main)]).toEqual([main, row.support === "later"]);
    }
  });

  test("lists every exit status once", () => {
    const statuses = /^\.SH EXIT STATUS\n([\s\S]*?)^\.SH /m.exec(source())?.[1] ?? "";
    const listed = [...statuses.matchAll(/^\.TP\n\\fB(\d+)\\fR$/gm)].map((match) => Number(match[1]));
    expect(listed).toEqual(Object.values(ExitCode));
  });

  test("examples are command lines that tsync takes", () => {
    const examples = /^\.SH EXAMPLES\n([\s\S]*?)^\.SH /m.exec(source())?.[1] ?? "";
    const commands = [...examples.matchAll(/^(?:.*\| )?tsync (.*)$/gm)].map((match) => match[1] ?? "");
    expect(commands.length).toBeGreaterThan(4);
    for (const command of commands) {
      const plain = command
        .replaceAll("\\-", "-")
        .replaceAll("\\(aq", "'")
        .replaceAll("\\(dq", '"')
        .replaceAll("\\(ti", "~");
      const args = must("bash", ["-c", `printf '%s\\0' ${plain}`])
        .toString()
        .split("\0")
        .slice(0, -1);
      expect([plain, errorKind(args)]).toEqual([plain, undefined]);
    }
  });
});

/** The options in bold text. */
function boldOptions(roff: string): string[] {
  return [...roff.matchAll(/\\fB(.*?)\\fR/g)]
    .map((match) => (match[1] ?? "").replaceAll("\\-", "-").replace(/=.*/, ""))
    .filter((text) => text.startsWith("-"));
}

test("the package holds the man page and the completions", () => {
  const [pack] = JSON.parse(must("npm", ["pack", root, "--dry-run", "--ignore-scripts", "--json"]).toString());
  const paths = pack.files.map((file: { path: string }) => file.path);
  expect(paths).toEqual(
    expect.arrayContaining(
      [page, bashFile, zshFile, fishFile].map((file) => file.slice(root.length).replace(/^\//, "")),
    ),
  );
});

describe("formatDocument", () => {
  test.each([
    ["# NAME", [".SH NAME"]],
    ["a `--b` <C>\nd", [".PP", "a \\fB\\-\\-b\\fR \\fIC\\fR d"]],
    [".starts with a dot", [".PP", "\\&.starts with a dot"]],
    ["One. Two", [".PP", "One.", "Two"]],
    ["`x`\n: meaning\n: of x", [".TP", "\\fBx\\fR", "meaning of x"]],
    ["- one\n  more\n- two", [".IP \\(bu 2", "one more", ".IP \\(bu 2", "two"]],
    ["    a\n    'b' \\n", [".PP", ".RS 4", ".nf", "a", "\\(aqb\\(aq \\en", ".fi", ".RE"]],
  ])("%j", (markdown, lines) => {
    expect(formatDocument(markdown)).toEqual(lines);
  });
});

describe("completion for bash", () => {
  /** Calls the completion function as readline does and returns what it offers. */
  const complete = (...words: string[]): string[] => {
    const script = `source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _tsync tsync; printf "%s\\n" "\${COMPREPLY[@]}"`;
    const done = spawnSync("bash", ["--norc", "-c", script, bashFile, "tsync", ...words], {
      cwd: folder,
      encoding: "utf8",
      env: { PATH: process.env.PATH },
    });
    expect(done.stderr).toBe("");
    return done.stdout.split("\n").filter((line) => line !== "");
  };

  test("is valid", () => {
    must("bash", ["-n", bashFile]);
  });

  test("registers itself", () => {
    expect(must("bash", ["--norc", "-c", 'source "$0"; complete -p tsync', bashFile]).toString()).toContain(
      "-F _tsync tsync",
    );
  });

  test("offers every option of the table and nothing else", () => {
    const offered = complete("-").map((word) => word.replace(/=$/, ""));
    expect([...new Set(offered)].sort()).toEqual(tableOptions);
  });

  test.each([
    [["--delete-b"], ["--delete-before"]],
    [["--max-del"], ["--max-delete="]],
    [["-av", "--itemize"], ["--itemize-changes"]],
    // Readline gives = as a word of its own ...
    [
      ["--outbuf", "="],
      ["N", "L", "B"],
    ],
    [["--outbuf", "=", "L"], ["L"]],
    [
      ["--info", "=", "progress"],
      ["progress", "progress2"],
    ],
    [
      ["--info", "=", "name0,flist2,sk"],
      ["name0,flist2,skip", "name0,flist2,skip2"],
    ],
    // ... or, where the user says so, within the word.
    [["--outbuf=L"], ["--outbuf=L"]],
    [["--info", "mou"], ["mount"]],
    [
      ["--log-file", "=", "fi"],
      ["file a", "file'b"],
    ],
    [["--log-file=ot"], ["--log-file=other"]],
    [["--exclude-from", "ot"], ["other"]],
    [["--partial-dir", "=", "o"], ["one dir"]],
    [["--backup-dir", "tw"], ["two"]],
    [["-T", "o"], ["one dir"]],
    [["-avT", "o"], ["one dir"]],
    // The bundle ends with a value of its own.
    [["-aTx", "ot"], ["other"]],
    [
      ["-a", "o"],
      ["one dir", "other"],
    ],
    [["--exclude", "o"], []],
    [["--suffix", "=", ""], []],
    [["--", "--delete-b"], []],
    [["--", "ot"], ["other"]],
    [
      ["--archive", "=", "o"],
      ["one dir", "other"],
    ],
  ] satisfies [string[], string[]][])("%j gives %j", (words, offered) => {
    expect(complete(...words).sort()).toEqual([...offered].sort());
  });
});

describe("completion for fish", () => {
  const complete = (line: string): string[] =>
    must("fish", ["--no-config", "-c", `cd ${folder}; source ${fishFile}; complete -C '${line}'`])
      .toString()
      .split("\n")
      .map((entry) => entry.replace(/\t.*/, ""))
      .filter((entry) => entry !== "");

  test("is valid", () => {
    must("fish", ["-n", fishFile]);
  });

  test("offers every long option of the table and nothing else", () => {
    const offered = complete("tsync --").map((word) => word.replace(/=$/, ""));
    expect([...new Set(offered)].sort()).toEqual(tableOptions.filter((option) => option.startsWith("--")));
  });

  test("offers every letter of the table and nothing else", () => {
    const offered = complete("tsync -").filter((word) => /^-[^-]$/.test(word));
    expect(offered.sort()).toEqual(tableOptions.filter((option) => !option.startsWith("--")));
  });

  test.each([
    ["tsync --delete-b", ["--delete-before"]],
    ["tsync --outbuf=", ["--outbuf=N", "--outbuf=L", "--outbuf=B"]],
    ["tsync --info=mou", ["--info=mount"]],
    ["tsync --info=name,mou", ["--info=name,mount"]],
    ["tsync --log-file ot", ["other"]],
    ["tsync --backup-dir tw", ["two/"]],
    ["tsync -a ot", ["other"]],
  ])("%s gives %j", (line, offered) => {
    expect(complete(line).sort()).toEqual([...offered].sort());
  });
});

describe("completion for zsh", () => {
  /** Types a line and a tab into a real zsh on a pseudo-terminal and returns what the line has become. */
  const complete = (line: string): string => {
    const script = [
      "zmodload zsh/zpty",
      "zpty z 'PS1= zsh -f -i'",
      `zpty -w z 'PS1=; unsetopt zle_bracketed_paste 2>/dev/null; fpath=(${dist}/completions $fpath); autoload -Uz compinit; compinit -u -D'`,
      `zpty -w z 'cd ${folder}; bindkey "^I" complete-word; show() { print -r -- "<<$BUFFER>>"; BUFFER=; zle accept-line }; zle -N show; bindkey "^X" show; print re""ady'`,
      "zpty -r -m z out '*ready*'",
      `zpty -w -n z $'${line}\\t\\C-X'`,
      "zpty -r -m z out '*<<*>>*'",
      'print -r -- "$out"',
      "zpty -d z",
    ].join("\n");
    const done = spawnSync("zsh", ["-f", "-c", script], {
      encoding: "utf8",
      timeout: 20_000,
      env: { PATH: process.env.PATH, TERM: "dumb", HOME: folder, ZDOTDIR: folder },
    });
    return /<<(.*?)>>(?![\s\S]*<<)/.exec(done.stdout)?.[1] ?? `nothing: ${done.stdout}${done.stderr}`;
  };

  test("is valid", () => {
    must("zsh", ["-n", zshFile]);
  });

  test("specifies every option of the table and nothing else", () => {
    const specified = [...readFileSync(zshFile, "utf8").matchAll(/^ {2}'\*(--?[^\s=+[]+)[=+]?\[/gm)].map(
      (match) => match[1] ?? "",
    );
    expect(specified.sort()).toEqual(tableOptions);
  });

  test.each([
    ["tsync --delete-b", "tsync --delete-before "],
    ["tsync --max-del", "tsync --max-delete="],
    // The comma is a suffix that a blank takes away again.
    ["tsync --info=mou", "tsync --info=mount,"],
    ["tsync --info=name,mou", "tsync --info=name,mount,"],
    ["tsync --log-file=ot", "tsync --log-file=other "],
    ["tsync --backup-dir tw", "tsync --backup-dir two/"],
    ["tsync -avT tw", "tsync -avT two/"],
    ["tsync -a ot", "tsync -a other "],
  ])("%s becomes %s", (line, completed) => {
    expect(complete(line)).toBe(completed);
  });
});
