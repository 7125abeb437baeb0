import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { versionJson, versionText } from "../../../src/cli/version-text.ts";
import { version } from "../../../src/version.ts";

const koffi = { node: "24.9.0", syscalls: "koffi" } as const;

test("version is that of package.json", () => {
  const manifest = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));
  expect(version).toBe(manifest.version);
});

test("versionText begins like rsync's and keeps lines short", () => {
  const lines = versionText(koffi).split("\n");
  expect(lines[0]).toBe(`tsync  version ${version}  protocol version 32`);
  expect(lines.indexOf("Capabilities:")).toBeGreaterThan(0);
  for (const line of lines.filter((l) => l.startsWith("    "))) expect(line.length).toBeLessThanOrEqual(76);
  expect(versionText(koffi)).toContain(" nanosecond times,");
  expect(versionText(koffi).match(/\bno \w+/g)).toEqual(["no crtimes"]);
  expect(lines.slice(-5)).toEqual([
    "Compress list:",
    "    zstd lz4 zlibx zlib none",
    "Daemon auth list:",
    "    sha512 sha256 sha1 md5 md4",
    "",
  ]);
  expect(versionText({ ...koffi, syscalls: "plain" })).toContain(" no nanosecond times,");
});

test("versionJson has the members that scripts read from rsync -VV", () => {
  const json = JSON.parse(versionJson(koffi));
  expect(json).toMatchObject({ program: "tsync", version, protocol: "32.0" });
  expect(json.capabilities).toMatchObject({
    file_bits: 64,
    ACLs: true,
    xattrs: true,
    crtimes: false,
    batchfiles: true,
    remote: true,
    append: true,
    atimes: true,
    stop_at: true,
    IPv6: true,
    secluded_args: "optional",
  });
  expect(json.checksum_list).toContain("xxh128");
  expect(json.compress_list).toContain("zlibx");
  expect(json.daemon_auth_list).toEqual(["sha512", "sha256", "sha1", "md5", "md4"]);
});
