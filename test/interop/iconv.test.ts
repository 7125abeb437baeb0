/** `--iconv` beside the installed rsync: within one machine, on both back ends, with batch files, and in names that cannot be converted. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { lookAtTrees, sideBySide } from "../support/side-by-side.ts";
import { type WireOutcome, type WireRole, wireRoles } from "../support/wire-roles.ts";

const tsync = join(import.meta.dirname, "../../bin/tsync");
const settled = "find . -depth -exec touch -h -d @1600000000.5 {} +";
const western = `mkdir -p i/ordner/leer d/z; echo 1 > i/gr\u00fc\u00df; echo 2 > i/ordner/\u00e9t\u00e9; ln -s ordner/\u00e9t\u00e9 i/lnk\u00f1; echo 3 > i/plain
ln i/plain i/ordner/\u00e0; echo alt > d/z/"$(printf 'alt\\344')"; echo x > d/"$(printf 'gr\\374\\337')"`;
/** In the order of KOI8-R these names stand otherwise than in that of UTF-8. */
const cyrillic = `mkdir -p k/"$(printf '\\301\\302')" k/"$(printf '\\325\\326')" d/z
for n in '\\301' '\\302' '\\322' '\\340' '\\300' x '\\301\\302/\\305' '\\301\\302/\\304' '\\325\\326/\\330'; do printf $n > k/"$(printf $n)"; done
ln k/x k/"$(printf '\\301\\302/\\327')"; ln k/"$(printf '\\322')" k/q; ln -s "$(printf '\\301')" k/lnk; echo 1 > d/"$(printf '\\320\\260')"`;
const bad = `mkdir -p i/sub/"$(printf 'd\\351')" i/x d; ln -s "$(printf 'ziel\\351')" i/x/lnk; echo 1 > i/sub/"$(printf 'd\\351')"/in
echo 2 > i/x/"$(printf 'f\\351')"; echo 3 > i/x/ok; echo 4 > i/\u20acuro; echo old > d/extra`;

describe.each(["koffi", "plain"] as const)("within one machine, %s", (backEnd) => {
  const expectSame = sideBySide({ look: lookAtTrees, backEnd });
  test.each([
    ["-ai --iconv=UTF-8,ISO-8859-1 i/ d/", western],
    ["-aiH --iconv=.,ISO-8859-1 --delete i/ d/", western],
    ["-ai --iconv=KOI8-R,UTF-8 k/ d/", cyrillic],
    ["-aHi --iconv=KOI8-R,. --delete --no-inc-recursive k/ d/", cyrillic],
    ["-ai --iconv=- i/ d/", western],
    ["-ai --munge-links --iconv=UTF-8,ISO-8859-1 i/ d/", western],
    ["-ai --no-W --checksum-choice=xxh64 --iconv=UTF-8,ISO-8859-1 i/ d/", western],
    ["-ai --iconv=UTF-8,ISO-8859-1 --no-iconv i/ d/", western],
    ["-a --debug=iconv --iconv=UTF-8,ISO-8859-1 i/ d/", western],
    ["-aqvv --iconv=. i/ d/", western],
  ])("%s", (line, setup) => {
    expect(expectSame(`${setup}; ${settled}`, line).status).toBe(0);
  });
});

const expectSame = sideBySide({ look: lookAtTrees });

test.each(["-ai", "-ai --delete", "-ai --no-inc-recursive --delete"])(
  "%s: what cannot be converted is left out",
  (options) => {
    expect(expectSame(`${bad}; ${settled}`, `${options} --iconv=UTF-8,ISO-8859-1 i/ d/`).status).toBe(23);
  },
);

