/**
 * The shape of one row of the option table, and small builders for the common kinds of effect.
 */
import type { ByteName } from "../bytes/byte-name.ts";
import type { Settings } from "./settings.ts";
import type { SizeRange } from "./sizes.ts";

/** What an option does to the settings. `value` is empty for options without argument, `number` 0 without a number. */
export type Effect = (settings: Settings, value: ByteName, number: number) => void;

/** The argument of an option and how it is called in the help. */
export type OptionArgument =
  | { readonly kind: "text" | "integer"; readonly label: string }
  | { readonly kind: "size"; readonly label: string; readonly range: SizeRange };

/** One option of rsync 3.5.0, or of tsync's own. */
export interface OptionRow {
  /** Long names without dashes, the main one first; empty for options that only have a letter. */
  readonly names: readonly string[];
  readonly letter?: string;
  readonly argument?: OptionArgument;
  /** Names (without dashes, starting with `no-`) that undo it; they never take an argument. */
  readonly negations?: readonly string[];
  /**
   * `now`: honoured. `later`: refused by name (exit 4) when it would change anything. `no-effect`: rsync takes it
   * silently in a local run and so do we; the row says why nothing is lost.
   */
  readonly support: "now" | "later" | "no-effect";
  /** Line of the help; hidden without one. */
  readonly help?: string;
  /** The help shows a negated name, for options that are usually negated. */
  readonly helpName?: string;
  readonly set: Effect;
  readonly clear?: Effect;
}

type KeysOf<Type> = { [Key in keyof Settings]: Settings[Key] extends Type ? Key : never }[keyof Settings];
/** Settings that are plain booleans. */
export type BooleanKey = KeysOf<boolean>;
/** Settings that count. */
export type CountKey = KeysOf<number>;

/** A row from `names` such as `verbose v` (a single character is the letter) and one word per negation. */
export function row(
  support: OptionRow["support"],
  names: string,
  parts: Omit<OptionRow, "names" | "letter" | "support" | "negations"> & { readonly negations?: string },
): OptionRow {
  const words = names.split(" ");
  const letter = words.find((word) => word.length === 1);
  const { negations, ...rest } = parts;
  return {
    ...rest,
    support,
    names: words.filter((word) => word.length > 1),
    ...(letter === undefined ? {} : { letter }),
    ...(negations === undefined ? {} : { negations: negations.split(" ").map((word) => `no-${word}`) }),
  };
}

/** An option that switches a boolean on, and off again if it has negations. */
export function flag(names: string, key: BooleanKey, help: string, negations?: string): OptionRow {
  return row("now", names, {
    help,
    set: (settings) => {
      settings[key] = true;
    },
    ...(negations === undefined
      ? {}
      : {
          negations,
          clear: (settings: Settings) => {
            settings[key] = false;
          },
        }),
  });
}

/** An option that may be repeated. */
export function counter(names: string, key: CountKey, help: string, negations: string): OptionRow {
  return row("now", names, {
    help,
    negations,
    set: (settings) => {
      settings[key] += 1;
    },
    clear: (settings) => {
      settings[key] = 0;
    },
  });
}

/** An option with a text argument. */
export function text(names: string, label: string, help: string, set: Effect): OptionRow {
  return row("now", names, { help, argument: { kind: "text", label }, set });
}

/**
 * An option that cannot be honoured yet: remembered by name, forgotten again when it is negated. Options that one
 * negation undoes together share a `key`.
 */
export function later(
  names: string,
  help: string,
  argument?: OptionArgument,
  negations?: string,
  key?: string,
): OptionRow {
  const words = names.split(" ");
  const long = words.find((word) => word.length > 1) ?? "";
  const letter = words.find((word) => word.length === 1);
  const shown = letter === undefined ? `--${long}` : `--${long} (-${letter})`;
  return row("later", names, {
    help,
    set: (settings) => {
      settings.unsupported.set(key ?? long, shown);
    },
    ...(argument === undefined ? {} : { argument }),
    ...(negations === undefined
      ? {}
      : {
          negations,
          clear: (settings: Settings) => {
            settings.unsupported.delete(key ?? long);
          },
        }),
  });
}

/** An option that changes nothing in a local run. */
export function noEffect(names: string, help: string, label?: string, negations?: string): OptionRow {
  return row("no-effect", names, {
    help,
    set: ignore,
    ...(label === undefined ? {} : { argument: { kind: "text", label } }),
    ...(negations === undefined ? {} : { negations, clear: ignore }),
  });
}

function ignore(): void {}
