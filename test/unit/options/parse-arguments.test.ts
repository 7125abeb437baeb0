/** The command line: forms, errors and requests, as rsync 3.5.0 takes them. */
import { describe, expect, test } from "vitest";
import { byteName } from "../../../src/bytes/byte-name.ts";
import { type ParsedCommand, type ParseEnvironment, parseArguments } from "../../../src/options/parse-arguments.ts";
import type { TransferOptions } from "../../../src/options/transfer-options.ts";

function parse(args: readonly string[], environment: ParseEnvironment = {}): ParsedCommand {
  return parseArguments(args.map(byteName), environment);
}

/** Options of a run with the operands `s/ d/`. */
function optionsOf(...args: string[]): TransferOptions {
  const command = parse([...args, "s/", "d/"]);
  if (command.kind !== "run") throw new Error(`expected a run, got ${command.kind}`);
  return command.options;
}

describe("parseArguments: forms", () => {
  test.each([
    [["-@5"], 5],
    [["-@", "5"], 5],
    [["-@=-5"], -5],
    [["-@", "-5"], -5],
    [["--modify-window=5"], 5],
    [["--modify-window", "5"], 5],
    [["-vr@0x10"], 16],
    [["-@1", "-@2"], 2],
    [["--modify-window="], 0],
  ])("%j", (args, window) => {
    expect(optionsOf(...args).modifyWindow).toBe(window);
  });

  test("mixes options and operands; -- ends the options", () => {
    expect(parse(["a", "-r", "b", "-", "--", "-v", "--"])).toMatchObject({
      kind: "run",
      sources: ["a", "b", "-", "-v"],
      destination: "./--",
      options: { recursive: true, verbose: 0 },
    });
  });

  test("lists a single argument", () => {
    expect(parse(["s"])).toMatchObject({
      kind: "run",
      sources: ["s"],
      destination: undefined,
      options: { listOnly: true, directories: true, recursive: false },
    });
  });

  test("keeps bytes", () => {
    expect(parse(["\xff\xfe", "\xe9"])).toMatchObject({ sources: ["\xff\xfe"], destination: "\xe9" });
  });
});

describe("parseArguments: requests", () => {
  test.each<[string[], ParsedCommand]>([
    [[], { kind: "usage" }],
    [["-n"], { kind: "usage" }],
    [["-h"], { kind: "help" }],
    [["-vh"], { kind: "help" }],
    [["--human-readable"], { kind: "help" }],
    [["-h", "-v"], { kind: "usage" }],
    [["-h", "--no-h"], { kind: "usage" }],
    [["--help", "--bogus"], { kind: "help" }],
    [["--version", "--help"], { kind: "help" }],
    [["-V", "s/", "d/"], { kind: "version", json: false }],
    [["-VV"], { kind: "version", json: true }],
    [["--version", "--delete-before", "--delete-after"], { kind: "version", json: false }],
    [["--info=help,foo", "--bogus"], { kind: "info-help" }],
    [["--debug=HELP2"], { kind: "debug-help" }],
    [["--sender", "--bogus", "s/", "d/"], { kind: "usage" }],
    [["--files-from=x", "s/"], { kind: "usage" }],
    [["--files-from=x", "s/", "t/", "d/"], { kind: "usage" }],
  ])("%j", (args, expected) => {
    expect(parse(args)).toEqual(expected);
  });
});

