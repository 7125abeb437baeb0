/**
 * Character sets through libc's iconv, the one that rsync uses: the same names of sets, the same bytes (2-file-list 8.4).
 */
import { type ByteName, byteName } from "../../bytes/byte-name.ts";
import type { NameConverter, Syscalls } from "./interface.ts";
import type { Libc, Scratch } from "./libc.ts";

/** LC_CTYPE_MASK and CODESET of glibc and musl. */
const characterTypeMask = 1;
const codesetItem = 14;
/** Bytes of a conversion beside those of the text, and per byte of it. */
const extraBytes = 64;
const bytesPerByte = 4;

/** The conversions of the koffi back end. */
export function koffiCharsets(libc: Libc, scratch: Scratch): Pick<Syscalls, "openConverter" | "localCharset"> {
  const iconvOpen = libc.lazy("iconv_open", "int64", ["size_t", "size_t"]);
  const iconvClose = libc.lazy("iconv_close", "int", ["int64"]);
  const iconv = libc.lazy("iconv", "int64", ["int64", "size_t", "size_t", "size_t", "size_t"]);
  const newLocale = libc.lazy("newlocale", "size_t", ["int", "size_t", "size_t"]);
  const freeLocale = libc.lazy("freelocale", "int", ["size_t"]);
  const languageInfo = libc.lazy("nl_langinfo_l", "size_t", ["int", "size_t"]);
  const copyText = libc.lazy("strncpy", "size_t", ["size_t", "size_t", "size_t"]);

  return {
    localCharset() {
      scratch.putText("");
      const locale = newLocale(characterTypeMask, scratch.first, 0);
      // A locale that is not installed is as good as none.
      if (locale === 0) return byteName("ANSI_X3.4-1968");
      copyText(scratch.list, languageInfo(codesetItem, locale), 256);
      freeLocale(locale);
      return scratch.textAt(scratch.listOffset);
    },

    openConverter(from, to) {
      if (scratch.putText(to) !== 0 || scratch.putSecondText(from) !== 0) return undefined;
      const handle = iconvOpen(scratch.first, scratch.second);
      if (handle === -1) return undefined;
      let input = Buffer.alloc(0);
      let output = Buffer.alloc(0);

      /** Converts from a byte on as far as it goes: where it stopped, and 0 or a negative errno. */
      function step(start: number, length: number, written: number): { at: number; written: number; status: number } {
        // inbuf, inbytesleft, outbuf, outbytesleft
        scratch.putInteger(0, libc.address(input) + start);
        scratch.putInteger(2, length - start);
        scratch.putInteger(4, libc.address(output) + written);
        scratch.putInteger(6, output.length - written);
        const { record } = scratch;
        let status = iconv(handle, record, record + 8, record + 16, record + 24) < 0 ? libc.failure() : 0;
        // What is left of a set with shifts.
        if (status === 0 && iconv(handle, 0, 0, record + 16, record + 24) < 0) status = libc.failure();
        const left = scratch.unsigned[2] as number;
        return { at: length - left, written: output.length - (scratch.unsigned[6] as number), status };
      }

      function run(text: string, keepsBad: boolean): ByteName | number {
        if (input.length < text.length + 1) {
          input = Buffer.alloc(text.length + extraBytes);
          output = Buffer.alloc(input.length * bytesPerByte + extraBytes);
        }
        input.write(text, 0, "latin1");
        iconv(handle, 0, 0, 0, 0);
        let at = 0;
        let written = 0;
        for (;;) {
          const done = step(at, text.length, written);
          ({ at, written } = done);
          if (done.status === 0) return output.toString("latin1", 0, written) as ByteName;
          if (!keepsBad || written >= output.length || at >= text.length) return done.status;
          output[written++] = input[at++] as number;
          if (at === text.length) return output.toString("latin1", 0, written) as ByteName;
        }
      }

      const converter: NameConverter = {
        convert: (text) => run(text, false),
        convertWhatCan(text): ByteName {
          const converted = run(text, true);
          return typeof converted === "number" ? byteName(text) : converted;
        },
        close: () => void iconvClose(handle),
      };
      return converter;
    },
  };
}
