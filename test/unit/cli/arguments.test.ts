import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { takeArguments } from "../../../src/cli/arguments.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");

describe("takeArguments", () => {
  test.each<[string, string | undefined, string[], string[]]>([
    ["from the end", "node\0--flag\0main.js\0-av\0s/\0", ["-av", "s/"], ["-av", "s/"]],
    ["bytes that are not UTF-8", "node\0main.js\0caf\xe9\0", ["caf\ufffd"], ["caf\xe9"]],
    ["UTF-8 as its bytes", "node\0main.js\0caf\xc3\xa9\0", ["café"], ["caf\xc3\xa9"]],
    ["empty arguments", "node\0main.js\0\0x\0\0", ["", "x", ""], ["", "x", ""]],
    ["none", "node\0main.js\0", [], []],
    ["decoded when there is no cmdline", undefined, ["café"], ["caf\xc3\xa9"]],
    ["decoded when cmdline is cut", "node\0main.js\0-a", ["-av"], ["-av"]],
    ["decoded when the title was changed", "tsync backup\0", ["-av", "s/"], ["-av", "s/"]],
    ["decoded when cmdline is another one", "node\0main.js\0-x\0", ["-av"], ["-av"]],
  ])("%s", (_title, commandLine, decoded, expected) => {
    expect(takeArguments(commandLine === undefined ? undefined : bytes(commandLine), decoded)).toEqual(expected);
  });
});

test("readArguments gets raw bytes of a real process, with Node options in front", () => {
  const folder = mkdtempSync(join(tmpdir(), "tsync-arguments-"));
  try {
    const module = fileURLToPath(new URL("../../../src/cli/arguments.ts", import.meta.url));
    const script = join(folder, "main.mjs");
    writeFileSync(
      script,
      `import { readArguments } from ${JSON.stringify(module)};
process.stdout.write(readArguments(process.argv.slice(2)).map((a) => Buffer.from(a, "latin1").toString("hex")).join(" "));`,
    );
    // A shell makes the argument: spawn itself would spoil the byte.
    const run = spawnSync(
      "sh",
      [
        "-c",
        `"$0" --no-warnings --experimental-strip-types "$1" -av "$(printf 'caf\\351')" ''`,
        process.execPath,
        script,
      ],
      { encoding: "utf8" },
    );
    expect(run.stdout).toBe("2d6176 636166e9 ");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
