/** `--version` as text and, given twice, as JSON (3-transfer 10.1): what this program is and what it can do. */
import { authDigests } from "../delta/auth-digest.ts";
import { digestBytes } from "../delta/checksum.ts";
import { compressionNames } from "../protocol/compression-name.ts";
import { protocolVersion, rsyncVersion, version } from "../version.ts";

/** What the running program found on this machine. */
export interface VersionFacts {
  /** Version of Node, without the `v`. */
  readonly node: string;
  /** Which system calls are used. */
  readonly syscalls: "koffi" | "plain";
}

/** One ability, by the name that `rsync -VV` uses for it. */
interface Ability {
  readonly key: string;
  readonly text: string;
  readonly present: boolean;
}

function abilities(facts: VersionFacts): readonly Ability[] {
  const full = facts.syscalls === "koffi";
  return [
    { key: "file_bits", text: "64-bit files", present: true },
    { key: "inum_bits", text: "64-bit inums", present: true },
    { key: "timestamp_bits", text: "64-bit timestamps", present: true },
    { key: "symlinks", text: "symlinks", present: true },
    { key: "symtimes", text: "symtimes", present: true },
    { key: "hardlinks", text: "hardlinks", present: true },
    { key: "hardlink_specials", text: "hardlink-specials", present: true },
    { key: "hardlink_symlinks", text: "hardlink-symlinks", present: true },
    { key: "IPv6", text: "IPv6", present: true },
    { key: "inplace", text: "inplace", present: true },
    { key: "ACLs", text: "ACLs", present: true },
    { key: "xattrs", text: "xattrs", present: true },
    { key: "nanosecond_times", text: "nanosecond times", present: full },
    { key: "sparse", text: "sparse files", present: full },
    { key: "kernel_copy", text: "copying in the kernel", present: full },
    { key: "remote", text: "remote transfers", present: true },
    { key: "batchfiles", text: "batchfiles", present: true },
    { key: "append", text: "append", present: true },
    { key: "atimes", text: "atimes", present: true },
    { key: "crtimes", text: "crtimes", present: false },
    { key: "secluded_args", text: "optional secluded-args", present: true },
    { key: "iconv", text: "iconv", present: true },
    { key: "prealloc", text: "prealloc", present: true },
    { key: "stop_at", text: "stop-at", present: true },
  ];
}

const checksums: readonly string[] = Object.keys(digestBytes);

/** The text of `--version`, ending in a newline. */
export function versionText(facts: VersionFacts): string {
  const words = abilities(facts).map(({ text, present }) => (present ? text : `no ${text}`));
  return [
    `tsync  version ${version}  protocol version ${protocolVersion}`,
    `The rsync command of release ${rsyncVersion}, written anew in TypeScript; under the MIT licence, without warranty.`,
    `Runs on Node ${facts.node} with ${facts.syscalls} system calls.`,
    "Capabilities:",
    ...wrapped(words),
    "Checksum list:",
    `    ${checksums.join(" ")}`,
    "Compress list:",
    `    ${compressionNames.join(" ")}`,
    "Daemon auth list:",
    `    ${authDigests.join(" ")}`,
    "",
  ].join("\n");
}

/** The JSON of `-VV`, ending in a newline. */
export function versionJson(facts: VersionFacts): string {
  const capabilities: Record<string, boolean | number | string> = {};
  for (const { key, present } of abilities(facts)) {
    capabilities[key] = key.endsWith("_bits") ? (present ? 64 : 0) : present;
  }
  capabilities.secluded_args = "optional";
  const content = {
    program: "tsync",
    version,
    protocol: `${protocolVersion}.0`,
    follows: `rsync ${rsyncVersion}`,
    runtime: { node: facts.node, syscalls: facts.syscalls },
    capabilities,
    checksum_list: checksums,
    compress_list: compressionNames,
    daemon_auth_list: authDigests,
    license: "MIT",
    caveat: "tsync comes without any warranty",
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

/** Words separated by commas, indented, in lines of at most 76 columns. */
function wrapped(words: readonly string[]): string[] {
  const lines: string[] = [];
  let line = "   ";
  words.forEach((word, index) => {
    const next = index === words.length - 1 ? word : `${word},`;
    if (line.length + 1 + next.length > 76) {
      lines.push(line);
      line = "   ";
    }
    line += ` ${next}`;
  });
  lines.push(line);
  return lines;
}
