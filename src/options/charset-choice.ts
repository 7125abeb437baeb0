/** `--iconv=LOCAL[,REMOTE]` (2-file-list 8.4). */
import type { ByteName } from "../bytes/byte-name.ts";

/** The character set of this side. */
export function ownCharset(iconv: ByteName | undefined): ByteName | undefined {
  return iconv?.split(",", 1)[0] as ByteName | undefined;
}

/** The character set of the other side: what is behind the comma, or the same. */
export function otherCharset(iconv: ByteName | undefined): ByteName | undefined {
  const comma = iconv?.indexOf(",") ?? -1;
  return comma < 0 ? iconv : (iconv?.slice(comma + 1) as ByteName | undefined);
}
