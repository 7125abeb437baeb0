/** Sources and destination: what is remote, and what rsync 3.5.0 says about wrong ones. */
import { describe, expect, test } from "vitest";
import { byteName } from "../../../src/bytes/byte-name.ts";
import { parseRemote, splitOperands } from "../../../src/options/operands.ts";

describe("parseRemote", () => {
  test.each([
    ["a:b", { transport: "shell", host: "a", port: undefined, path: "b" }],
    ["u@a:", { transport: "shell", host: "u@a", port: undefined, path: "" }],
    [":x", { transport: "shell", host: "", port: undefined, path: "x" }],
    ["a::m/x", { transport: "daemon", host: "a", port: undefined, path: "m/x" }],
    ["[::1]:x", { transport: "shell", host: "::1", port: undefined, path: "x" }],
    ["u@[::1]::x", { transport: "daemon", host: "u@::1", port: undefined, path: "x" }],
    ["rsync:/x", { transport: "shell", host: "rsync", port: undefined, path: "/x" }],
    ["RSYNC://h:8/m", { transport: "daemon", host: "h", port: 8, path: "m" }],
    ["rsync://u@[::1]:8/m", { transport: "daemon", host: "u@::1", port: 8, path: "m" }],
    ["rsync:///m", { transport: "daemon", host: "", port: undefined, path: "m" }],
  ])("%s is remote", (text, spec) => {
    expect(parseRemote(byteName(text))).toEqual(spec);
  });

  test.each(["", "a", "./a:b", "a/b:c", "/a:b", "[::1]x", "[a:b", "[a]b:c", "u@[a]b:c", "[a/b]:c"])(
    "%j is local",
    (text) => {
      expect(parseRemote(byteName(text))).toBeUndefined();
    },
  );
});

describe("splitOperands", () => {
  test.each([
    [["h:x", "g:y"], "The source and destination cannot both be remote.", "Receiver", 1],
    [["h:x", "s/", "d/"], "Unexpected local arg: s/", "Receiver", 1],
    [["h:x", "", "d/"], "Unexpected local arg: ", "Receiver", 1],
    [["h:x", "g:y", "d/"], "All source args must come from the same machine.", "Receiver", 1],
    [["h:x", "u@h:y", "d/"], "All source args must come from the same machine.", "Receiver", 1],
    [["h:x", "::y", "d/"], "All source args must use the same hostspec format.", "Receiver", 1],
    [["rsync://h/x", "rsync://h:4/y", "d/"], "All source args must use the same port number.", "Receiver", 1],
    [["s/", "h:x", "d/"], "Unexpected remote arg: h:x", "sender", 1],
    [["s/", "rsync://h/x", "d/"], "Unexpected remote arg: rsync://h/x", "sender", 1],
    [["", "d/"], "Empty source arg specified.", "sender", 1],
    [["s/", "", "d/"], "Empty source arg specified.", "sender", 1],
    [["", "h:x"], "Empty source arg specified.", "sender", 1],
    [["s/", ""], 'Empty destination arg specified (use "." or see --old-args).', "sender", 1],
    [["-h:x", "d/"], "Invalid remote host: hostnames may not start with '-'.", "Receiver", 1],
    [["s/", "-h:x"], "Invalid remote host: hostnames may not start with '-'.", "sender", 1],
    [["s/", "u@-oProxyCommand=x:x"], "Invalid remote host: hostnames may not start with '-'.", "sender", 1],
    [["u@w@-h:x", "d/"], "Invalid remote host: hostnames may not start with '-'.", "Receiver", 1],
    [["s/", "u@-h::x"], "Invalid remote host: hostnames may not start with '-'.", "sender", 1],
    [["rsync://u@-h/x", "d/"], "Invalid remote host: hostnames may not start with '-'.", "Receiver", 1],
    [["s/", "u@[-h]:x"], "Invalid remote host: hostnames may not start with '-'.", "sender", 1],
  ])("%j", (operands, message, role, exitCode) => {
    expect(() => splitOperands(operands.map(byteName))).toThrow(
      expect.objectContaining({ message, role, exitCode, plain: true }),
    );
  });

  test("tells what is remote", () => {
    const remoteOf = (...operands: string[]) => splitOperands(operands.map(byteName)).remote;
    expect(remoteOf("h:x", ":y", "d/")).toMatchObject({ direction: "pull", transport: "shell", paths: ["x", "y"] });
    expect(remoteOf("h:x")).toMatchObject({ direction: "pull", host: "h", paths: ["x"] });
    expect(remoteOf("s/", "h::x")).toMatchObject({ direction: "push", transport: "daemon", paths: ["x"] });
    expect(remoteOf("s/", "d/")).toBeUndefined();
    expect(remoteOf("-u@h:x", "d/")).toMatchObject({ host: "-u@h" });
  });

  test("takes the last of several as the destination", () => {
    expect(splitOperands(["a", "b", "c"].map(byteName))).toMatchObject({ sources: ["a", "b"], destination: "c" });
    expect(splitOperands([byteName("a")])).toMatchObject({ sources: ["a"], destination: undefined });
  });
});