describe("parseArguments: errors", () => {
  test.each([
    [["--bogus"], "--bogus: unknown option"],
    [["--bogus=1"], "--bogus=1: unknown option"],
    [["--verb"], "--verb: unknown option"],
    [["--=5"], "--=5: unknown option"],
    [["-n9"], "-n9: unknown option"],
    [["-nv-"], "-nv-: unknown option"],
    [["--bogus", "--help"], "--bogus: unknown option"],
    [["--list-only=x"], "--list-only=x: option does not take an argument"],
    [["--no-perms=x"], "--no-perms=x: option does not take an argument"],
    [["-@x"], "-@x: invalid numeric value"],
    [["--max-delete=5x"], "--max-delete=5x: invalid numeric value"],
    [["--max-delete", "5x"], "5x: invalid numeric value"],
    [["--max-delete=2147483648"], "--max-delete=2147483648: number too large or too small"],
    [["-B5x"], "--block-size=5x is invalid"],
    [["--chmod=q", "--bogus"], "Invalid argument passed to --chmod (q)"],
    [["--stderr="], '--stderr mode "" is not one of errors, all, or client'],
    [["--outbuf=x"], "Invalid --outbuf setting -- specify N, L, or B."],
    [["--remote-option=x"], "Remote option must start with a dash: x"],
    [["--old-args", "-s"], "--secluded-args conflicts with --old-args."],
    [["--usermap=a:b", "--usermap=c:d"], "You can only specify --usermap once."],
    [["--usermap=a:b", "--chown=c:d"], "--chown conflicts with prior --usermap."],
    [["--chown=:b", "--groupmap=x:y"], "--groupmap conflicts with prior --chown."],
    [["--chown=a", "--chown=b"], "You can only specify a user-affecting --chown once."],
    [["--chown=:a", "--chown=:b"], "You can only specify a group-affecting --chown once."],
    [["-r", "--del", "--delete-before"], "You may not combine multiple --delete-WHEN options."],
    [["-r", "--delete-after", "--delete-delay"], "You may not combine multiple --delete-WHEN options."],
    [["--delete"], "--delete does not work without --recursive (-r) or --dirs (-d)."],
    [["-r", "--no-r", "--delete-excluded"], "--delete does not work without --recursive (-r) or --dirs (-d)."],
    [["--suffix=a/b"], "--suffix cannot contain slashes: a/b"],
    [["--suffix="], "--suffix cannot be empty without a --backup-dir"],
    [["--backup-dir="], "--suffix cannot be empty when --backup-dir is the same as the dest dir"],
    [["--backup-dir=./"], "--suffix cannot be empty when --backup-dir is the same as the dest dir"],
    [["--inplace", "--partial-dir="], "--inplace cannot be used with --partial-dir"],
  ])("%j: %s", (args, message) => {
    expect(() => optionsOf(...args)).toThrow(
      expect.objectContaining({ message, exitCode: 1, kind: "usage", role: "client", plain: false }),
    );
  });

  test.each([["--max-delete"], ["-@"], ["-vf"], ["--filter"]])("%s at the end", (option) => {
    expect(() => parse(["s/", "d/", option])).toThrow(`${option}: missing argument`);
  });

  test.each([
    [["--info=foo3"], 'Unknown --info item: "foo"', "client"],
    [["--info=name,2"], 'Unknown --info item: "2"', "client"],
    [["--debug=foo3x"], 'Unknown --debug item: "foo3x"', "client"],
    [["--usermap=1"], "No colon found in --usermap: 1", "Receiver"],
    [["--chown=:a,b"], "No colon found in --groupmap: b", "Receiver"],
    [["--password-file=x"], "The --password-file option may only be used when accessing an rsync daemon.", "sender"],
    [["--contimeout=5"], "The --contimeout option may only be used when connecting to an rsync daemon.", "sender"],
    [["--files-from=:x"], "--files-from cannot be remote when the transfer is local", "sender"],
  ])("%j without prefix: %s", (args, message, role) => {
    expect(() => optionsOf(...args)).toThrow(
      expect.objectContaining({ message, exitCode: 1, kind: "usage", role, plain: true }),
    );
  });
});

describe("parseArguments: refusals", () => {
  test.each([[["-N"]], [["-NN", "--no-N"]], [["--crtimes"]]])(
    "%j is refused where it stands, as rsync does",
    (args) => {
      expect(() => optionsOf(...args)).toThrow(
        expect.objectContaining({ message: "This rsync does not support --crtimes (-N)", exitCode: 1, kind: "usage" }),
      );
    },
  );

  test.each([
    [["-M--bogus"], "--remote-option (-M)"],
    [["--daemon"], "--daemon"],
    [["--server", "--sender", "-e.iLsf"], "--server"],
  ])("%j", (args, shown) => {
    expect(() => optionsOf(...args)).toThrow(
      expect.objectContaining({
        message: `This tsync does not support ${shown} yet`,
        exitCode: 4,
        kind: "unsupported",
      }),
    );
  });

  test.each([
    [["-z", "--no-z"]],
    [["-z", "--zc=none"]],
    [["--append-verify", "--no-append"]],
    [["--timeout=5", "--timeout=0"]],
    [["--bwlimit=1m", "--no-bwlimit"]],
    [["--msgs2stderr", "--stderr=client"]],
    [["-xx", "--no-x", "-x"]],
    [["-e", "ssh", "--rsync-path=x", "--port=1", "-46s", "--no-motd", "--trust-sender", "--blocking-io"]],
    [["--contimeout=5", "--no-contimeout"]],
  ])("%j is no trouble", (args) => {
    expect(optionsOf(...args).listOnly).toBe(false);
  });

  test("RSYNC_ICONV counts unless it is turned off", () => {
    const iconv = byteName("latin1");
    expect(parse(["s", "d"], { iconv }).kind).toBe("both-ends");
    expect(parse(["--iconv=-", "s", "d"], { iconv }).kind).toBe("run");
    expect(parse(["--no-iconv", "s", "d"], { iconv }).kind).toBe("run");
    expect(parse(["s", "d"], { iconv: byteName("-") }).kind).toBe("run");
  });
});
