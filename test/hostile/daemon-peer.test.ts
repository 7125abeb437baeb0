/**
 * Daemons that are none, say too much or fall silent (1-session 8.1, 4-traps H-29): the client ends in time, with the right code, and
 * never sends more than it must.
 */
import { spawn } from "node:child_process";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";

const tsync = join(import.meta.dirname, "../../bin/tsync");

let server: Server | undefined;
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server?.close();
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What the client sent. */
  readonly sent: string;
}

/** Runs a client of a daemon, or of a proxy, that sends `text` and then, unless it `stays`, closes. */
async function meet(text: string, args: readonly string[] = [], stays = false, isProxy = false): Promise<Ended> {
  let sent = "";
  const port = await new Promise<number>((resolve) => {
    server = createServer((socket) => {
      sockets.push(socket);
      socket.on("error", () => undefined);
      socket.on("data", (bytes) => {
        sent += bytes.toString("latin1");
      });
      socket.write(Buffer.from(text, "latin1"));
      if (!stays) socket.end();
    });
    server.listen(0, "127.0.0.1", () => {
      const address = server?.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
  const proxy = isProxy ? { RSYNC_PROXY: `127.0.0.1:${port}` } : {};
  const env = { PATH: process.env.PATH, LC_ALL: "C", RSYNC_PASSWORD: "secret", USER: "me", ...proxy };
  const child = spawn(tsync, [...args, `rsync://127.0.0.1:${port}/m/`, "/nonexistent/d"], { env });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (bytes: Buffer) => {
    stdout += bytes.toString();
  });
  child.stderr.on("data", (bytes: Buffer) => {
    stderr += bytes.toString();
  });
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  return { code, stdout, stderr, sent };
}

test.each(["", "HTTP/1.0 200 OK\r\nServer: x\r\n"])("a proxy that closes after %j", async (text) => {
  const ended = await meet(text, [], false, true);
  expect(ended.code).toBe(10);
  expect(ended.stderr).toContain("rsync: the proxy closed the connection\n");
});

const hello = "@RSYNCD: 32.0 md5\n";

test.each([
  ["something else", "SSH-2.0-OpenSSH\n", 5, 'server sent "SSH-2.0-OpenSSH" rather than greeting'],
  ["nothing", "", 5, "rsync: did not see server greeting"],
  ["a version without its part", "@RSYNCD: 32\n", 5, "the server omitted the subprotocol value: @RSYNCD: 32"],
  ["no digests", "@RSYNCD: 32.0\n", 5, "the server omitted the digest name list: @RSYNCD: 32.0"],
  ["a version from the past", "@RSYNCD: 19\n", 2, "--protocol must be at least 20 on the Client."],
  ["a greeting that is cut", "@RSYNC", 5, "rsync: did not see server greeting"],
  ["no more than a greeting", hello, 5, "rsync: didn't get server startup line"],
  ["a greeting without an end", "x".repeat(100_000), 5, "rsync: did not see server greeting"],
  ["half a line", `${hello}half`, 5, "rsync: didn't get server startup line"],
  ["a NUL", `${hello}a\0b\n@RSYNCD: EXIT\n`, 5, "rsync: didn't get server startup line"],
  ["a question, and then nothing", `${hello}@RSYNCD: AUTHREQD x\n`, 5, "rsync: didn't get server startup line"],
  ["an error", `${hello}@ERROR: \u001b[2Jno\n`, 5, "@ERROR: \\#033[2Jno"],
  ["digests that nobody knows", "@RSYNCD: 32.0 crc\n@RSYNCD: AUTHREQD x\n", 4, "Failed to negotiate a daemon auth"],
  ["a line without end", `${hello}${"x".repeat(100_000)}`, 5, "rsync: didn't get server startup line"],
  ["an announcement of an announcement", `${hello}@RSYNCD: OKAY\n`, 5, "didn't get server startup line"],
] as const)("%s", async (_name, text, code, words) => {
  const ended = await meet(text);
  expect(ended.code).toBe(code);
  expect(ended.stderr).toContain(words);
});

test("H-29 the weakest digest of a daemon is taken only if there is none better", async () => {
  const { sent } = await meet("@RSYNCD: 32.0 md4 md5 sha256\n@RSYNCD: AUTHREQD abc\n");
  expect(sent).toMatch(/\nm\nme [\w+/]{43}\n$/);
});

test("a text for the user is escaped", async () => {
  const { code, stdout } = await meet(`${hello}a\tb\u001b[31m\r\n@RSYNCD: EXIT\n`);
  expect({ code, stdout }).toEqual({ code: 0, stdout: "a\tb\\#033[31m\n" });
});

test("--timeout ends the wait for a daemon that says nothing", async () => {
  const { code, stderr } = await meet("", ["--timeout=1"], true);
  expect(code).toBe(30);
  expect(stderr).toMatch(/^\[Receiver\] io timeout after \d+ seconds -- exiting\n/);
});
