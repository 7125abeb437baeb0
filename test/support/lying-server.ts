/** Remote shells that are scripts of ours, in place of a server: bytes written by hand, and no code of the program under test. */
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const tsync = join(import.meta.dirname, "../../bin/tsync");

/** How a run ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

/** A client in a folder of its own. */
export class LiedTo {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Runs tsync until it ends; `during` may disturb it. */
  run(args: readonly string[], during?: (child: ChildProcess) => void, variables = {}): Promise<Ended> {
    const started = performance.now();
    const env = { ...process.env, ...variables };
    const child = spawn(tsync, args, { cwd: this.folder, stdio: ["ignore", "pipe", "pipe"], env });
    const texts = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].on("data", (text: Buffer) => {
        texts[name] += text.toString("latin1");
      });
    }
    during?.(child);
    return new Promise((resolve) => {
      child.on("close", (code) => resolve({ code, ...texts, seconds: (performance.now() - started) / 1000 }));
    });
  }

  /** A remote shell that is a script of ours. */
  shell(script: string): string {
    const path = join(this.folder, "shell");
    writeFileSync(path, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    return path;
  }

  /** A server that sends these bytes (in hexadecimal digits) and then waits, or does what `behind` says. */
  sends(hex: string, behind = "exec sleep 20"): string {
    const octal = (hex.replaceAll(" ", "").match(/../g) ?? []).map(
      (byte) => `\\0${Number.parseInt(byte, 16).toString(8)}`,
    );
    return this.shell(`printf '%b' '${octal.join("")}'\n${behind}`);
  }
}
