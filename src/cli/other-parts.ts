/**
 * What a local run does not need, in one part that is loaded when asked for: each part of its own would cut the rest into more files, which
 * every run has to find and load (docs/decisions/004).
 */
export { openSyscalls } from "../fs/syscalls/choose.ts";
export { runBothEnds } from "../sync/wire/both-ends.ts";
export { runRemote } from "../sync/wire/client.ts";
export { checkBatchFile, readBatch } from "../sync/wire/read-batch.ts";
export { askPassphrase, askPassword } from "./ask-password.ts";
export { runServer } from "./server.ts";
export { withSessionEngine } from "./session-engine.ts";
export { versionJson, versionText } from "./version-text.ts";
