/** Digests (`-c`) of files of the destination, for the generator. */
import type { ByteName } from "../bytes/byte-name.ts";
import type { Stat } from "../fs/syscalls/interface.ts";
import { pauseIn, type RunContext } from "./context.ts";
import type { PlacedTurn } from "./entry-parts.ts";
import { FileDigester, quickDigestBytes } from "./file-digest.ts";

export class ExistingDigests {
  private readonly context: RunContext;
  private readonly digester: FileDigester;

  constructor(context: RunContext) {
    this.context = context;
    this.digester = new FileDigester(context.syscalls, context.options.listChecksum);
  }

  /** Digest of as much as `bytes` of what stands there. */
  at(directory: number, name: ByteName, bytes: number): Uint8Array {
    return this.digester.digestAt(directory, name, false, this.context.options.openNoAtime, bytes);
  }

  /**
   * Makes the digest that a comparison with what has this `stat` will ask for, if that takes long: signals and the other side are heard
   * meanwhile. What an earlier one has left is forgotten.
   */
  prepare({ entry, exists, place, atOnce }: PlacedTurn, stat: Stat): Promise<void> | undefined {
    const { context } = this;
    this.digester.forget();
    const { checksum, openNoAtime } = context.options;
    const { size } = entry;
    if (!checksum || !exists || atOnce === true || size <= quickDigestBytes || size !== stat.size) return undefined;
    const pause = (): Promise<void> => pauseIn(context);
    return this.digester.prepareAt(pause, place.directory, place.name, openNoAtime, size);
  }
}
