/**
 * The keys that are offered to a server, in the order of ssh(1): those of the agent that are also named by files, the other ones of the agent,
 * then files. ssh2 sees them as one agent, so that a key is only decrypted, and its passphrase only asked for, once the server wants it.
 */
import type { BaseAgent, IdentityCallback, ParsedKey, SignCallback, SigningRequestOptions } from "ssh2";
import { limits } from "../../limits.ts";
import type { KeyFile } from "./private-key.ts";

/** The part of ssh2 that is used here. */
export type Ssh2 = typeof import("ssh2");

/** Gives the passphrase of a key, or undefined if it is not to be used. */
export type AskPassphrase = (keyName: string) => Promise<string | Uint8Array | undefined>;

/** What may be offered. */
export interface IdentitySources {
  readonly files: readonly KeyFile[];
  /** Public halves of keys that only the agent has, which count as named by files. */
  readonly publicKeys: readonly Buffer[];
  /** Socket of the agent. */
  readonly agent: string | undefined;
  /** Only keys that files name. */
  readonly onlyFiles: boolean;
  readonly askPassphrase: AskPassphrase | undefined;
  /** Hears why a key was left out. */
  readonly onSkipped: (reason: string) => void;
}

interface Offer {
  readonly publicKey: ParsedKey;
  sign(data: Buffer, options: SigningRequestOptions): Promise<Buffer>;
}

/** Makes the agent for ssh2. */
export function identityAgent(ssh2: Ssh2, sources: IdentitySources): BaseAgent {
  let offers: readonly Offer[] = [];
  class Identities extends ssh2.BaseAgent<ParsedKey> {
    override getIdentities(done: IdentityCallback<ParsedKey>): void {
      collectOffers(ssh2, sources).then((found) => {
        offers = found.slice(0, limits.sshIdentities);
        done(
          undefined,
          offers.map(({ publicKey }) => publicKey),
        );
      }, done);
    }

    override sign(
      publicKey: ParsedKey,
      data: Buffer,
      options: SigningRequestOptions | SignCallback,
      callback?: SignCallback,
    ): void {
      const done = typeof options === "function" ? options : callback;
      const settings = typeof options === "function" ? {} : options;
      const offer = offers.find((one) => one.publicKey.getPublicSSH().equals(publicKey.getPublicSSH()));
      if (offer === undefined) {
        done?.(new Error("the key is gone"));
        return;
      }
      offer.sign(data, settings).then(
        (signature) => done?.(undefined, signature),
        (error: unknown) => done?.(error instanceof Error ? error : new Error(String(error))),
      );
    }
  }
  return new Identities();
}

async function collectOffers(ssh2: Ssh2, sources: IdentitySources): Promise<Offer[]> {
  const fromFiles: Offer[] = [];
  for (const file of sources.files) {
    const offer = await offerOf(ssh2, sources, file);
    if (offer !== undefined) fromFiles.push(offer);
  }
  const fromAgent = sources.agent === undefined ? [] : await offersOfAgent(ssh2, sources.agent, sources.onSkipped);
  const named = [...fromFiles.map(({ publicKey }) => publicKey.getPublicSSH()), ...sources.publicKeys];
  const isNamed = ({ publicKey }: Offer): boolean => named.some((key) => key.equals(publicKey.getPublicSSH()));
  const inAgent = ({ publicKey }: Offer): boolean =>
    fromAgent.some((offer) => offer.publicKey.getPublicSSH().equals(publicKey.getPublicSSH()));
  return [
    ...fromAgent.filter(isNamed),
    ...(sources.onlyFiles ? [] : fromAgent.filter((offer) => !isNamed(offer))),
    ...fromFiles.filter((offer) => !inAgent(offer)),
  ];
}

/** How often a passphrase may be wrong. */
const passphraseTries = 3;

async function offerOf(ssh2: Ssh2, sources: IdentitySources, file: KeyFile): Promise<Offer | undefined> {
  const { askPassphrase, onSkipped } = sources;
  let opened: ParsedKey | undefined;
  let wasAsked = false;
  const open = async (): Promise<ParsedKey> => {
    for (let tries = 0; opened === undefined && tries < passphraseTries; tries++) {
      const passphrase = file.isEncrypted ? await askPassphrase?.(file.name) : undefined;
      if (file.isEncrypted && (passphrase === undefined || passphrase.length === 0)) break;
      wasAsked = true;
      const parsed = parsePrivate(ssh2, file, passphrase);
      if (parsed instanceof Error) {
        if (!file.isEncrypted) throw new Error(`Load key "${file.name}": ${parsed.message}`);
      } else opened = parsed;
    }
    if (opened !== undefined) return opened;
    throw new Error(
      `The key ${file.name} is encrypted, and ${wasAsked ? "the passphrase is wrong" : "nobody gave the passphrase"}.`,
    );
  };
  const sign = async (data: Buffer, { hash }: SigningRequestOptions): Promise<Buffer> => {
    try {
      const signature = (await open()).sign(data, hash) as Buffer | Error;
      if (signature instanceof Error) throw signature;
      return signature;
    } catch (error) {
      onSkipped(error instanceof Error ? error.message : String(error));
      throw error;
    }
  };
  try {
    const shown = file.publicKey === undefined ? await open() : ssh2.utils.parseKey(file.publicKey);
    if (shown instanceof Error) throw new Error(`Load key "${file.name}": ${shown.message}`);
    return { publicKey: shown, sign };
  } catch (error) {
    onSkipped(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

function parsePrivate(
  ssh2: Ssh2,
  { content }: KeyFile,
  passphrase: string | Uint8Array | undefined,
): ParsedKey | Error {
  const secret = typeof passphrase === "object" ? Buffer.from(passphrase) : passphrase;
  const parsed = ssh2.utils.parseKey(content, secret) as ParsedKey | ParsedKey[] | Error;
  const key = Array.isArray(parsed) ? parsed[0] : parsed;
  if (key === undefined) return new Error("no key");
  return key instanceof Error || key.isPrivateKey() ? key : new Error("not a private key");
}

async function offersOfAgent(ssh2: Ssh2, path: string, onSkipped: (reason: string) => void): Promise<Offer[]> {
  const agent = new ssh2.OpenSSHAgent(path);
  const keys = await new Promise<readonly ParsedKey[]>((resolve) => {
    agent.getIdentities((error, found) => {
      if (error !== undefined && error !== null) onSkipped(`The agent at ${path} does not answer: ${error.message}`);
      resolve((found ?? []).map((key) => ("pubKey" in key ? (key.pubKey as ParsedKey) : key)));
    });
  });
  const offers: Offer[] = [];
  for (const key of keys) {
    const publicKey = ssh2.utils.parseKey(key as ParsedKey & Buffer) as ParsedKey | Error;
    // Keys of a kind that ssh2 does not know cannot be used, whoever has them.
    if (publicKey instanceof Error) continue;
    offers.push({
      publicKey,
      sign: (data, options) =>
        new Promise((resolve, reject) => {
          agent.sign(publicKey, data, options, (error, signature) => {
            if (signature === undefined) reject(error ?? new Error("the agent does not sign"));
            else resolve(signature);
          });
        }),
    });
  }
  return offers;
}
