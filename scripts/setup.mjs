// Runs on any Node >= 20, with what comes with Node alone: installs the packages if they are missing or package-lock.json
// has changed, then builds if a source is newer than the build. With --tests it also brings the programs that the tests
// compare with (rsync, attr, acl, ...) through apt. Everything it says goes to stderr: stdout belongs to the command
// that follows. Two set-ups at a time wait for each other.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { fetchPeers } from "./fetch-peers.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const pinnedNode = "node_modules/node/bin/node";
const lock = ".setup-lock";
/** What the build is made of. */
const sources = ["src", "kernels", "scripts", "package.json", "tsconfig.json"];
/** Programs that the tests call and the Debian packages that have them. */
const testPrograms = {
  rsync: "rsync",
  ssh: "openssh-client",
  sshd: "openssh-server",
  getfattr: "attr",
  setfacl: "acl",
  "mkfs.ext4": "e2fsprogs",
  "mkfs.xfs": "xfsprogs",
  "lowntfs-3g": "ntfs-3g",
  losetup: "mount",
  "nix-instantiate": "nix-bin",
  "systemd-analyze": "systemd",
  man: "man-db",
  groff: "groff",
  zsh: "zsh",
  fish: "fish",
};

process.chdir(root);
if (Number(process.versions.node.split(".")[0]) < 20) fail("Node.js 20 or newer is needed");
if (!packagesFit() || !buildFits()) {
  takeLock();
  if (!packagesFit()) {
    // Only the pinned Node needs its script; native parts that others would build (and fetch headers for) are optional.
    run("npm", ["ci", "--include=dev", "--no-audit", "--no-fund", "--ignore-scripts"]);
    run("npm", ["rebuild", "node"]);
    if (!packagesFit()) fail("'npm ci' ended well, but the packages are not those of package-lock.json");
  }
  if (!buildFits()) run(pinnedNode, ["scripts/build.mjs"]);
}
if (process.argv.includes("--tests")) {
  installTestPrograms();
  await fetchTestPeers();
}

function fail(sentence) {
  console.error(`tsync set-up: ${sentence}`);
  process.exit(1);
}

function run(command, args) {
  console.error(`tsync set-up: ${command} ${args.join(" ")}`);
  const done = spawnSync(command, args, { stdio: ["ignore", 2, 2] });
  if (done.error) fail(`'${command}' could not be started: ${done.error.message}`);
  if (done.status !== 0) fail(`'${command} ${args.join(" ")}' failed (${done.status ?? done.signal})`);
}

/** The lock is a file with our process id; one whose process is gone was left behind by a killed set-up. */
function takeLock() {
  for (let told = false; ; told = true) {
    try {
      writeFileSync(lock, `${process.pid}`, { flag: "wx" });
      break;
    } catch (error) {
      if (error.code !== "EEXIST") fail(`cannot write here: ${error.message}`);
    }
    if (!told) console.error("tsync set-up: waiting for another set-up");
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    if (!lockHolderLives()) rmSync(lock, { force: true });
  }
  process.on("exit", () => rmSync(lock, { force: true }));
}

function lockHolderLives() {
  try {
    // Text may still be missing for a moment; 0 is our own process group, which lives.
    process.kill(Number(readFileSync(lock, "utf8")), 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Whether node_modules holds the versions of package-lock.json and the pinned Node runs. */
function packagesFit() {
  try {
    const wanted = JSON.parse(readFileSync("package-lock.json", "utf8")).packages;
    const present = JSON.parse(readFileSync("node_modules/.package-lock.json", "utf8")).packages;
    for (const [path, entry] of Object.entries(wanted)) {
      // Optional packages are for other machines, mostly; those for this one come with what needs them.
      if (path === "" || (entry.optional && !present[path])) continue;
      if (present[path]?.version !== entry.version || !existsSync(path)) return false;
    }
    const version = spawnSync(pinnedNode, ["--version"], { encoding: "utf8" }).stdout?.trim();
    return version === `v${wanted["node_modules/node"].version}`;
  } catch {
    return false;
  }
}

/** Whether the build is complete and was begun after the last change of a source. */
function buildFits() {
  if (!existsSync("dist/tsync.cjs")) return false;
  const { birthtimeMs } = statSync("dist");
  const built = birthtimeMs > 0 ? birthtimeMs : statSync("dist/tsync.cjs").mtimeMs;
  return sources.every((source) => newest(source) < built);
}

function newest(path) {
  let time = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (!existsSync(path) || !statSync(path).isDirectory()) return time;
  for (const entry of readdirSync(path, { recursive: true })) {
    time = Math.max(time, statSync(`${path}/${entry}`, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  }
  return time;
}

/** Other releases of rsync, for the tests that talk to them. */
async function fetchTestPeers() {
  try {
    await fetchPeers("node_modules/.cache/tsync/peers", (sentence) => console.error(`tsync set-up: ${sentence}`));
  } catch (error) {
    fail(error.message);
  }
}

function installTestPrograms() {
  process.env.PATH = `${process.env.PATH}:/usr/sbin:/sbin`;
  const runs = (command) => spawnSync("sh", ["-c", command]).status === 0;
  const missing = Object.entries(testPrograms).filter(([program]) => !runs(`command -v ${program}`));
  // The tests compare with rsync 3.5: an older one may have a newer package.
  if (!missing.some(([program]) => program === "rsync") && !runs("rsync --version | grep -q 'version 3\\.5\\.'")) {
    missing.push(["rsync 3.5", "rsync"]);
  }
  if (missing.length === 0) return;
  const programs = missing.map(([program]) => program).join(", ");
  if (!runs("command -v apt-get")) fail(`the tests need ${programs}: install them`);
  if (process.getuid() !== 0) fail(`the tests need ${programs}: run this as root, or install them`);
  process.env.DEBIAN_FRONTEND = "noninteractive";
  run("apt-get", ["update", "-qq"]);
  run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...missing.map(([, name]) => name)]);
}
