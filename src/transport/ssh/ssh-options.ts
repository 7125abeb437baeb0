/** What the built-in ssh may be told beyond the command line of a remote shell: the options of the library, in their final form. */

/** Where, as whom and with which keys to connect. */
export interface SshSettings {
  readonly port: number | undefined;
  readonly user: string | undefined;
  /** Files of private keys, which come before those of the configuration. */
  readonly identityFiles: readonly string[];
  /** Private keys themselves. */
  readonly privateKeys: readonly (string | Uint8Array)[];
  /** Socket of an agent; undefined: as configured, else SSH_AUTH_SOCK; `none`: no agent. */
  readonly agent: string | undefined;
  /** Files of known hosts in place of the configured ones. */
  readonly knownHosts: readonly string[] | undefined;
  /** `new`: an unknown host is taken and remembered; `SHA256:...`: this key is the right one. */
  readonly accept: readonly string[];
  /** The only file of configuration; `none`: no file. */
  readonly configFile: string | undefined;
  readonly overrides: readonly string[];
  readonly family: 4 | 6 | undefined;
  /** Seconds; undefined: as configured; 0: none. */
  readonly keepAliveSeconds: number | undefined;
  /** Seconds until the server must have shown its key; undefined: as configured; 0: no limit. */
  readonly connectTimeoutSeconds: number | undefined;
  /** Gives the passphrase of a key. */
  readonly askPassphrase: ((keyName: string) => Promise<string | Uint8Array | undefined>) | undefined;
}
