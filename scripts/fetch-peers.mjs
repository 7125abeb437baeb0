// Brings other releases of rsync for the tests, which talk to them from tsync: from the Debian mirror that this machine's apt
// uses, with lists of its own beside those of the machine, and older ones from Ubuntu's archive, known by their digests; all
// unpacked in a folder and installed nowhere. Needs no root. The folder's `peers.json` names each program. TSYNC_TEST_PEERS (programs with `:` between them) stands in for all of it where
// there is no such mirror. Runs on any Node >= 20.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, join, resolve } from "node:path";

/** Releases of Debian and what of them is unpacked; without the first the tests are not run, the others are what a mirror still has. */
const releases = [
  { name: "bookworm", packages: ["rsync"], required: true },
  { name: "bullseye", packages: ["rsync", "libssl1.1"], required: false },
];
/** Packages that no mirror of Debian has any more, and their SHA-256; whatever of them cannot be had is left out. */
const olderPackages = [
  {
    name: "Ubuntu focal",
    url: "http://archive.ubuntu.com/ubuntu/pool/main/r/rsync/rsync_3.1.3-8ubuntu0.9_amd64.deb",
    digest: "a0c0458e2bd5c9d75c6283c7a35ea3aa8d9ced46583507f43eb4597e8cbae207",
  },
  {
    name: "Ubuntu xenial",
    url: "http://archive.ubuntu.com/ubuntu/pool/main/r/rsync/rsync_3.1.1-3ubuntu1.3_amd64.deb",
    digest: "9c1fe708299bd95dca3c92d7c8f41c58662d5de280f3788dca096916fe1bc2b4",
  },
];
const downloadMilliseconds = 20_000;
const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** Fills `folder`; throws an Error with a sentence for whoever runs the tests. */
export async function fetchPeers(folder, say) {
  const list = join(folder, "peers.json");
  const given = process.env.TSYNC_TEST_PEERS;
  if (given !== undefined) {
    const peers = given.split(":").map((program) => peerOf(resolve(program), "given"));
    mkdirSync(folder, { recursive: true });
    writeFileSync(list, JSON.stringify(peers, undefined, 1));
    return;
  }
  if (isComplete(list)) return;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "apt"), { recursive: true });
  const own = realpathSync(folder);
  say(`apt-get download rsync (${releases.map(({ name }) => name).join(", ")})`);
  const env = { ...process.env, APT_CONFIG: writeAptConfig(join(own, "apt"), findMirror()), LC_ALL: "C.UTF-8" };
  // A release that the mirror has no more makes this fail, but the lists of the others are there.
  const update = apt(["update"], own, env);
  const peers = [];
  for (const release of releases) {
    const reason = fetchRelease(release, own, env, peers);
    if (reason === undefined) continue;
    if (release.required) throw new Error(`no rsync of Debian ${release.name}: ${reason || update.stderr}; ${instead}`);
    say(`without rsync of Debian ${release.name}: ${reason}`);
  }
  rmSync(join(own, "apt"), { recursive: true, force: true });
  for (const wanted of olderPackages) {
    const reason = await fetchOlder(wanted, own, peers);
    if (reason !== undefined) say(`without rsync of ${wanted.name}: ${reason}`);
  }
  writeFileSync(list, JSON.stringify(peers, undefined, 1));
}

const instead = "name other releases of rsync (3.2.7 among them) in TSYNC_TEST_PEERS, with ':' between them";

/** Whether all programs of an earlier run are still there and start. */
function isComplete(list) {
  try {
    const peers = JSON.parse(readFileSync(list, "utf8"));
    return (
      peers.length > 0 &&
      peers.every((peer) => peer.source !== "given" && peerOf(peer.program, peer.source).protocol === peer.protocol)
    );
  } catch {
    return false;
  }
}

/** A program that starts, and its version. */
function peerOf(program, source) {
  const { stdout, stderr, error } = spawnSync(program, ["--version"], { encoding: "utf8" });
  const [, version, protocol] = /^rsync +version v?(\S+) +protocol version (\d+)/.exec(stdout ?? "") ?? [];
  if (version === undefined) throw new Error(`${program} is no rsync that starts here: ${error?.message ?? stderr}`);
  return { version, protocol: Number(protocol), program, source };
}

