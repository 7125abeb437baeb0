/** The real rsyncs that tsync talks to: the installed one and what scripts/fetch-peers.mjs brought. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A release of rsync that starts here. */
export interface Peer {
  readonly version: string;
  /** The newest that it speaks. */
  readonly protocol: number;
  readonly program: string;
  /** Where it comes from, for people. */
  readonly source: string;
}

const list = join(import.meta.dirname, "../../node_modules/.cache/tsync/peers/peers.json");

/** All of them, the installed one first. */
export function realPeers(): readonly Peer[] {
  const text = spawnSync("rsync", ["--version"], { encoding: "utf8" }).stdout ?? "";
  const [, version, protocol] = /^rsync +version v?(\S+) +protocol version (\d+)/.exec(text) ?? [];
  if (version === undefined) throw new Error("rsync is not installed");
  const installed: Peer = { version, protocol: Number(protocol), program: "rsync", source: "installed" };
  try {
    const others: readonly Peer[] = JSON.parse(readFileSync(list, "utf8"));
    return [installed, ...others];
  } catch (error) {
    throw new Error(`other releases of rsync are missing: run 'node scripts/setup.mjs --tests' (${error})`);
  }
}

/** The second real peer of the tests. */
export function olderPeer(): Peer {
  const peer = realPeers().find(({ version }) => version === "3.2.7");
  if (peer === undefined) throw new Error("rsync 3.2.7 is missing: run 'node scripts/setup.mjs --tests'");
  return peer;
}
