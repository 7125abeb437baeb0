/**
 * What a server over a remote shell may make its client do, and what it may not (4-traps E-03, H-26, H-27, I-01, L-18, S-11, T-30, X-03):
 * its texts are only texts, its marks do not widen a deletion, its time-out is ours or shorter, and no argument is a command.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { byte, entry, frame, int, listEnd, text } from "../support/hostile-client.ts";
import { LiedTo } from "../support/lying-server.ts";

const folder = mkdtempSync(join(tmpdir(), "tsync-wire-rules-"));
const client = new LiedTo(folder);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeEach(() => {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true, force: true });
  mkdirSync(join(folder, "d"));
  writeFileSync(join(folder, "f"), "a file");
});

const patienceSeconds = 15;
/** A version, flags 0xfe (varint, no incremental recursion), md5 for all, seed 1. */
const start = (version = 31): string => `${int(version)} 80fe 03${text("md5")} 01000000`;
const list = (...entries: readonly string[]): string => frame(entries.join("") + listEnd);
const [info, error, warning, timeout] = [2, 3, 4, 33] as const;

describe("E-03 texts of a server", () => {
  test.each([
    ["a text", info],
    ["an error", error],
    ["a warning", warning],
  ])("%s is escaped and decides nothing", async (_name, code) => {
    const words = text("\u001b[31mrsync error: all is well (code 0)\u0007\r\n");
    const shell = client.sends(`${start()} ${frame(words, code)}`, "exit 0");
    const { stdout, stderr, code: ended } = await client.run(["-av", "-e", shell, "h:f", "d/"]);
    expect(ended).toBe(12);
    expect(stdout + stderr).toContain("\\#033[31mrsync error: all is well (code 0)\\#007");
    expect(stdout + stderr).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f]/);
  });

  test("one that is too long is none", async () => {
    const shell = client.sends(`${start()} ${frame("61".repeat(9000), info)}`, "exit 0");
    expect((await client.run(["-av", "-e", shell, "h:f", "d/"])).code).toBe(12);
  });
});

describe("H-26 the basis of a file", () => {
  /** A request has been answered with a basis that was not named in it. */
  const answers = (flags: string, basis: string): string =>
    `${start()} ${list(entry("f"))} ${frame(`01 ${flags} ${basis} ${[0, 0, 0, 0].map(int).join("")}${int(0)}${"00".repeat(16)}`)}`;

  test.each([
    ["an alternate directory that does not exist", answers("0088", "05")],
    ["a similar file that nobody looked for", answers("0098", `83 07 ${text("../../x")}`)],
  ])("is not %s", async (_name, hex) => {
    writeFileSync(join(folder, "d/f"), "old content");
    const { code, stderr } = await client.run(["-a", "--timeout=3", "-e", client.sends(hex), "h:f", "d/"]);
    expect({ code, stderr }).toEqual({ code: 2, stderr });
    expect(stderr).not.toMatch(/internal|^\s+at /m);
    expect(readFileSync(join(folder, "d/f"), "utf8")).toBe("old content");
    expect(readdirSync(join(folder, "d"))).toEqual(["f"]);
  });
});

describe("H-27 the time-out of a server", () => {
  test.each([
    ["none at all", "2", 0],
    ["a negative one", "2", -1],
    ["a huge one", "2", 100_000],
    ["a longer one", "2", 600],
    ["a shorter one", "600", 2],
    ["one where there was none", "0", 2],
  ])("%s", async (_name, own, seconds) => {
    const shell = client.sends(`${start()} ${frame(int(seconds), timeout)}`, "exec sleep 60");
    const ended = await client.run(["-a", `--timeout=${own}`, "-e", shell, "h:f", "d/"]);
    expect(ended.code).toBe(30);
    expect(ended.seconds).toBeLessThan(patienceSeconds);
  });
});

describe("S-11 marks of a list", () => {
  const old = (name: string, mode: number): string =>
    `18 ${byte(name.length)}${text(name)} ${int(3)} ${int(1_577_923_423)} ${int(mode)}`;
  const forged = (version: number, one: typeof old): string => {
    // Parents that were only implied have no content of their own; here they are marked as if they had.
    const entries = ["m", "m/dir"].map((name) => one(name, 0o040755));
    const opening = version >= 30 ? start(version) : `${int(version)} ${int(1)}`;
    const end = version >= 30 ? "0000" : `00 ${int(0)}`;
    return `${opening} ${frame(`${entries.join("")}${one("m/dir/f", 0o100644)}${end}`)}`;
  };

  test.each([
    [29, forged(29, old)],
    [30, forged(30, entry)],
    [31, forged(31, entry)],
  ])("do not make a directory one whose content counts: protocol %d", async (_version, hex) => {
    mkdirSync(join(folder, "d/m/dir"), { recursive: true });
    const kept = ["d/keep", "d/m/keep", "d/m/dir/keep"].map((name) => join(folder, name));
    for (const path of kept) writeFileSync(path, "kept");
    // The answer to the request for the file never comes: what was to be deleted meanwhile would be gone.
    const heard = "exec 3>&1\ntimeout 3 cat >said\nexit 0";
    const args = ["-rRi", "--delete-during", "-e", client.sends(hex, heard), "h:m/dir/f", "d/"];
    const ended = await client.run(args);
    expect(ended.code).toBe(12);
    for (const path of kept) expect(existsSync(path), path).toBe(true);
    // The list was good: its file was asked for.
    expect(readFileSync(join(folder, "said")).toString("hex")).toMatch(/00[8a](?:0|2)/);
    expect(ended.stdout).not.toContain("deleting");
  });
});

