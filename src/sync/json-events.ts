/**
 * The JSON form of events, summaries and errors: what `--json` prints, one object a line, and what the library hands out
 * as objects to those who want to store them. Described in docs/json.md and docs/events.schema.json; a change that
 * readers can notice, other than an addition, raises `jsonSchemaVersion`.
 */
import { type ByteName, fromBytes, fromText, toBytes, toText } from "../bytes/byte-name.ts";
import type { TsyncError } from "../errors.ts";
import { version } from "../version.ts";
import type { RunEvent, RunSummary } from "./events.ts";

/** The version of the form. */
export const jsonSchemaVersion = 1;

/** A name or other bytes in JSON: text where the bytes are UTF-8, else the bytes in base64. */
export type JsonName = string | { readonly bytes: string };

/** Anything in JSON. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** One line of `--json`. */
export interface JsonEvent {
  readonly type: string;
  readonly [key: string]: JsonValue;
}

/** The first line. */
export function startToJson(): JsonEvent {
  return { type: "start", schema: jsonSchemaVersion, program: "tsync", version };
}

/** An event of a run. */
export function eventToJson(event: RunEvent): JsonEvent {
  return objectToJson(event) as JsonEvent;
}

/** The summary: the last line of a run that came to its end. */
export function summaryToJson(summary: RunSummary): JsonEvent {
  return { type: "summary", ...(objectToJson(summary) as Record<string, JsonValue>) };
}

/** What stopped a run: its last line then. */
export function errorToJson(error: TsyncError): JsonEvent {
  const { kind, exitCode, role, message, path, retryable } = error;
  return { type: "error", ...(objectToJson({ kind, exitCode, role, message, path, retryable }) as object) };
}

/** A name as JSON has it, without loss. */
export function nameToJson(name: ByteName): JsonName {
  const text = toText(name);
  return fromText(text) === name ? text : { bytes: toBytes(name).toString("base64") };
}

/** The name back. */
export function nameFromJson(name: JsonName): ByteName {
  return typeof name === "string" ? fromText(name) : fromBytes(Buffer.from(name.bytes, "base64"));
}

/** The number of a base directory, what an old peer is told, and whether a line stands already mean nothing outside of the run. */
const internal: ReadonlySet<string> = new Set(["root", "countsBefore30", "isShown"]);

/** Strings are byte strings here, whether they are names or words of ours, which are ASCII. */
function toJson(value: unknown): JsonValue {
  switch (typeof value) {
    case "string":
      // A message of Node may be ordinary text.
      return /[^\x00-\xff]/.test(value) ? value : nameToJson(value as ByteName);
    case "number":
      return Number.isFinite(value) ? value : null;
    case "boolean":
      return value;
    case "object":
      if (value === null) return null;
      if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString("base64") };
      return Array.isArray(value) ? value.map(toJson) : objectToJson(value);
    default:
      return null;
  }
}

/** Absent values are left out. */
function objectToJson(value: object): { readonly [key: string]: JsonValue } {
  const entries = Object.entries(value as Record<string, unknown>);
  return Object.fromEntries(
    entries.filter(([key, part]) => part !== undefined && !internal.has(key)).map(([key, part]) => [key, toJson(part)]),
  );
}
