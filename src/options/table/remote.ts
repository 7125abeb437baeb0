/**
 * Rows of the options about the other side, its connection and the program itself. In a local run there is no
 * connection, so most of them have no effect; rsync takes them silently then, and so do we (checked against 3.5.0).
 */
import { byteName } from "../../bytes/byte-name.ts";
import { usageError } from "../../errors.ts";
import { limits } from "../../limits.ts";
import { type Effect, noEffect, type OptionRow, row, text } from "../option-row.ts";
import { parseStopAfter, parseStopAt } from "../stop-time.ts";

/** Options about connections, in the order of the help. */
export const remoteRows: readonly OptionRow[] = [
  row("now", "rsh e", {
    help: "the remote shell",
    argument: { kind: "text", label: "COMMAND" },
    set: (settings, value) => {
      settings.remoteShell = value;
    },
  }),
  row("now", "rsync-path", {
    help: "the program to call on the other side",
    argument: { kind: "text", label: "PROGRAM" },
    set: (settings, value) => {
      settings.remoteProgram = value;
    },
  }),
  // Our own ends of the connection never block.
  noEffect("blocking-io", "blocking I/O for the remote shell", undefined, "blocking-io"),
  row("now", "old-args", {
    help: "pass arguments to the remote shell as they are",
    negations: "old-args",
    set: (settings) => {
      settings.oldArguments = (settings.oldArguments ?? 0) + 1;
    },
    clear: (settings) => {
      settings.oldArguments = 0;
    },
  }),
  row("now", "secluded-args protect-args s", {
    help: "pass arguments to the other side by the protocol",
    negations: "secluded-args protect-args s",
    set: (settings) => {
      settings.secludedArguments = true;
    },
    clear: (settings) => {
      settings.secludedArguments = false;
    },
  }),
  row("now", "trust-sender", {
    help: "trust the file list of the other side",
    set: (settings) => {
      settings.trustSender = true;
    },
  }),
  text("address", "ADDRESS", "local address of the connection to a daemon", (settings, value) => {
    settings.address = value;
  }),
  row("now", "port", {
    help: "port of the daemon",
    argument: { kind: "integer", label: "PORT" },
    set: (settings, _value, number) => {
      settings.port = number;
    },
  }),
  text("sockopts", "OPTIONS", "options of the socket", (settings, value) => {
    settings.socketOptions = value;
  }),
  row("now", "ipv4 4", {
    help: "prefer IPv4",
    set: (settings) => {
      settings.internetProtocol = 4;
    },
  }),
  row("now", "ipv6 6", {
    help: "prefer IPv6",
    set: (settings) => {
      settings.internetProtocol = 6;
    },
  }),
  text("early-input", "FILE", "file to send to the daemon's early exec", (settings, value) => {
    settings.earlyInput = value;
  }),
  // rsync itself refuses these two without a daemon.
  row("now", "password-file", {
    help: "file with the password for a daemon",
    argument: { kind: "text", label: "FILE" },
    set: (settings, value) => {
      settings.passwordFile = value;
      settings.daemonOnly.add("password-file");
    },
  }),
  row("now", "contimeout", {
    help: "seconds to wait for a connection to a daemon",
    argument: { kind: "integer", label: "SECONDS" },
    negations: "contimeout",
    set: (settings, _value, number) => {
      settings.connectTimeoutSeconds = number;
      if (number === 0) settings.daemonOnly.delete("contimeout");
      else settings.daemonOnly.add("contimeout");
    },
    clear: (settings) => {
      settings.connectTimeoutSeconds = 0;
      settings.daemonOnly.delete("contimeout");
    },
  }),
  // 0 seconds: no limit. In a local run there is no connection that could fall silent.
  row("now", "timeout", {
    help: "seconds without data until giving up",
    argument: { kind: "integer", label: "SECONDS" },
    negations: "timeout",
    set: (settings, _value, number) => {
      settings.timeoutSeconds = number;
    },
    clear: (settings) => {
      settings.timeoutSeconds = 0;
    },
  }),
  row("now", "compress z", {
    help: "compress data on the way to another machine",
    negations: "compress z",
    set: (settings) => {
      settings.compress += 1;
    },
    clear: (settings) => {
      settings.compress = 0;
      settings.compressChoice = undefined;
    },
  }),
  row("now", "old-compress", { help: "compress as old versions do", set: chooseCompression("zlib") }),
  row("now", "new-compress", { help: "compress as newer versions do", set: chooseCompression("zlibx") }),
  row("now", "compress-choice zc", {
    help: "how to compress: zstd, lz4, zlibx, zlib, none",
    argument: { kind: "text", label: "NAME" },
    set: (settings, value) => {
      settings.compressChoice = value;
    },
  }),
  row("now", "compress-level zl", {
    help: "how much to compress",
    argument: { kind: "integer", label: "NUM" },
    set: (settings, _value, number) => {
      settings.compressLevel = number;
    },
  }),
  row("now", "compress-threads zt", {
    help: "threads that compress",
    argument: { kind: "integer", label: "NUM" },
    set: (settings, _value, number) => {
      settings.compressThreads = Math.min(Math.max(number, 0), limits.compressThreads);
    },
  }),
  // For the other side to know; nobody skips anything, rsync 3.5.0 neither (3-transfer 4.5).
  row("no-effect", "skip-compress", {
    help: "suffixes of files not worth compressing",
    argument: { kind: "text", label: "LIST" },
    set: (settings, value) => {
      settings.skipCompress = value;
    },
  }),
  row("now", "remote-option M", {
    help: "an option for the other side only",
    argument: { kind: "text", label: "OPTION" },
    set: (settings, value) => {
      if (!value.startsWith("-")) throw usageError(`Remote option must start with a dash: ${value}`);
      settings.remoteOptions.push(value);
      // In a local run the receiving side is the other one.
      if (!/^--(?:fake-super|super|no-super)$/.test(value))
        settings.unsupported.set("remote-option", "--remote-option (-M)");
    },
  }),
  text("copy-as", "USER[:GROUP]", "copy with the rights of this user", (settings, value) => {
    settings.copyAs = value;
  }),
  row("now", "protocol", {
    help: "use an older protocol",
    argument: { kind: "integer", label: "NUM" },
    set: (settings, _value, number) => {
      settings.protocol = number;
      settings.unsupported.set("protocol", "--protocol");
    },
  }),
  row("now", "iconv", {
    help: "convert names between character sets",
    argument: { kind: "text", label: "SPEC" },
    negations: "iconv",
    set: (settings, value) => {
      // `-` turns conversion off, also one that RSYNC_ICONV asked for.
      settings.iconv = value === "-" ? undefined : value;
    },
    clear: (settings) => {
      settings.iconv = undefined;
    },
  }),
  row("now", "stop-after time-limit", {
    help: "stop after so many minutes",
    argument: { kind: "text", label: "MINUTES" },
    set: (settings, value) => {
      settings.stop = parseStopAfter(value);
    },
  }),
  row("now", "stop-at", {
    help: "stop at this time: y-m-dTh:m, or the last parts of it",
    argument: { kind: "text", label: "TIME" },
    set: (settings, value) => {
      settings.stop = parseStopAt(value);
    },
  }),
  row("now", "write-batch", {
    help: "write the changes to a batch file too",
    argument: { kind: "text", label: "FILE" },
    set: (settings, value) => {
      settings.writeBatch = value;
      settings.onlyBatch = false;
    },
  }),
  row("now", "only-write-batch", {
    help: "... and change nothing",
    argument: { kind: "text", label: "FILE" },
    set: (settings, value) => {
      settings.writeBatch = value;
      settings.onlyBatch = true;
    },
  }),
  row("now", "read-batch", {
    help: "apply a batch file",
    argument: { kind: "text", label: "FILE" },
    set: (settings, value) => {
      settings.readBatch = value;
    },
  }),
];

