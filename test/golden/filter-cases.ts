/** Filter rules as a real client sent them. */
import { openSession, type Transcript } from "./explain-session.ts";

export interface FilterCase {
  readonly direction: "push" | "pull";
  readonly protocol: number;
  /** Arguments of the client, besides `-r --delete`. */
  readonly filters: readonly string[];
  /** The texts sent. */
  readonly rules?: readonly string[];
  /** Or why nothing was. */
  readonly error?: string;
}

/** The rules in a captured session. */
export function readFilters(transcript: Transcript): readonly string[] {
  return openSession(transcript, 1_000_000).filters;
}