/** Downloads and unpacks a package of rsync; a reason if that is not possible. */
async function fetchOlder({ name, url, digest }, folder, peers) {
  const target = join(folder, name.replace(" ", "-"));
  const file = join(target, basename(url));
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(downloadMilliseconds) });
    if (!response.ok) return `${response.status} ${response.statusText}`;
    const content = Buffer.from(await response.arrayBuffer());
    if (createHash("sha256").update(content).digest("hex") !== digest) return "not the package that is known";
    mkdirSync(target);
    writeFileSync(file, content);
    const unpacked = spawnSync("dpkg-deb", ["-x", file, target], { encoding: "utf8" });
    if (unpacked.status !== 0) return unpacked.error?.message ?? unpacked.stderr;
    rmSync(file);
    peers.push(peerOf(join(target, "usr/bin/rsync"), `${name}, ${basename(url).split("_")[1]}`));
    return undefined;
  } catch (error) {
    return error.cause?.message ?? error.message;
  }
}

/** Unpacks a release's rsync; a reason if that is not possible. */
function fetchRelease({ name, packages }, folder, env, peers) {
  const target = join(folder, name);
  mkdirSync(target);
  const fetched = apt(["download", ...packages.map((wanted) => `${wanted}/${name}`)], target, env);
  if (fetched.status !== 0) return fetched.stderr;
  let source = "";
  for (const file of readdirSync(target).filter((entry) => entry.endsWith(".deb"))) {
    const unpacked = spawnSync("dpkg-deb", ["-x", file, "."], { cwd: target, encoding: "utf8" });
    if (unpacked.status !== 0) return unpacked.error?.message ?? unpacked.stderr;
    if (file.startsWith("rsync_")) source = `Debian ${name}, ${decodeURIComponent(file.split("_")[1])}`;
    rmSync(join(target, file));
  }
  const program = join(target, "rsync");
  const libraries = packages.length > 1 ? `LD_LIBRARY_PATH=$(echo '${target}'/usr/lib/*-linux-*) ` : "";
  writeFileSync(program, `#!/bin/sh\n${libraries}exec '${target}/usr/bin/rsync' "$@"\n`);
  chmodSync(program, 0o755);
  try {
    peers.push(peerOf(program, source));
    return undefined;
  } catch (error) {
    return error.message;
  }
}

/** The archive of Debian's own releases that apt is told of. */
function findMirror() {
  const format = ["indextargets", "--format", "$(ORIGIN) $(LABEL) $(REPO_URI)", "Created-By: Packages"];
  const { stdout } = spawnSync("apt-get", format, { encoding: "utf8" });
  const mirror = /^Debian Debian (\S+)$/m.exec(stdout ?? "")?.[1];
  if (mirror === undefined) throw new Error(`apt knows no mirror of Debian; ${instead}`);
  return mirror;
}

/** apt with its own sources, lists and cache, knowing of no installed package. */
function writeAptConfig(folder, mirror) {
  for (const part of ["sources", "state/lists/partial", "cache/archives/partial"]) {
    mkdirSync(join(folder, part), { recursive: true });
  }
  writeFileSync(join(folder, "status"), "");
  const signed = existsSync(keyring) ? `[signed-by=${keyring}] ` : "";
  const sources = releases.map(({ name }) => `deb ${signed}${mirror} ${name} main\n`).join("");
  writeFileSync(join(folder, "sources/debian.list"), sources);
  const config = join(folder, "apt.conf");
  const settings = {
    "Dir::Etc::SourceList": "/dev/null",
    "Dir::Etc::SourceParts": join(folder, "sources"),
    "Dir::State": join(folder, "state"),
    "Dir::State::status": join(folder, "status"),
    "Dir::Cache": join(folder, "cache"),
    "Acquire::Languages": "none",
  };
  writeFileSync(
    config,
    Object.entries(settings)
      .map(([name, value]) => `${name} "${value}";\n`)
      .join(""),
  );
  return config;
}

function apt(args, cwd, env) {
  const done = spawnSync("apt-get", ["-qq", ...args], { cwd, env, encoding: "utf8" });
  return { status: done.status, stderr: (done.error?.message ?? done.stderr).trim() };
}
