/** ssh_config for the built-in ssh: which values a host gets, and what is refused. Expectations are those of `ssh -G`. */
import { describe, expect, test } from "vitest";
import { readHostConfig } from "../../../../src/transport/ssh/ssh-config.ts";

/** The configuration of a host from files by path; `/h/.ssh/config` is the user's. */
function read(host: string, files: Readonly<Record<string, string>>, overrides: readonly string[] = [], user?: string) {
  const config = readHostConfig(host, user, {
    overrides,
    files: [
      { path: "/h/.ssh/config", directory: "/h/.ssh", required: false },
      { path: "/etc/ssh/ssh_config", directory: "/etc/ssh", required: false },
    ],
    read: (path) => files[path],
    list: (directory) =>
      Object.keys(files)
        .filter((path) => path.startsWith(`${directory}/`))
        .map((path) => path.slice(directory.length + 1).split("/")[0] ?? ""),
    home: "/h",
    localUser: "me",
  });
  const first = Object.fromEntries([...config.first].map(([keyword, values]) => [keyword, values.join(" ")]));
  const all = Object.fromEntries(
    [...config.all].map(([keyword, values]) => [keyword, values.map((value) => value.join(" "))]),
  );
  return { ...first, ...all };
}

const user = (text: string) => ({ "/h/.ssh/config": text });

describe("readHostConfig", () => {
  test.each([
    ["the first value counts", "a", "Host a\nPort 1\nHost *\nPort 2\nUser u", { port: "1", user: "u" }],
    ["values before any Host are for all", "a", "Port 5\nHost b\nUser u", { port: "5" }],
    ["patterns", "db7.example.org", "Host *.example.com db?.example.org\nPort 9", { port: "9" }],
    ["no pattern", "db17.example.org", "Host db?.example.org\nPort 9", {}],
    ["negation", "bad.org", "Host *.org !bad.org\nPort 9", {}],
    ["negation of another", "good.org", "Host *.org !bad.org\nPort 9", { port: "9" }],
    ["only a negation matches nothing", "good.org", "Host !bad.org\nPort 9", {}],
    [
      "an equals sign, quotes, comments, case",
      "a",
      '# x\n  HOST=a\n\tpOrT = 9 # y\nHostName "b c"',
      { port: "9", hostname: "b c" },
    ],
    ["a carriage return at the end", "a", "Port 9\r\nUser u\r", { port: "9", user: "u" }],
    ["identities add up", "a", "IdentityFile x\nHost a\nIdentityFile y", { identityfile: ["x", "y"] }],
    ["Match all", "a", "Host b\nMatch all\nPort 9", { port: "9" }],
    ["Match host of HostName", "a", "HostName real\nMatch host real\nPort 9", { hostname: "real", port: "9" }],
    ["Match originalhost", "a", "HostName real\nMatch originalhost real\nPort 9", { hostname: "real" }],
    ["Match with a negation", "a", "Match !host b localuser me\nPort 9", { port: "9" }],
    ["Match user", "a", "Match user you\nPort 9", {}],
    ["Match that fails before it cannot be looked at", "a", 'Match host b exec "true"\nPort 9', {}],
    ["Match canonical has no second pass", "a", "Match canonical\nPort 9", {}],
    ["keywords without effect", "a", "ForwardAgent yes\nControlMaster auto\nCompression yes", {}],
    ["ProxyJump none", "a", "ProxyJump none\nProxyCommand none", { proxyjump: "none", proxycommand: "none" }],
    ["ProxyJump of another host", "a", "Host b\nProxyJump j", {}],
    ["unknown keywords that are to be ignored", "a", "IgnoreUnknown UseK*\nUseKeychain yes\nPort 9", { port: "9" }],
  ])("%s", (_name, host, text, expected) => {
    expect(read(host, user(text))).toEqual(expected);
  });

  test("the command line comes before the user's file, and that before the system's", () => {
    const files = { ...user("Port 2\nUser two"), "/etc/ssh/ssh_config": "Port 3\nUser three\nHostName three" };
    expect(read("a", files, ["Port=1"])).toEqual({ port: "1", user: "two", hostname: "three" });
  });

  test("Include takes files in order, relative to the folder, and belongs to its block", () => {
    const files = {
      ...user("Include d/*.conf\nHost b\nInclude only-b\nHost a\nInclude ~/.ssh/for-a\nUser last"),
      "/h/.ssh/d/2.conf": "Port 2",
      "/h/.ssh/d/1.conf": "Host a\nPort 1",
      "/h/.ssh/d/other": "Port 7",
      "/h/.ssh/only-b": "Host a\nHostName wrong",
      "/h/.ssh/for-a": "HostName right\nHost c\nUser wrong",
    };
    expect(read("a", files)).toEqual({ port: "1", hostname: "right", user: "last" });
    expect(read("b", files)).toEqual({ port: "2" });
  });

  test.each([
    "ProxyJump gate",
    "ProxyCommand nc %h %p",
    "Ciphers aes128-ctr",
    "CertificateFile cert",
    "CanonicalizeHostname yes",
    "PubkeyAuthentication no",
    "PreferredAuthentications password",
    "RemoteCommand ls",
    "RevokedHostKeys file",
    'Match exec "true"\nPort 9',
    "Match final\nPort 9",
  ])("refuses %s", (text) => {
    expect(() => read("a", user(text))).toThrow(/^This tsync does not support .* of the ssh configuration for a/);
  });

  test.each([
    ["Prot 22", "line 1: Bad configuration option: prot"],
    ["Port", 'line 1: no argument after keyword "port"'],
    ['HostName "a', "line 1: unbalanced quotes"],
    ["Match host", "line 1: Missing Match criteria for host"],
    ["Include config", "too many levels of Include"],
  ])("%s is an error", (text, message) => {
    expect(() => read("a", user(text))).toThrow(message);
  });
});
