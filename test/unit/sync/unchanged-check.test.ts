/** What was found equal before must not hide a difference between other files with the same attributes. */
import * as fs from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { byteName, fromText } from "../../../src/bytes/byte-name.ts";
import { openSyscalls } from "../../../src/fs/syscalls/choose.ts";
import { isXattrList, type Syscalls } from "../../../src/fs/syscalls/interface.ts";
import { sync } from "../../../src/library/sync.ts";

const accessAcl = byteName("system.posix_acl_access");
const origin = byteName("user.origin");
/** rw-, user 1000 with these bits, r--, mask rw-, r--. */
const aclFor = (bits: number): Uint8Array =>
  Buffer.from(`0200000001000600ffffffff02000${bits}00e803000004000400ffffffff10000600ffffffff20000400ffffffff`, "hex");

describe("UnchangedCheck", () => {
  let root = "";
  let calls: Syscalls;
  let directory = -1;

  beforeEach(() => {
    root = fs.mkdtempSync("/dev/shm/tsync-unchanged-");
    fs.mkdirSync(`${root}/source`);
    calls = openSyscalls(undefined);
    directory = calls.openPath(fromText(`${root}/source`), calls.flags.readOnly | calls.flags.directory);
  });

  afterEach(() => {
    calls.close(directory);
    calls.dispose();
    fs.rmSync(root, { recursive: true, force: true });
  });

  const set = (index: number, attribute: typeof origin, value: Uint8Array) =>
    expect(calls.setXattrAt(directory, byteName(`f${index}`), attribute, value)).toBe(0);

  it("sees each file that differs among equal ones", async () => {
    for (let index = 0; index < 20; index++) {
      fs.writeFileSync(`${root}/source/f${index}`, "content", { mode: 0o644 });
      set(index, origin, Buffer.from("camera"));
      set(index, accessAcl, aclFor(4));
    }
    const request = {
      sources: [`${root}/source/`],
      destination: `${root}/copy`,
      ...({ archive: true, acls: true, xattrs: true } as const),
    };
    expect(await sync(request)).toMatchObject({ exitCode: 0, transferredFiles: 20 });
    set(5, accessAcl, aclFor(6));
    set(9, origin, Buffer.from("camerb"));
    set(13, byteName("user.more"), Buffer.from("1"));
    fs.chmodSync(`${root}/source/f17`, 0o640);
    const changed: string[] = [];
    const run = sync(request);
    for await (const event of run) if (event.type === "item") changed.push(event.path);
    expect(await run).toMatchObject({ exitCode: 0, transferredFiles: 0 });
    expect(changed).toEqual(["f13", "f17", "f5", "f9"]);
    const copy = calls.openPath(fromText(`${root}/copy`), calls.flags.readOnly | calls.flags.directory);
    const names = Array.from({ length: 20 }, (_, index) => byteName(`f${index}`));
    const read = (from: number) => calls.readXattrs(from, names).map((list) => (isXattrList(list) ? list : "unread"));
    expect(read(copy)).toEqual(read(directory));
    calls.close(copy);
    expect(fs.statSync(`${root}/copy/f17`).mode & 0o777).toBe(0o640);
  });
});
