/** Which locales the system has: libc knows where they are kept. */
import { loadLibc } from "./libc.ts";

/** LC_CTYPE_MASK of glibc and musl. */
const characterTypeMask = 1;

/** Whether a locale can be set; a name is believed where libc cannot be asked, because "plain" is asked for or koffi does not load. */
export function hasLocale(name: string, kind?: "koffi" | "plain"): boolean {
  if (kind === "plain") return true;
  try {
    const libc = loadLibc();
    const text = Buffer.from(`${name}\0`, "latin1");
    const locale = libc.declare("newlocale", "size_t", ["int", "size_t", "size_t"])(
      characterTypeMask,
      libc.address(text),
      0,
    );
    if (locale === 0) return false;
    libc.declare("freelocale", "int", ["size_t"])(locale);
    return true;
  } catch {
    return true;
  }
}
