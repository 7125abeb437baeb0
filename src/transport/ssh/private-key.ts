/** Files of private keys: what can be told of one before its passphrase is known. */
import { statSync } from "node:fs";
import { readSmallFile } from "./small-file.ts";

/** A private key that may be offered. */
export interface KeyFile {
  /** What it is called in messages: its path. */
  readonly name: string;
  readonly content: Buffer;
  readonly isEncrypted: boolean;
  /** The public half as it goes over the wire; undefined where only the private key has it. */
  readonly publicKey: Buffer | undefined;
}

/** Reads a key; text says why it cannot be used, undefined that there is none. */
export function readKeyFile(path: string): KeyFile | string | undefined {
  let mode: number;
  let uid: number;
  try {
    ({ mode, uid } = statSync(path));
  } catch {
    return undefined;
  }
  // As ssh: a key of ours that others can read is no secret any more.
  if (uid === process.getuid?.() && (mode & 0o077) !== 0) {
    return `Permissions 0${(mode & 0o777).toString(8)} for '${path}' are too open: the key is not used.`;
  }
  const content = readSmallFile(path);
  if (content === undefined) return `Load key "${path}": cannot be read`;
  return parseKeyFile(path, content, readSmallFile(`${path}.pub`));
}

/** Takes a key apart; `publicFile` is the text of its public half, if there is one. */
export function parseKeyFile(name: string, content: Buffer, publicFile?: Buffer): KeyFile | string {
  const text = content.toString("latin1");
  const armour = /-----BEGIN ([A-Z0-9 ]*)PRIVATE KEY-----\r?\n([\s\S]*?)-----END /.exec(text);
  if (armour === null) return `Load key "${name}": invalid format`;
  const beside = publicFile === undefined ? undefined : publicLine(publicFile.toString("latin1"));
  if (armour[1] !== "OPENSSH ") {
    const isEncrypted = armour[1] === "ENCRYPTED " || /^Proc-Type: 4,ENCRYPTED/m.test(text);
    return { name, content, isEncrypted, publicKey: beside };
  }
  const bytes = Buffer.from(armour[2] ?? "", "base64");
  const magic = "openssh-key-v1\0";
  if (bytes.toString("latin1", 0, magic.length) !== magic) return `Load key "${name}": invalid format`;
  let at = magic.length;
  const string = (): Buffer | undefined => {
    if (at + 4 > bytes.length) return undefined;
    const end = at + 4 + bytes.readUInt32BE(at);
    if (end > bytes.length) return undefined;
    const part = bytes.subarray(at + 4, end);
    at = end;
    return part;
  };
  const cipher = string();
  string();
  string();
  at += 4;
  const publicKey = string();
  if (cipher === undefined || publicKey === undefined) return `Load key "${name}": invalid format`;
  return { name, content, isEncrypted: cipher.toString("latin1") !== "none", publicKey };
}

/** The key of a line such as `ssh-ed25519 AAAA... comment`. */
export function publicLine(text: string): Buffer | undefined {
  const encoded = /^[a-z][\w@.-]*[ \t]+(AAAA[A-Za-z0-9+/=]+)/.exec(text.trim())?.[1];
  return encoded === undefined ? undefined : Buffer.from(encoded, "base64");
}
