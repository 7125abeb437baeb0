/** The interop matrix as a document: a table a peer and transport, the protocols that are green in each field. */
import {
  type InteropCell,
  type InteropRole,
  type InteropTransport,
  interopRoles,
  interopTransports,
  optionSets,
} from "./interop-cells.ts";
import type { CellResult } from "./interop-runner.ts";
import type { Peer } from "./peers.ts";

/** A cell and what became of it. */
export interface MatrixRow {
  readonly cell: InteropCell;
  readonly result: CellResult;
}

const transportNames: Readonly<Record<InteropTransport, string>> = {
  shell: "remote shell on pipes",
  daemon: "real daemon, TCP",
  ssh: "real sshd, the system's ssh",
  builtin: "real sshd, the built-in ssh",
};

const roleNames: Readonly<Record<InteropRole, string>> = {
  "client-push": "client, pushing",
  "client-pull": "client, pulling",
  "server-receiving": "server, receiving",
  "server-sending": "server, sending",
  "both-push": "both ends, push",
  "both-pull": "both ends, pull",
};

/** The document; `total`: cells that the matrix has; `known`: those that were green in an earlier run and not run again. */
export function formatMatrix(
  peers: readonly Peer[],
  rows: readonly MatrixRow[],
  { total, known }: { readonly total: number; readonly known: number },
): string {
  const red = rows.filter(({ result }) => result.reason !== undefined);
  const refused = rows.filter(({ result }) => !finished.has(Number(result.exitCode)));
  const rest = rows.length === total ? "" : " The rest has not been run yet.";
  const earlier =
    known === 0 ? "" : ` ${known} of them were green in earlier runs (\`--state\`), since when tsync has changed.`;
  const gathered = rest + earlier === "" ? "" : `\n${(rest + earlier).trim()}\n`;
  const sections = peers.flatMap((peer) => interopTransports.map((transport) => formatTable(peer, transport, rows)));
  return `# Interoperation with rsync

Made by \`node test/interop/run-matrix.ts --write docs/interop.md\`. Each cell is a run of a real rsync with tsync at one end (or at
both), compared with the same run with the first of these rsyncs in tsync's place: the trees of both sides (type, mode, owner, nanosecond times,
content, link targets, devices, hard links, attributes, ACLs) and the exit code must be the same. Over ssh, where the bytes are those
of the pipe, the oldest and the newest protocol are run; what the built-in ssh does is compared with rsync over the system's. A field names the protocols
(\`--protocol=N\`) that are so; \`(=4)\` behind some: rsync ends with code 4 there, and so does tsync; \`-\`: not run.

| rsync | newest protocol | from |
|---|---|---|
${peers.map(({ version, protocol, source }) => `| ${version} | ${protocol} | ${source} |\n`).join("")}
**${rows.length - red.length} of ${rows.length} cells are green** (the whole matrix has ${total}); in ${refused.length} of them rsync itself refuses the options at that protocol.
${gathered}${red.length === 0 ? "" : `\n## Not green\n\n${red.map(formatRed).join("")}`}
${sections.join("")}`.replace(/\n+$/, "\n");
}

/** Codes of runs that did what they could. */
const finished: ReadonlySet<number> = new Set([0, 23, 24, 25]);

function formatRed({ cell, result }: MatrixRow): string {
  const { peer, transport, role, protocol, set } = cell;
  return `- ${peer.version}, ${transportNames[transport]}, tsync as ${roleNames[role]}, protocol ${protocol}, ${set.name}: ${result.reason}\n`;
}

function formatTable(peer: Peer, transport: InteropTransport, rows: readonly MatrixRow[]): string {
  const own = rows.filter(({ cell }) => cell.peer === peer && cell.transport === transport);
  const roles = interopRoles.filter((role) => own.some(({ cell }) => cell.role === role));
  if (roles.length === 0) return "";
  const lines = optionSets.map((set) => {
    const fields = roles.map((role) => formatField(own.filter(({ cell }) => cell.role === role && cell.set === set)));
    return `| ${set.name} | ${fields.join(" | ")} |\n`;
  });
  const head = `| options | ${roles.map((role) => roleNames[role]).join(" | ")} |\n|---|${"---|".repeat(roles.length)}\n`;
  return `## rsync ${peer.version}, ${transportNames[transport]}\n\n${head}${lines.join("")}\n`;
}

/** Protocols with the same end, as ranges. */
function formatField(rows: readonly MatrixRow[]): string {
  const groups: { readonly end: string; from: number; to: number }[] = [];
  for (const { cell, result } of rows.toSorted((left, right) => left.cell.protocol - right.cell.protocol)) {
    const code = finished.has(Number(result.exitCode)) ? "" : ` (=${result.exitCode})`;
    const end = result.reason === undefined ? code : " **red**";
    const last = groups.at(-1);
    if (last?.end === end && last.to === cell.protocol - 1) last.to = cell.protocol;
    else groups.push({ end, from: cell.protocol, to: cell.protocol });
  }
  if (groups.length === 0) return "-";
  return groups.map(({ end, from, to }) => `${from === to ? from : `${from}-${to}`}${end}`).join(", ");
}
