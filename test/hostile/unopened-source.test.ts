/**
 * Sources that whoever copies them opens, in quiet runs: what cannot be opened, is no regular file any more or has gone is told
 * as ever, on any thread.
 */
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { byteName } from "../../src/bytes/byte-name.ts";
import { OperatorPaths } from "../../src/fs/operator-path.ts";
import { openSyscalls } from "../../src/fs/syscalls/choose.ts";
import { FileReceiver } from "../../src/sync/receive-file.ts";
import type { ReceiveJob } from "../../src/sync/receive-job.ts";
import { backEnds, namesIn, tsync, Workspace } from "./support.ts";

const nobody = 65534;

let workspace: Workspace;
beforeEach(() => {
  workspace = new Workspace();
  mkdirSync(workspace.at("src"));
  mkdirSync(workspace.at("dst"));
});
afterEach(() => workspace[Symbol.dispose]());

describe.each(backEnds)("one file with %s", (backEnd) => {
  /** Has `name` copied, whose size was listed as 5. */
  function receive(name: string) {
    const calls = openSyscalls(backEnd);
    const at = (path: string): number =>
      calls.openPath(byteName(workspace.at(path)), calls.flags.readOnly | calls.flags.directory);
    const directories = { source: at("src"), destination: at("dst") };
    const job: ReceiveJob = {
      id: 1,
      source: -1,
      openFrom: { directory: directories.source, name: byteName(name) },
      size: 5,
      directory: directories.destination,
      name: byteName("file"),
      method: "replace",
      sparse: false,
      preallocate: false,
      fsync: false,
      verify: false,
      reflink: "auto",
      attributes: {
        uid: -1,
        gid: -1,
        mode: 0o640,
        mtime: undefined,
        mtimeNanoseconds: 0,
        atime: undefined,
        accessAcl: undefined,
        xattrs: undefined,
        removeXattrs: undefined,
      },
      keepPartial: "no",
      partialDirectory: undefined,
      delayed: false,
      wantDigest: false,
    };
    const receiver = new FileReceiver(calls, new OperatorPaths(calls, { uid: process.geteuid?.() ?? 0 }));
    const { done, written, failures } = receiver.run(job, () => false);
    for (const descriptor of Object.values(directories)) calls.close(descriptor);
    calls.dispose();
    return { done, written, failures };
  }

  test("is copied as long as it is when it is opened", () => {
    writeFileSync(workspace.at("src/f"), "longer than it was");
    expect(receive("f")).toEqual({ done: true, written: 18, failures: [] });
    expect(readFileSync(workspace.at("dst/file"), "utf8")).toBe("longer than it was");
  });

  test.each<[string, number, () => void]>([
    ["has gone", -2, () => undefined],
    ["became a link", -40, () => symlinkSync("/etc/passwd", workspace.at("src/f"))],
    ["became a directory", -21, () => mkdirSync(workspace.at("src/f"))],
  ])("that %s is not copied", (_, errno, change) => {
    change();
    expect(receive("f")).toEqual({
      done: false,
      written: 0,
      failures: [{ step: "source", errno, detail: undefined }],
    });
    expect(namesIn(workspace.at("dst"))).toEqual([]);
  });
});

test.each(backEnds)("files that may not be read, among many, with %s", (backEnd) => {
  const count = 1500;
  for (let index = 0; index < count; index++) writeFileSync(workspace.at(`src/f${index}`), `${index}`, { mode: 0o644 });
  const closed = ["f3", "f700", "f1499"];
  for (const name of closed) chmodSync(workspace.at(`src/${name}`), 0o600);
  const how = { backEnd, cwd: workspace.path, user: nobody, env: { TSYNC_THREADS_FROM: "1000" } };
  const copies = ["by-tsync", "by-rsync"].map((name) => workspace.directory(name, 0o777));
  const [ours, theirs] = copies.map((to, which) =>
    tsync(["-rt", "src/", `${to}/new/`], { ...how, ...(which === 1 ? { program: "rsync" } : {}) }),
  );
  const told = (text = "") =>
    text
      .split("\n")
      .filter((line) => !line.includes("rsync error:"))
      .sort();
  expect(ours?.code).toBe(23);
  expect(theirs?.code).toBe(23);
  expect(told(ours?.stderr)).toEqual(told(theirs?.stderr));
  expect(told(ours?.stderr).filter((line) => line !== "")).toHaveLength(closed.length);
  expect(namesIn(`${copies[0]}/new`)).toEqual(namesIn(`${copies[1]}/new`));
});
