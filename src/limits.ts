/**
 * Every limit of tsync in one table, with units (4-traps X-01). Nothing else in the code may hard-code a bound on
 * what a peer, a tree or a rule file can make us hold.
 */
export const limits = {
  /** Longest transfer path, in bytes, terminator included (2-file-list 0). */
  pathBytes: 4096,
  /** Longest single file name, in bytes. */
  nameBytes: 255,
  /** Longest text of a record in a filter or files-from file, in bytes (2-file-list 1.4). */
  ruleBytes: 5119,
  /** Paths that the wildcards of one argument may stand for. */
  expandedPaths: 1_000_000,
  /** Names of `--files-from` that a peer may send. */
  listedNames: 10_000_000,
  /** Filter rules that a peer may send. */
  filterRules: 1_000_000,
  /** Memory for them, in bytes. */
  filterListBytes: 268_435_456,
  /** How deep merge files may name further merge files (2-file-list 1.4, 4-traps O-04). */
  mergeDepth: 32,
  /** Extended attributes of one file: how many, and the longest value in bytes (4-traps H-17). */
  xattrCount: 65_536,
  xattrValueBytes: 134_217_728,
  /** All names and values of one file's extended attributes together, in bytes. */
  xattrListBytes: 536_870_912,
  /** Longest name of an extended attribute on the wire, in bytes, terminator included (4-traps H-17). */
  xattrNameBytes: 4096,
  /** Named entries of one ACL. */
  aclEntries: 65_536,
  /** Memory for the file lists of a peer, with their ACLs and attributes, in bytes (4-traps H-18). */
  fileListBytes: 1_073_741_824,
  /** How much longer than twice its announced size a file may become while it is sent, in bytes (4-traps H-25). */
  growthBytes: 1_073_741_824,
  /** Longest text or name in a message frame, in bytes (1-session 5.1). */
  messageBytes: 5119,
  /** Messages that a peer may send before the first file list is here. */
  earlyMessages: 1000,
  /** Longest list of names in a negotiation, in bytes (1-session 4.2). */
  nameListBytes: 255,
  /** Longest line before a daemon session, and before that of a proxy, in bytes. */
  greetingBytes: 4096,
  /** Lines that a proxy says before it connects. */
  proxyLines: 1000,
  /** How deep files of ssh configuration may include each other, and how much a file about keys or hosts may hold, in bytes. */
  sshConfigDepth: 16,
  sshFileBytes: 16_777_216,
  /** Keys that are offered to a server, and bytes that it may send beyond what was read, the window of 2 MiB included. */
  sshIdentities: 100,
  sshUnreadBytes: 8_388_608,
  /** Longest time that a timer of Node takes, in milliseconds; with a longer one it fires at once. */
  timerMilliseconds: 2_147_483_647,
  /** Most of a file that goes to the daemon's early exec, in bytes (1-session 8.1). */
  earlyInputBytes: 5120,
  /** Longest block of a basis file, from protocol 30 on and before (3-transfer 2.1). */
  blockBytes: 131_072,
  blockBytesOld: 536_870_912,
  /** Threads of one compressor; a peer may ask for some too (4-traps D-11). */
  compressThreads: 8,
  /** Number of one kind of deleted items that a peer may report (1-session 7.2). */
  deletedCount: 268_435_456,
  /** User and group names and numbers remembered, of each kind. */
  knownIds: 65_536,
  /** Directories that one walk keeps open along its path; deeper ones are opened again for each change of directory. */
  heldDirectories: 64,
  /** Blocks of one basis file; one of more is sent whole. Each takes up to 32 bytes. */
  sumCountMax: 33_554_432,
  /** Blocks of equal rolling sum that are tried at one place of a file (4-traps R-03). */
  equalSumsTried: 1024,
  /** Symbolic links followed in one path (4-traps P-01). */
  linkHops: 40,
  /** File-list entries that the sender is ahead of the generator (2-file-list 4.6). */
  lookAheadEntries: 10_000,
  /** A scanning thread sends its lists when they hold so many entries. */
  listBatchEntries: 256,
  /** Files handed to a copy task at once, and bytes of data in one batch. */
  batchFiles: 96,
  batchBytes: 4_194_304,
  /** Records, files among them and their bytes that the generator of a local run is ahead of the data; so many records fill rsync's buffers. */
  recordsAhead: 960,
  requestsAhead: 256,
  recordBytesAhead: 67_108_864,
  /** Directories of the destination that the files asked for hold open: a process may have as few as 256 descriptors. */
  directoriesAhead: 96,
  /**
   * Files that a local run which removes its sources and keeps hard links is ahead of the data, and that wait to be removed in any; from how
   * many bytes on only a few.
   */
  filesAhead: 50,
  largeFilesAhead: 10,
  largeFilesBytes: 131_072,
  /** Records that a sender on another machine has not answered, and those among them that ask for data. */
  recordsUnanswered: 8192,
  requestsUnanswered: 500,
  /** Batches handed to the copying worker before the main thread does one itself. */
  batchesUnderWay: 4,
  /** Batches whose results may wait for the main thread. */
  batchesUnseen: 16,
  /** Directories of a batch, and of all whose results wait: each takes two descriptors, of which a process may have but 1,024. */
  batchDirectories: 16,
  directoriesHeld: 48,
  /** Events of a run of the library that its reader has not taken, before the run waits or (without a reader) drops them. */
  eventsUnread: 10_000,
  /** One system call copies at most this many bytes, so that signals get through. */
  copyChunkBytes: 8_388_608,
} as const;
