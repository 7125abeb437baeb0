/**
 * Options whose traps are not proven yet are refused with 4 before anything is touched (4-traps T-19: never accept an option
 * and do nothing). Whoever implements one takes it out of this list and proves its trap in docs/traps.md instead.
 */
import { expect, test } from "vitest";
import { picture, tsync, Workspace } from "./support.ts";

test.each([{ option: "--confine-root=x", traps: "O-01" }])(
  "$option is refused with 4 before anything is touched ($traps)",
  ({ option }) => {
    using workspace = new Workspace();
    workspace.directory("src");
    workspace.file("src/a");
    const before = picture(workspace.path);
    const args = ["-a", option, `${workspace.at("src")}/`, `${workspace.at("dst")}/`];
    const run = tsync(args, { cwd: workspace.path });
    expect(run.code).toBe(4);
    expect(run.stderr).toContain(option.replace(/=.*/, ""));
    expect(picture(workspace.path)).toBe(before);
  },
);
