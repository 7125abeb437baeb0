/** known_hosts for the built-in ssh: names in all forms, markers, changed and revoked keys. */
import { describe, expect, test } from "vitest";
import {
  formatKnownHost,
  judgeHostKey,
  keyType,
  knownTypes,
  parseKnownHosts,
} from "../../../../src/transport/ssh/known-hosts.ts";

function key(type: string, content: string): Buffer {
  const length = (text: string) => Buffer.from([0, 0, 0, text.length]);
  return Buffer.concat([length(type), Buffer.from(type), length(content), Buffer.from(content)]);
}

const right = key("ssh-ed25519", "right");
const wrong = key("ssh-ed25519", "wrong");
const rsa = key("ssh-rsa", "rsa");
const line = (names: string, bytes = right) => `${names} ${keyType(bytes)} ${bytes.toString("base64")} comment\n`;

function judge(text: string, host = "host", port = 22, alias?: string, shown = right) {
  return judgeHostKey(parseKnownHosts(text, "f"), { host, port, alias }, shown).kind;
}

describe("judgeHostKey", () => {
  test.each([
    ["nothing", "", "unknown"],
    ["the name", line("host"), "known"],
    ["one of several names", line("other,host,1.2.3.4"), "known"],
    ["a pattern", line("ho*"), "known"],
    ["a pattern with an exception", line("h*,!host"), "unknown"],
    ["another name", line("hosts"), "unknown"],
    ["other letters", line("HOST"), "known"],
    ["a hashed name", formatKnownHost("host", right, true), "known"],
    ["a hashed other name", formatKnownHost("other", right, true), "unknown"],
    ["another key", line("host", wrong), "changed"],
    ["another key first", line("host", wrong) + line("host"), "known"],
    ["a key of another kind", line("host", rsa), "changed"],
    ["a revoked key", line("@revoked host") + line("host"), "revoked"],
    ["another key that is revoked", line("@revoked host", wrong) + line("host"), "known"],
    ["an authority", line("@cert-authority *"), "unknown"],
    ["an authority and the key", line("@cert-authority *") + line("host"), "known"],
    ["an unknown marker", line("@other host"), "unknown"],
    ["a comment", `# ${line("host")}`, "unknown"],
    ["a key that says it is of another kind", `host ssh-rsa ${right.toString("base64")}`, "unknown"],
    ["half a line", "host ssh-ed25519\n", "unknown"],
  ])("%s", (_name, text, expected) => {
    expect(judge(text)).toBe(expected);
  });

  test.each([
    ["[host]:2222", 2222, "known"],
    ["[host]:2223", 2222, "unknown"],
    ["[host]:2222", 22, "unknown"],
    // ssh looks for the bare name too, but only for the same key.
    ["host", 2222, "known"],
  ])("the name %s at port %i", (names, port, expected) => {
    expect(judge(line(names), "host", port)).toBe(expected);
  });

  test("another key of the bare name says nothing about another port", () => {
    expect(judge(line("host", wrong), "host", 2222)).toBe("unknown");
    expect(judge(line("@revoked host"), "host", 2222)).toBe("revoked");
  });

  test("an alias stands for name and port", () => {
    expect(judge(line("alias"), "host", 2222, "alias")).toBe("known");
    expect(judge(line("[host]:2222"), "host", 2222, "alias")).toBe("unknown");
  });

  test("says which kinds are known", () => {
    const lines = parseKnownHosts(line("host", rsa) + line("@revoked host") + line("other"), "f");
    expect([...knownTypes(lines, ["host"])]).toEqual(["ssh-rsa"]);
  });
});
