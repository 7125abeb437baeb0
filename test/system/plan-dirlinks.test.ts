/** Plans with `keepDirlinks`: what a link leads to is also reached, changed or deleted by its own path, and is applied as a run does it. */
import { readFileSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { apply, plan } from "../../src/library/plan.ts";
import type { PlanRequest } from "../../src/library/planned-change.ts";
import { sync } from "../../src/library/sync.ts";
import type { RunEvent } from "../../src/sync/events.ts";
import { must, Workspace } from "../hostile/support.ts";

let workspace: Workspace;
beforeEach(() => {
  workspace = new Workspace();
});
afterEach(() => workspace[Symbol.dispose]());

/** Trees `s` and `d`, with times by which they differ. */
const setups: Readonly<Record<string, string>> = {
  "a directory that is deleted":
    "mkdir -p s/link d/dir; echo 1 >s/link/f; echo 1 >d/dir/f; echo 2 >d/dir/g; ln -s dir d/link",
  "a directory below one that is deleted":
    "mkdir -p s/link/x d/dir/sub/x; echo 1 | tee s/link/x/f >d/dir/sub/x/f; ln -s dir/sub d/link",
  "a directory that has another content of its own":
    "mkdir -p s/dir s/link d/dir; echo 1 | tee s/dir/f >d/dir/f; echo 22 >s/link/f; echo 3 >s/link/h; ln -s dir d/link",
  "a directory that becomes a file":
    "mkdir -p s/link d/dir; echo 1 | tee s/link/f >d/dir/f; echo 5 >s/dir; ln -s dir d/link",
  "a directory with other permissions":
    "mkdir -p s/a s/link d/a; chmod 700 s/link; echo 1 | tee s/a/f s/link/f >d/a/f; ln -s a d/link",
  "a directory that two links lead to":
    "mkdir -p s/l1 s/l2 d/dir; echo 1 >s/l1/f; echo 22 >s/l2/f; echo 333 >s/l2/g; echo 1 >d/dir/f; ln -s dir d/l1; ln -s l1 d/l2",
};

function prepare(setup: string): void {
  const dates = "find s ! -name f -exec touch -hd @1500000000 {} +; find d ! -name f -exec touch -hd @1400000000 {} +";
  const files = "find s d -name f -exec touch -d @1300000000 {} +";
  must("bash", ["-c", `cd "$0" && rm -rf s d && umask 022 && ${setup}; ${dates}; ${files}`, workspace.path]);
}

function request(options: Partial<PlanRequest>): PlanRequest {
  const operands = { sources: [`${workspace.at("s")}/`], destination: workspace.at("d") };
  return { ...operands, archive: true, keepDirlinks: true, ...options };
}

/** The tree, and what was told of it; that a directory had another time is told by a run only. */
async function outcomeOf(run: AsyncIterable<RunEvent>): Promise<string[]> {
  const told: string[] = [];
  for await (const event of run) {
    if (event.type === "delete") told.push(`delete ${event.path}`);
    if (event.type === "item" && event.flags !== 8) told.push(`item ${event.path} ${event.flags}`);
  }
  const look =
    "cd \"$0\"; find d -printf '%p %y %m %l %s %T@\\n' | sed -E 's/ 1[6-9][0-9]{8}[.][0-9]+$/ now/' | sort; find d -type f -exec md5sum {} + | sort";
  return [...told.sort(), ...must("bash", ["-c", look, workspace.path]).split("\n")];
}

test.each(Object.keys(setups))("%s", async (name) => {
  const setup = setups[name] ?? "";
  for (const timing of ["before", "during", "delay", "after", false] as const) {
    for (const incRecursive of [true, false]) {
      const wanted = request({ delete: timing, incRecursive });
      prepare(setup);
      const run = sync(wanted);
      const expected = await outcomeOf(run);
      prepare(setup);
      const planned = apply(await plan(wanted));
      expect(await outcomeOf(planned), `${timing} ${incRecursive}`).toEqual(expected);
      expect(await planned).toMatchObject({ exitCode: (await run).exitCode, refused: [] });
    }
  }
});

test("what somebody else has changed behind a link is refused", async () => {
  prepare(setups["a directory that two links lead to"] ?? "");
  const planned = await plan(request({ delete: true }));
  writeFileSync(workspace.at("d/dir/f"), "of somebody else");
  writeFileSync(workspace.at("d/dir/new"), "of somebody else");
  const summary = await apply(planned);
  expect(summary.exitCode).toBe(23);
  expect(summary.refused.map(({ change }) => String(change.path))).toContain("l2/f");
  for (const name of ["f", "new"]) expect(readFileSync(workspace.at(`d/dir/${name}`), "utf8")).toBe("of somebody else");
});