test.each([
  "-a --debug=iconv --iconv=. i/ d/; cut -d' ' -f4- log",
  "-a --debug=iconv --iconv=utf8,ISO-8859-1 -e ./shell --rsync-path=$p i/ h:d/",
  "-avv --iconv=utf8,ISO-8859-1 -e ./shell --rsync-path=$p h:i/ d/",
])("the character sets are told: %s", (line) => {
  const folder = mkdtempSync(join(tmpdir(), "tsync-iconv-"));
  const script = "mkdir i d; printf '#!/bin/sh\nshift\nexec \"$@\"\n' >shell; chmod 755 shell";
  const run = (p: string): string => {
    const text = `rm -rf d; mkdir d; p=${p}; $p --log-file=log ${line}`;
    const { stdout, stderr } = spawnSync("sh", ["-c", text], { cwd: folder, encoding: "latin1" });
    return `${stdout}${stderr}`.replace(/^(?!.*charset).*\n/gm, "");
  };
  try {
    spawnSync("sh", ["-c", script], { cwd: folder });
    const want = run("rsync");
    expect(want).toMatch(/charset/);
    spawnSync("rm", ["-f", "log"], { cwd: folder });
    expect(run(tsync)).toBe(want);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a directory that cannot be called anything is left out with what is in it, and nothing is deleted", () => {
  // rsync ends with 2 there: it has no place for the list of that directory.
  const folder = mkdtempSync(join(tmpdir(), "tsync-iconv-"));
  try {
    const shell = (text: string): string =>
      spawnSync("bash", ["-c", text], { cwd: folder, encoding: "utf8", env: { ...process.env, LC_ALL: "C.UTF-8" } })
        .stdout;
    shell(
      "mkdir -p i/\u20acd/sub i/ok d; echo 1 > i/\u20acd/sub/in; echo 2 > i/ok/a; ln -s x\u20ac i/ok/far; echo old > d/extra",
    );
    for (const more of ["", "--no-inc-recursive", "--delete"]) {
      const run = shell(`rm -rf d/ok; ${tsync} -a ${more} --iconv=UTF-8,ISO-8859-1 i/ d/ 2>&1; echo $?`);
      expect(run).toMatch(/\[Receiver\] cannot convert symlink data for: ".*ok\/far"/);
      expect(run).toMatch(/\(code 23\).*\n(?:IO error.*\n)?23\n$/);
      expect(shell("find d | sort")).toBe("d\nd/extra\nd/ok\nd/ok/a\n");
    }
    const unknown = shell(`${tsync} -a --iconv=nonsense i/ d/ 2>&1; echo $?`);
    expect(unknown).toMatch(/^iconv_open\("UTF-8", "nonsense"\) failed\n.*code 4.*\n4\n$/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a batch file with converted names", () => {
  const written = `${western}; rsync -a --iconv=UTF-8,ISO-8859-1 --write-batch=b i/ e; ${settled}; touch b.sh`;
  expect(expectSame(written, "-a --iconv=ISO-8859-1 --read-batch=b d").status).toBe(0);
  expect(expectSame(written, "-a --read-batch=b d").status).toBe(1);
  const plain = `${western}; rsync -a --write-batch=b i/ e; ${settled}`;
  expect(expectSame(plain, "-a --iconv=UTF-8 --read-batch=b d").status).toBe(1);
});

describe("between two machines", () => {
  const check = wireRoles(
    `${cyrillic}; mv k s; mkdir u; cd u; for n in \u0430 \u0431 \u044f \u00e9 z; do echo $n > $n; done; ln -s \u0430 l; cd ..; ${settled}`,
  );
  const treesOf = ({ status, destination, source }: WireOutcome): unknown => ({ status, destination, source });
  const pushes: readonly WireRole[] = ["push-client", "push-server"];
  const pulls: readonly WireRole[] = ["pull-client", "pull-server"];
  test.each(pushes)("%s", (role) => {
    for (const protocol of [28, 29, 30, 32]) {
      const line = `-aH --delete --iconv=KOI8-R,UTF-8 --protocol=${protocol} s/ d`;
      expect(check(role, line, { compare: treesOf }).status).toBe(0);
    }
    expect(check(role, "-as --iconv=UTF-8,KOI8-R u/ d/\u0431", { compare: treesOf }).status).toBe(23);
    // rsync that pulls stops there, with 4; one that receives as a server goes on.
    expect(check(role, "-a --delete --iconv=UTF-8,KOI8-R u/ d", { compare: treesOf }).status).toBe(23);
  });
  test.each(pulls)("%s", (role) => {
    for (const protocol of [28, 29, 30, 32]) {
      const line = `-aH --delete --iconv=UTF-8,KOI8-R --protocol=${protocol} s/ d`;
      expect(check(role, line, { compare: treesOf }).status).toBe(0);
    }
    expect(check(role, "-as --iconv=KOI8-R,UTF-8 u/z u/l d", { compare: treesOf }).status).toBe(0);
  });
});
