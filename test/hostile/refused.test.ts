/** Options that need both sides on one machine are refused with 4 where one is elsewhere (4-traps T-19: never accept an option and do nothing). */
import { describe, expect, test } from "vitest";
import { picture, tsync, Workspace } from "./support.ts";

/** A remote shell that runs the other side here. */
const shell = '#!/bin/sh\nshift\nexec sh -c "$*"\n';

describe.each(["--delete-guard=1", "--refuse-empty-source", "--verify", "--reflink=always"])(
  "%s is not ignored where only one side is here",
  (option) => {
    test.each(["push", "pull", "read-batch", "write-batch", "server"])("%s", (way) => {
      using workspace = new Workspace();
      workspace.directory("src");
      workspace.directory("dst");
      workspace.file("dst/a", "1");
      workspace.file("dst/b", "2");
      workspace.file("shell", shell, 0o755);
      const [src, dst] = [`${workspace.at("src")}/`, `${workspace.at("dst")}/`];
      const before = picture(workspace.at("dst"));
      const remote = ["-a", "--delete", option, "-e", workspace.at("shell"), "--rsync-path=rsync"];
      const lines: Readonly<Record<string, readonly string[]>> = {
        push: [...remote, src, `host:${dst}`],
        pull: [...remote, `host:${src}`, dst],
        "read-batch": ["-a", "--delete", option, `--read-batch=${workspace.at("batch")}`, dst],
        "write-batch": ["-a", "--delete", option, `--write-batch=${workspace.at("batch")}`, src, dst],
        server: ["--server", "-re.iLsfxCIvu", "--delete", option, ".", dst],
      };
      const run = tsync(lines[way] ?? [], { cwd: workspace.path });
      // The source of a push can be looked at.
      expect(run.code).toBe(way === "push" && option === "--refuse-empty-source" ? 3 : 4);
      expect(run.stderr).toContain(option.replace(/=\d.*/, ""));
      expect(picture(workspace.at("dst"))).toBe(before);
    });
  },
);
