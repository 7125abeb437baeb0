/**
 * Which permission bits new entries of a directory may have: the umask's, or those of its default ACL (4-traps T-14). The
 * generator looks when it comes to another directory than before. It looks at the top of the destination first, whose own
 * ACL it sets only then: what follows without another directory in between gets the bits from before.
 */
import type { ByteName } from "../bytes/byte-name.ts";
import type { RunContext } from "./context.ts";
import type { ExistingReader } from "./existing.ts";
import { type FileList, isDirectory } from "./file-list.ts";
import type { Place } from "./place.ts";

export class NewPermissions {
  private readonly context: RunContext;
  private readonly existing: ExistingReader;
  /** Of the top, while no other directory has been looked at. */
  private top: number | undefined;

  constructor(context: RunContext, existing: ExistingReader) {
    this.context = context;
    this.existing = existing;
  }

  /** Those of a directory, for itself; `place` is where it is, if anywhere. */
  ofDirectory(parent: ByteName, isTop: boolean, place: Place | number | undefined): number {
    const { existing, context } = this;
    if (context.options.permissions || typeof place !== "object") return 0o777 & ~context.identity.umask;
    if (isTop) {
      this.top = existing.defaultPermissions(place.descriptor, place.name);
      return this.top;
    }
    if (parent !== ".") this.top = undefined;
    return this.top ?? existing.defaultPermissions(place.descriptor);
  }

  /** Those for the entries of a list; `descriptor` is its directory's, if that stands there. The receiver looks later. */
  ofEntries({ path, entries }: FileList, descriptor: number | undefined): { files: number; others: number } {
    const { existing, context } = this;
    const { options, identity } = context;
    if (path !== "." && this.top !== undefined && !entries.every(isDirectory)) this.top = undefined;
    const fromUmask = 0o777 & ~identity.umask;
    const files = options.permissions || descriptor === undefined ? fromUmask : existing.defaultPermissions(descriptor);
    return { files, others: this.top ?? files };
  }
}
