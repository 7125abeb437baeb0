/** `--write-devices` against the installed rsync: the same text, exit code, trees and data. Needs root; block devices need loop devices. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { splitErrors, splitOutput } from "../support/output.ts";
import { lookAtTrees, sideBySide } from "../support/side-by-side.ts";

const tsync = join(import.meta.dirname, "../../bin/tsync");

/** Character devices, a fifo and a link to a device where the source has files. */
const plain = `mkdir s d; for n in null zero fifo link reg; do echo data >s/$n; done; : >s/empty; chmod 600 s/*; chown 1:2 s/null
mknod d/null c 1 3; mknod d/zero c 1 3; mknod d/empty c 1 3; mkfifo d/fifo; ln -s /dev/null d/link
find . -depth -exec touch -h -d @1600000000.5 {} +; touch -d @1500000000 d/zero`;

describe.each(["koffi", "plain"] as const)("%s", (backEnd) => {
  const expectSame = sideBySide({ look: lookAtTrees, backEnd });

  test.each([
    ...[
      "-ai",
      "-aivv --no-W",
      "-ain",
      "-rvi",
      "-aiu",
      "-aic",
      "-aiI",
      "-aib",
      "-ai --append",
      "-aiX --stats",
      "-ai --delete",
    ],
    ...["-ai --existing", "-ai --ignore-existing --info=skip2", "-ai --no-inplace", "-ai --no-write-devices"],
    ...["-ai --partial-dir=x", "-ai --delay-updates", "-ai --remove-source-files"],
  ])("--write-devices %s", (options) => {
    expectSame(plain, `--write-devices ${options} s/ d/`);
  });

  test("--write-devices to a single device, and of a hard-linked file", () => {
    expectSame(plain, "-ai --write-devices s/null d/null");
    expectSame(plain, "-i --write-devices s/reg /dev/null");
    expectSame(`${plain}; ln s/null s/null2; touch -d @1600000000.5 s`, "-aiH --write-devices s/ d/");
  });

  test("--write-devices leaves the error of a full device", () => {
    const { status } = expectSame("mkdir s d; echo data >s/full; mknod d/full c 1 7", "-a --write-devices s/ d/");
    expect(status).toBe(11);
    expectSame("mkdir s d; echo data >s/null; mknod d/null c 1 3", "-a --fsync --write-devices s/ d/");
  });
});

describe("as an ordinary user", () => {
  const expectSame = sideBySide({ look: lookAtTrees, user: 65534 });
  test.each(["chmod 666 d/*", "chmod 444 d/zero d/null; chown 0:0 d/*", "chmod 0 d/zero"])("%s", (setup) => {
    const own = plain.replace(
      "ln -s /dev/null d/link",
      "rm d/fifo s/fifo s/link s/null; echo data >s/null; chmod 600 s/null",
    );
    expectSame(`${own}; chown -hR 65534:65534 s d; ${setup}`, "-ai --write-devices s/ d/");
  });
});

describe("block devices", () => {
  let folder = "";
  let image = "";
  let device = "";
  const bytes = 204_800;
  const shell = (text: string): string => {
    const done = spawnSync("bash", ["-c", text], { cwd: folder, encoding: "latin1" });
    expect(done.stderr).toBe("");
    return done.stdout;
  };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tsync-write-devices-"));
    image = join(folder, "image");
    writeFileSync(image, Buffer.alloc(bytes));
    device = spawnSync("losetup", ["-f", "--show", image], { encoding: "latin1" }).stdout.trim();
  });
  afterAll(() => {
    spawnSync("losetup", ["-d", device]);
    rmSync(folder, { recursive: true, force: true });
  });

  const run = (program: string, setup: string, line: string) => {
    for (const name of ["s", "d"]) rmSync(join(folder, name), { recursive: true, force: true });
    mkdirSync(join(folder, "s"));
    mkdirSync(join(folder, "d"));
    shell(`head -c ${bytes} /dev/zero | tr '\\0' A | dd of=${device} status=none; cp -a ${device} d/blk; chmod 644 d/blk; ${setup}
find s d -exec touch -h -d @1600000000 {} +; touch -d @1650000000 s/*`);
    const env = { PATH: process.env.PATH, LC_ALL: "C.UTF-8", TZ: "UTC" };
    const done = spawnSync(program, line.split(" "), { cwd: folder, encoding: "latin1", env });
    const trees = shell("find d -printf '%p %y %m %s %T@\\n' | sort").replace(/ 1[78]\d{8}\.\d+/g, " now");
    shell(`sync; blockdev --flushbufs ${device}`);
    const { status, stdout, stderr } = done;
    const data = readFileSync(image)
      .toString("latin1")
      .replace(/(.)\1{99,}/g, (run, byte) => `${byte} x ${run.length} `);
    return { status, output: splitOutput(stdout), errors: splitErrors(stderr), trees, data };
  };

  test.each([
    ["echo data >s/blk", "-ai"],
    ["echo data >s/blk", "-aib"],
    ["echo data >s/blk", "-aiu --stats"],
    [`cp ${"$"}PWD/image s/blk; printf Z | dd of=s/blk conv=notrunc status=none`, "-ai --no-W --stats"],
    ["tail -c 100000 image >s/blk; seq 20000 >>s/blk", "-ai --no-W"],
    ["cp image s/blk", "-aic"],
    ["cp image s/blk", "-ai --size-only"],
    ["yes | head -c 300000 >s/blk", "-ai"],
    ["echo data >s/blk", "-ai --append"],
    [": >s/blk", "-ai"],
    ["cp -a d/blk s/blk", "-ai --copy-devices"],
  ])("%s; --write-devices %s", (setup, options) => {
    const line = `${options} --write-devices s/ d/`;
    expect(run(tsync, setup, line)).toEqual(run("rsync", setup, line));
  });
});
