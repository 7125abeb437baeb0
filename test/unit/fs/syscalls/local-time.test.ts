/** The zone of the system in every form of `$TZ`, each in a process of its own; the offsets are those of date(1). */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { engineUtcOffset, openUtcOffset } from "../../../../src/fs/syscalls/local-time.ts";

const module = fileURLToPath(new URL("../../../../src/fs/syscalls/local-time.ts", import.meta.url));
const summer = 1_720_000_000;
const winter = 1_704_067_200;

function offsets(zone: string, kind: "koffi" | "plain", moments: readonly number[]): number[] {
  const program = `import { openUtcOffset } from ${JSON.stringify(module)};
    const offset = openUtcOffset(${JSON.stringify(kind)});
    console.log(JSON.stringify(${JSON.stringify(moments)}.map(offset)));`;
  const args = ["--input-type=module", "--no-warnings", "--eval", program];
  const done = spawnSync(process.execPath, args, { encoding: "utf8", env: { TZ: zone } });
  expect(done.stderr).toBe("");
  return JSON.parse(done.stdout);
}

const dateOffset = (zone: string, moment: number): number => {
  const { stdout } = spawnSync("date", ["-d", `@${moment}`, "+%::z"], { encoding: "utf8", env: { TZ: zone } });
  const [, sign, hours, minutes, seconds] = /^([+-])(\d\d):(\d\d):(\d\d)/.exec(stdout) ?? [];
  return (sign === "-" ? -1 : 1) * (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds));
};

test.each([
  ["UTC", 0, 0],
  ["Europe/Berlin", 3600, 7200],
  [":Europe/Berlin", 3600, 7200],
  ["<-0330>3:30", -12_600, -12_600],
  ["<+0545>-5:45", 20_700, 20_700],
  ["EST5EDT,M3.2.0,M11.1.0", -18_000, -14_400],
  ["CET-1CEST,M3.5.0,M10.5.0/3", 3600, 7200],
  ["NZST-12NZDT,M9.5.0,M4.1.0/3", 46_800, 43_200],
  ["PST8PDT,60,300", -28_800, -25_200],
  ["XYZ3XYS,J60/-2,J300/26", -10_800, -7200],
  ["AAA-14:59:59", 53_999, 53_999],
  ["/usr/share/zoneinfo/Asia/Kathmandu", 20_700, 20_700],
  ["No/Such_Zone", 0, 0],
])("openUtcOffset asks libc: TZ=%s", (zone, inWinter, inSummer) => {
  expect(offsets(zone, "koffi", [winter, summer])).toEqual([inWinter, inSummer]);
  expect([dateOffset(zone, winter), dateOffset(zone, summer)]).toEqual([inWinter, inSummer]);
});

test("openUtcOffset knows the second at which a rule changes", () => {
  const zone = "AAA0BBB,M3.2.0/2:00:07,M11.1.0";
  // Sunday 10 March 2024, 02:00:07.
  expect(offsets(zone, "koffi", [1_710_036_006, 1_710_036_007])).toEqual([0, 3600]);
});

test.each([
  ["UTC", 0, 0],
  ["Europe/Berlin", 3600, 7200],
  ["Africa/Monrovia", 0, 0],
])("openUtcOffset asks the engine without koffi: TZ=%s", (zone, inWinter, inSummer) => {
  expect(offsets(zone, "plain", [winter, summer])).toEqual([inWinter, inSummer]);
});

test("openUtcOffset and the engine agree before 1970, and in years of two digits", () => {
  const moments = [-1_000_000_000, -60_000_000_000, 63_072_000];
  expect(offsets("UTC", "koffi", moments)).toEqual([0, 0, 0]);
  expect(offsets("UTC", "plain", moments)).toEqual([0, 0, 0]);
  // Liberia was 44 minutes and 30 seconds behind until 1972.
  expect(offsets("Africa/Monrovia", "koffi", [0])).toEqual([-2670]);
  expect(offsets("Africa/Monrovia", "plain", [0])).toEqual([-2670]);
});

test("the offset of a moment that no calendar has is no number", () => {
  expect(engineUtcOffset(9e15)).toBeNaN();
  expect(openUtcOffset()(9e15)).toBeNaN();
});
