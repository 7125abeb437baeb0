/** Asks for a password on the terminal, without showing what is typed; without a terminal, on standard error and input. */
import { openSync, readSync, writeSync } from "node:fs";
import type { ReadStream } from "node:tty";

const passwordBytesMax = 8192;
const Key = {
  interrupt: 0x03,
  endOfInput: 0x04,
  backspace: 0x08,
  newline: 0x0a,
  enter: 0x0d,
  clear: 0x15,
  erase: 0x7f,
} as const;

/** What was typed, in bytes; `onInterrupt` is called for Ctrl-C. */
export async function askPassword(onInterrupt: () => void): Promise<Uint8Array> {
  const prompt = "Password: ";
  const terminal = openTerminal();
  if (terminal !== undefined) return await ask(terminal, prompt, onInterrupt);
  writeSync(2, prompt);
  return readInputLine();
}

/** The passphrase of a key of ssh; undefined where there is no terminal to ask on, or nothing was typed. */
export async function askPassphrase(keyName: string, onInterrupt: () => void): Promise<Uint8Array | undefined> {
  const terminal = openTerminal();
  if (terminal === undefined) return undefined;
  const typed = await ask(terminal, `Enter passphrase for key '${keyName}': `, onInterrupt);
  return typed.length === 0 ? undefined : typed;
}

function openTerminal(): number | undefined {
  try {
    return openSync("/dev/tty", "r+");
  } catch {
    return undefined;
  }
}

async function ask(terminal: number, prompt: string, onInterrupt: () => void): Promise<Uint8Array> {
  const input = new (process.getBuiltinModule("node:tty").ReadStream)(terminal);
  try {
    input.setRawMode(true);
    writeSync(terminal, prompt);
    return await typed(input, onInterrupt);
  } finally {
    input.setRawMode(false);
    writeSync(terminal, "\n");
    input.destroy();
  }
}

function typed(input: ReadStream, onInterrupt: () => void): Promise<Uint8Array> {
  const bytes: number[] = [];
  return new Promise((resolve) => {
    const finish = (): void => resolve(Uint8Array.from(bytes));
    input.on("end", finish);
    input.on("data", (chunk: Buffer) => {
      for (const byte of chunk) {
        if (byte === Key.newline || byte === Key.enter || byte === Key.endOfInput) return finish();
        if (byte === Key.interrupt) {
          onInterrupt();
          return finish();
        }
        if (byte === Key.backspace || byte === Key.erase) bytes.pop();
        else if (byte === Key.clear) bytes.length = 0;
        else if (bytes.length < passwordBytesMax) bytes.push(byte);
      }
    });
  });
}

/** One line of standard input, read byte by byte: what follows is not ours. */
function readInputLine(): Uint8Array {
  const bytes: number[] = [];
  const byte = new Uint8Array(1);
  try {
    while (bytes.length < passwordBytesMax && readSync(0, byte) === 1 && byte[0] !== Key.newline)
      bytes.push(byte[0] ?? 0);
  } catch {
    // A standard input that cannot be read is an empty one.
  }
  return Uint8Array.from(bytes);
}
