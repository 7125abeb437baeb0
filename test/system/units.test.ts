/**
 * The systemd units and the NixOS module: systemd accepts the units, Nix parses and evaluates the module, both describe
 * the same service and timer, and nothing in them breaks Node or a complete copy.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { must } from "./support.ts";

const nix = fileURLToPath(new URL("../../nix", import.meta.url));
const unitNames: readonly string[] = ["tsync-nightly.service", "tsync-nightly.timer"];

/** Values of a unit file by `Section.Key`; a key given several times has several values. */
function parseUnit(text: string): Map<string, string[]> {
  const settings = new Map<string, string[]>();
  let section = "";
  for (const line of text.split("\n")) {
    const header = /^\[(\w+)\]$/.exec(line);
    const setting = /^(\w+)=(.*)$/.exec(line);
    if (header !== null) section = header[1] ?? "";
    else if (setting !== null) {
      const key = `${section}.${setting[1]}`;
      settings.set(key, [...(settings.get(key) ?? []), setting[2] ?? ""]);
    } else if (line !== "" && !line.startsWith("#")) throw new Error(`odd line in a unit: ${line}`);
  }
  return settings;
}

/** The module's attributes, evaluated with a stand-in for nixpkgs. */
function evaluateModule(): { services: Record<string, NixService>; timers: Record<string, NixTimer> } {
  const expression = `(import ${nix}/module.nix { config = { }; lib = { }; pkgs = { nodejs_24 = "NODEJS"; }; }).systemd`;
  return JSON.parse(must("nix-instantiate", ["--eval", "--strict", "--json", "--expr", expression]).toString());
}

interface NixService {
  readonly description: string;
  readonly path: readonly string[];
  readonly environment: Record<string, string>;
  readonly unitConfig: Record<string, unknown>;
  readonly serviceConfig: Record<string, unknown>;
}
interface NixTimer {
  readonly description: string;
  readonly wantedBy: readonly string[];
  readonly timerConfig: Record<string, unknown>;
}

/** A Nix value as NixOS writes it into a unit. */
function unitValues(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(unitValues);
  return [value === true ? "yes" : value === false ? "no" : String(value)];
}

function settingsOf(section: string, attributes: Record<string, unknown>): [string, string[]][] {
  return Object.entries(attributes).map(([key, value]) => [`${section}.${key}`, unitValues(value)]);
}

const sorted = (settings: Iterable<[string, string[]]>): [string, string[]][] =>
  [...settings].sort(([a], [b]) => (a < b ? -1 : 1));

const read = (name: string): string => readFileSync(`${nix}/${name}`, "utf8");

describe("the units", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(`${tmpdir()}/tsync-units-`);
    writeFileSync(`${folder}/tsync`, "#!/bin/sh\n");
    chmodSync(`${folder}/tsync`, 0o755);
  });
  afterAll(() => {
    if (folder !== "") rmSync(folder, { recursive: true });
  });

  /** What `systemd-analyze verify` has to say, with a program that exists in the place of tsync. */
  function verify(change: (text: string) => string): string {
    for (const name of unitNames) {
      writeFileSync(`${folder}/${name}`, change(read(name)).replaceAll("/usr/local/bin/tsync", `${folder}/tsync`));
    }
    const units = unitNames.map((name) => `${folder}/${name}`);
    const done = spawnSync("systemd-analyze", ["verify", "--man=no", ...units], {
      encoding: "utf8",
      env: { ...process.env, SYSTEMD_UNIT_PATH: `${folder}:`, LC_ALL: "C" },
    });
    if (done.error !== undefined) throw done.error;
    return `${done.status === 0 ? "" : `exit ${done.status}\n`}${complaintsAbout(done.stderr)}`;
  }

  /** The machine's own units may have flaws of their own: only lines about ours count. */
  function complaintsAbout(text: string): string {
    return text
      .split("\n")
      .filter((line) => line.includes("tsync"))
      .join("\n");
  }

  test("please systemd", () => {
    expect(verify((text) => text)).toBe("");
  });

  test.each([
    ["a key that does not exist", (text: string) => text.replace("Nice=19", "Nicer=19")],
    ["a time that does not exist", (text: string) => text.replace("02:30:00", "25:30:00")],
    ["a program that is not there", (text: string) => text.replace("/usr/local/bin/tsync", "/nowhere/tsync")],
  ])("would not with %s", (_, change) => {
    expect(verify(change)).not.toBe("");
  });
});

describe("the NixOS module", () => {
  test("is parsed by Nix", () => {
    expect(must("nix-instantiate", ["--parse", `${nix}/module.nix`]).toString()).toContain("tsync-nightly");
  });

  test("describes the same service as the unit", () => {
    const service = evaluateModule().services["tsync-nightly"];
    if (service === undefined) throw new Error("the module has no service");
    expect(service.path).toEqual(["NODEJS"]);
    const unit = parseUnit(read("tsync-nightly.service").replaceAll("/usr/local/bin/tsync", "/opt/tsync/bin/tsync"));
    const environment = Object.entries(service.environment).map(([key, value]) => `${key}=${value}`);
    expect(
      sorted([
        ["Unit.Description", [service.description]],
        ...settingsOf("Unit", service.unitConfig),
        ...settingsOf("Service", service.serviceConfig),
        ["Service.Environment", environment],
      ]),
    ).toEqual(sorted(unit));
  });

  test("describes the same timer as the unit", () => {
    const timer = evaluateModule().timers["tsync-nightly"];
    if (timer === undefined) throw new Error("the module has no timer");
    expect(
      sorted([
        ["Unit.Description", [timer.description]],
        ...settingsOf("Timer", timer.timerConfig),
        ["Install.WantedBy", [...timer.wantedBy]],
      ]),
    ).toEqual(sorted(parseUnit(read("tsync-nightly.timer"))));
  });
});

// Node's compiler needs writable and executable memory; the others take device nodes, setuid bits or the network's
// name service away from a root copy.
test.each(["MemoryDenyWriteExecute", "PrivateDevices", "RestrictSUIDSGID", "DynamicUser", "PrivateUsers"])(
  "%s is never set",
  (key) => {
    for (const name of [...unitNames, "module.nix"]) expect(read(name)).not.toContain(key);
  },
);
