/** The JSON form keeps every byte, and its schema knows every event. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { byteName, fromText } from "../../../src/bytes/byte-name.ts";
import { TsyncError, usageError } from "../../../src/errors.ts";
import {
  errorToJson,
  eventToJson,
  nameFromJson,
  nameToJson,
  startToJson,
  summaryToJson,
} from "../../../src/sync/json-events.ts";
import { schemaErrors } from "../../support/json-schema.ts";
import { itemOf, summaryOf } from "../text/samples.ts";

const schema = JSON.parse(readFileSync(new URL("../../../docs/events.schema.json", import.meta.url), "utf8"));
const errorsOf = (line: unknown) => schemaErrors(schema, JSON.parse(JSON.stringify(line)));

describe("nameToJson", () => {
  test.each([
    [byteName("plain"), "plain"],
    [fromText("Übersicht \u{1f600}\n"), "Übersicht \u{1f600}\n"],
    [fromText("\ufeffbom \ufffd"), "\ufeffbom \ufffd"],
    [byteName("caf\xe9"), { bytes: "Y2Fm6Q==" }],
    // A surrogate in UTF-8, and a slash in two bytes: text that would not come back.
    [byteName("\xed\xa0\x80"), { bytes: "7aCA" }],
    [byteName("\xc0\xaf"), { bytes: "wK8=" }],
  ])("%j is %j and comes back", (name, json) => {
    expect(nameToJson(name)).toEqual(json);
    expect(nameFromJson(nameToJson(name))).toBe(name);
  });
});

describe("lines", () => {
  test("leave out what is absent and what means nothing outside", () => {
    const line = eventToJson(itemOf("a\xff", 8, { checksum: Uint8Array.of(255) }));
    expect(line).toMatchObject({
      type: "item",
      path: { bytes: "Yf8=" },
      entry: { checksum: { bytes: "/w==" } },
      flags: 8,
    });
    expect(line).not.toHaveProperty("linkedTo");
    expect(line.entry).not.toHaveProperty("root");
    expect(line.entry).not.toHaveProperty("target");
    expect(errorsOf(line)).toEqual([]);
  });

  test("fit the schema", () => {
    const path = byteName("p");
    const error = {
      type: "problem",
      severity: "error",
      role: "receiver",
      text: byteName("t\xff"),
      path,
      errno: 13,
    } as const;
    const lines = [
      eventToJson({ ...error, severity: "warning", countsBefore30: true }),
      startToJson(),
      eventToJson({ type: "withheld", path, directory: true }),
      eventToJson({ type: "notice", role: "generator", code: "exists", path: undefined, text: path }),
      eventToJson(error),
      eventToJson({ type: "transferred", item: itemOf("x", 32768), wireBytes: 1, checksumBytes: 0, digest: undefined }),
      summaryToJson(summaryOf({ problems: [error] })),
      errorToJson(usageError("wrong")),
      errorToJson(new TsyncError("file", "\u201ctext\u201d", { exitCode: 11, path: "x\xff", role: "Receiver" })),
    ];
    expect(lines.flatMap(errorsOf)).toEqual([]);
  });

  test("are refused by the schema when they say something else", () => {
    expect(errorsOf({ type: "delete", path: "x" })).toEqual(["$.directory: is missing"]);
    expect(errorsOf({ type: "other" })).not.toEqual([]);
  });
});
