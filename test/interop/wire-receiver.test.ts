/** Our codecs take what a real sender writes, with files large enough to come in many pieces, for every compression. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compressionNames } from "../../src/protocol/compression-name.ts";
import { explainSession } from "../golden/explain-session.ts";
import { Random } from "../support/random.ts";
import { runTeeSession } from "../support/tee-session.ts";

let folder = "";

const random = new Random("wire-receiver", 1);
const text = Buffer.from(Array.from({ length: 60_000 }, () => random.pick(["lorem ", "ipsum ", "dolor\n"])).join(""));
const noise = random.bytes(400_000);
const basis = Buffer.concat([noise.subarray(0, 150_000), text]);
const changed = Buffer.concat([
  text.subarray(0, 500),
  basis.subarray(70_000, 90_000),
  random.bytes(3000),
  text,
  basis.subarray(10, 60_000),
  random.bytes(100_000),
  basis.subarray(0, 700),
]);

const files: Readonly<Record<string, Buffer>> = {
  "a-new": text,
  "c-changed": changed,
  "d-noise": noise,
  "e-changed": changed,
  "f-zeros": Buffer.alloc(3_000_000),
  "g-small": Buffer.from("x"),
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tsync-wire-"));
  mkdirSync(join(folder, "s"));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, "s", name), content);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe.each(compressionNames)("with %s", (compression) => {
  test.each([28, 30, 31, 32])("protocol %d", async (protocol) => {
    for (const blockSize of ["-B0", "-B100000"]) {
      const destination = join(folder, "d");
      rmSync(destination, { recursive: true, force: true });
      mkdirSync(destination);
      for (const name of ["c-changed", "e-changed"]) writeFileSync(join(destination, name), basis);
      const choice = compression === "none" ? [] : [`--compress-choice=${compression}`];
      const options = ["-a", "--checksum-choice=md5", `--protocol=${protocol}`, blockSize, ...choice];
      const { status, stderr, toServer, toClient } = runTeeSession(folder, options, "host:s/", "d/");
      expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
      const transcript = { options, direction: "pull" as const, toServer, toClient };
      for (const pieceBytes of [10_000_000, 5000]) {
        const session = await explainSession(transcript, basis, pieceBytes);
        const contents = session.files.map(({ content, verified }) => ({ verified, length: content.length }));
        expect(contents).toEqual(Object.values(files).map(({ length }) => ({ verified: true, length })));
      }
    }
  });
});