/** Options about the program itself, and the ones that rsync's help does not show. */
export const programRows: readonly OptionRow[] = [
  row("now", "version V", {
    help: "print the version; twice: as JSON",
    set: (settings) => {
      settings.version += 1;
    },
  }),
  row("now", "help", {
    help: "print this help",
    set: (settings) => {
      settings.request = "help";
    },
  }),
  // Another way to sort, which servers of 3.5.0 refuse to hear of; here the list comes out the same.
  row("now", "qsort", {
    set: (settings) => {
      settings.allowIncremental = false;
      settings.unsupported.set("qsort", "--qsort with another machine");
    },
  }),
  row("later", "server", {
    set: (settings) => {
      settings.server = true;
    },
  }),
  row("later", "sender", {
    set: (settings) => {
      // Only a server has a side to choose; everybody else gets to see the usage.
      if (settings.server) settings.sender = true;
      else settings.request = "usage";
    },
  }),
  row("later", "daemon", {
    set: (settings) => {
      settings.daemon = true;
    },
  }),
  row("later", "config", { argument: { kind: "text", label: "FILE" }, set: daemonOption }),
  row("later", "dparam", { argument: { kind: "text", label: "OVERRIDE" }, set: daemonOption }),
  row("later", "detach", { negations: "detach", set: daemonOption, clear: daemonOption }),
];

function chooseCompression(name: string): Effect {
  return (settings) => {
    settings.compressChoice = byteName(name);
  };
}

function daemonOption(settings: { daemonOption: boolean }): void {
  settings.daemonOption = true;
}
