/**
 * What the text needs of the user's locale, taken from environment variables as plain data (3-transfer 9.3, 9.7):
 * whether names are UTF-8 and how numbers are punctuated.
 */

/** How names and numbers are shown. */
export interface TextLocale {
  /** Names are UTF-8: valid sequences are shown as they are. Else every byte from 0x80 on is escaped. */
  readonly utf8: boolean;
  /** The decimal point is a comma and thousands are grouped with dots. */
  readonly decimalComma: boolean;
}

/** The environment variables that decide. */
export type LocaleEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * Reads LC_ALL, LC_CTYPE, LC_NUMERIC and LANG the way `setlocale` does: the first that is not empty counts. One that `isInstalled` does not
 * know is as good as none; it is not asked about those that are part of libc.
 */
export function readLocale(environment: LocaleEnvironment, isInstalled: (name: string) => boolean): TextLocale {
  const isUsable = (name: string): boolean => builtIn.test(name) || isInstalled(name);
  const characters = firstSet(environment, ["LC_ALL", "LC_CTYPE", "LANG"]);
  const numbers = firstSet(environment, ["LC_ALL", "LC_NUMERIC", "LANG"]);
  return {
    utf8: isUtf8(characters) && isUsable(characters),
    decimalComma: hasDecimalComma(numbers) && isUsable(numbers),
  };
}

/** Glibc has C.UTF-8 from 2.35 on; elsewhere it is the one that is always installed. */
const builtIn = /^(?:C|POSIX|C\.(?:UTF-8|utf8))$/;

function firstSet(environment: LocaleEnvironment, names: readonly string[]): string {
  for (const name of names) {
    const value = environment[name];
    if (value !== undefined && value !== "") return value;
  }
  return "C";
}

function isUtf8(locale: string): boolean {
  const charset = /\.([^@]*)/.exec(locale)?.[1] ?? "";
  return charset.toLowerCase().replaceAll("-", "") === "utf8";
}

function hasDecimalComma(locale: string): boolean {
  const language = /^[^.@]*/.exec(locale)?.[0] ?? "";
  if (language === "C" || language === "POSIX" || language.startsWith("en")) return false;
  try {
    return Intl.NumberFormat(language.replaceAll("_", "-")).format(1.5).includes(",");
  } catch {
    return false;
  }
}