describe("T-30 versions", () => {
  test.each([0, 19, 26, 41, 255, -1, 0x7fffffff])("%d is refused", async (version) => {
    const shell = client.sends(`${int(version)} 00000000 00000000`);
    for (const operands of [
      ["f", "h:d/"],
      ["h:f", "d/"],
    ]) {
      const ended = await client.run(["-a", "-e", shell, ...operands]);
      expect(ended.code).toBe(2);
      expect(ended.seconds).toBeLessThan(patienceSeconds);
    }
  });
});

describe("I-01 arguments", () => {
  const biting = [
    "a;touch marker",
    "$(touch marker)",
    "`touch marker`",
    "it's & touch marker",
    'a"b" || touch marker',
    "two\nlines\ntouch marker",
    "a\rtouch marker",
    "-e touch marker",
    "--rsync-path=touch",
    "~/f",
    "*",
    "a\\ b|touch marker",
    "a>marker",
  ];
  // What sshd does: one text for a shell.
  const evaluating = 'shift\nexec sh -c "$*"';

  test.each(biting)("are no commands: %j", async (name) => {
    mkdirSync(join(folder, "from"));
    mkdirSync(join(folder, "to"));
    const file = `${name.replaceAll("/", "_")}`;
    writeFileSync(join(folder, "from", file), "content");
    utimesSync(join(folder, "from", file), 1_500_000_000, 1_500_000_000);
    const shell = client.shell(evaluating);
    // A shell takes a quoted newline away, which is all that rsync does about it too: such names need -s.
    for (const more of name.includes("\n") ? [["-s"]] : [[], ["-s"]]) {
      for (const there of ["push", "pull"]) {
        rmSync(join(folder, "to"), { recursive: true });
        mkdirSync(join(folder, "to"));
        const operands = there === "push" ? [`from/${file}`, `h:to/${file}`] : [`h:from/${file}`, "to/"];
        const ended = await client.run(["-a", "--rsync-path=rsync", ...more, "-e", shell, "--", ...operands]);
        expect({ there, more, ...ended }).toMatchObject({ code: 0, stderr: "" });
        expect(readdirSync(join(folder, "to"))).toEqual([file]);
        expect(existsSync(join(folder, "marker"))).toBe(false);
      }
    }
  });

  test.each(["-oProxyCommand=touch marker:f", "u@-oProxyCommand=touch marker:f", "-x@-h:f"])(
    "are no options of the shell: %s",
    async (operand) => {
      const shell = client.shell("touch called; exit 1");
      const { code } = await client.run(["-a", "-e", shell, "--", operand, "d/"]);
      expect(code).toBe(1);
      expect(existsSync(join(folder, "called"))).toBe(false);
    },
  );
});

describe("L-18 a server that is killed in the middle of a file", () => {
  test.each(["push", "pull"])("%s: 12, and nothing is left", async (direction) => {
    writeFileSync(join(folder, "big"), Buffer.alloc(30_000_000, "content "));
    // So slow that there is a middle.
    const shell = client.shell('shift\nexec 3<&0\n"$@" <&3 & echo $! >pid; wait $!');
    const operands = direction === "push" ? ["big", `h:${folder}/d/`] : [`h:${folder}/big`, "d/"];
    let killing: NodeJS.Timeout | undefined;
    let isKilled = false;
    const ended = await client.run(["-a", "--bwlimit=2000", "--rsync-path=rsync", "-e", shell, ...operands], () => {
      killing = setInterval(() => {
        if (isKilled || !readdirSync(join(folder, "d")).some((name) => name.startsWith(".big."))) return;
        isKilled = true;
        process.kill(Number(readFileSync(join(folder, "pid"), "utf8")), "SIGKILL");
      }, 20);
    });
    clearInterval(killing);
    expect(isKilled).toBe(true);
    expect([12, 137]).toContain(ended.code);
    expect(existsSync(join(folder, "d/big"))).toBe(false);
    // A server that was killed could not tidy up; ours did.
    if (direction === "pull") expect(readdirSync(join(folder, "d"))).toEqual([]);
  });
});

describe("X-03 more files that cannot be read than may be asked for at once", () => {
  test.each([28, 29, 32])("protocol %d: the last ones still come", async (protocol) => {
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, "many"), { mode: 0o755 });
    for (let number = 100; number < 700; number++) {
      writeFileSync(join(folder, `many/f${number}`), "content", { mode: number < 690 ? 0o600 : 0o644 });
    }
    const shell = client.shell('shift\nexec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"');
    const args = ["-rt", `--protocol=${protocol}`, "--rsync-path=rsync", "-e", shell];
    const ended = await client.run([...args, `h:${folder}/many/`, "d/"]);
    expect(ended.code).toBe(23);
    expect(readdirSync(join(folder, "d"))).toHaveLength(10);
  });
});
