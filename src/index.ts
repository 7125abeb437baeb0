/** The public library of tsync; re-exports only. */
export type { ByteName } from "./bytes/byte-name.ts";
export { fromBytes, fromText, toBytes, toText } from "./bytes/byte-name.ts";
export type { ByteStream } from "./delta/stream/chunk-reader.ts";
export { delta } from "./delta/stream/delta-stream.ts";
export { type Basis, type BasisReader, patch } from "./delta/stream/patch-stream.ts";
export { type SignatureOptions, signature } from "./delta/stream/signature-stream.ts";
export { type ErrorKind, ExitCode, type Role, TsyncError } from "./errors.ts";
export { type ConnectRequest, connect, type ServeOptions, serve, serverArgs, type Wire } from "./library/connect.ts";
export { type ApplyRun, apply, plan } from "./library/plan.ts";
export type {
  ApplySummary,
  CreateDestination,
  DeleteChange,
  EntryChange,
  Plan,
  PlannedChange,
  PlanRequest,
  RefusedChange,
} from "./library/planned-change.ts";
export type { RemoteOptions, SshOptions } from "./library/remote-options.ts";
export { type SyncRequest, type SyncRun, sync } from "./library/sync.ts";
export type { FilterOption, NameLike, SyncOptions } from "./options/sync-options.ts";
export { EntryFlag, type FileEntry, FileType, type Xattr } from "./protocol/file-entry.ts";
export { ItemFlag } from "./protocol/item-flags.ts";
export type { Fingerprint } from "./sync/change-gate.ts";
export type * from "./sync/events.ts";
export {
  errorToJson,
  eventToJson,
  type JsonEvent,
  type JsonName,
  type JsonValue,
  jsonSchemaVersion,
  nameFromJson,
  nameToJson,
  summaryToJson,
} from "./sync/json-events.ts";
export { version } from "./version.ts";
