/** The one place that names the versions: of this program and of the protocol and the rsync that it follows. */

/** Version of tsync; a test compares it with package.json. */
export const version = "0.1.0";
/** Protocol version of the records (1-session 2). */
export const protocolVersion = 32;
/** The rsync release whose behaviour and text are followed. */
export const rsyncVersion = "3.5.0";
