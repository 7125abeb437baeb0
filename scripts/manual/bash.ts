/**
 * Completion for bash, without the bash-completion package. Readline breaks words at `=` (COMP_WORDBREAKS), so
 * `--info=na` arrives as three words; where a user has taken `=` out of it, as one.
 */
import { allSpellings, type OptionValue, type Spelling } from "./option-facts.ts";

/** The completion script for bash. */
export function bashCompletion(): string {
  const spellings = allSpellings();
  const offered = spellings.map(({ text, value }) =>
    value !== undefined && text.startsWith("--") ? `${text}=` : text,
  );
  const letters = spellings.filter(({ text, value }) => value !== undefined && !text.startsWith("--"));
  return `${[
    "# Completion of tsync for bash; generated from its option table.",
    "",
    "# Sets COMPREPLY to the values of option $1 that begin with $2; fails if $1 takes no value.",
    "_tsync_value() {",
    "  case $1 in",
    ...valueCases(spellings),
    "    *) return 1 ;;",
    "  esac",
    "}",
    "",
    helpers,
    "",
    "_tsync() {",
    `  local letters='${letters.map(({ text }) => text.slice(1)).join("")}'`,
    `  local options='${offered.join("\n")}'`,
    body,
    "}",
    "",
    "complete -F _tsync tsync",
  ].join("\n")}\n`;
}

/** One case of the script for all options that take the same values. */
function valueCases(spellings: readonly Spelling[]): string[] {
  const byAction = new Map<string, string[]>();
  for (const { text, value } of spellings) {
    if (value === undefined) continue;
    const action = actionOf(value);
    byAction.set(action, [...(byAction.get(action) ?? []), text]);
  }
  return [...byAction].map(([action, texts]) => `    ${texts.join(" | ")}) ${action} ;;`);
}

function actionOf(value: OptionValue): string {
  switch (value.kind) {
    case "file":
      return '_tsync_names -f "$2"';
    case "directory":
      return '_tsync_names -d "$2"';
    case "command":
      return '_tsync_reply -c "$2"';
    case "user":
      return '_tsync_reply -u "$2"';
    case "words": {
      const words = value.words.map(({ word }) => word).join(" ");
      return value.list ? `_tsync_list '${words}' "$2"` : `_tsync_reply -W '${words}' "$2"`;
    }
    case "anything":
      return "COMPREPLY=()";
  }
}

const helpers = `_tsync_reply() {
  mapfile -t COMPREPLY < <(compgen "\${@:1:$#-1}" -- "\${@: -1}")
}

# Names of files (-f) or directories (-d); readline quotes them and adds slashes.
_tsync_names() {
  compopt -o filenames 2>/dev/null
  _tsync_reply "$1" "$2"
}

# The last word of a list that is separated by commas.
_tsync_list() {
  local before=
  [[ $2 == *,* ]] && before=\${2%,*},
  compopt -o nospace 2>/dev/null
  _tsync_reply -P "$before" -W "$1" "\${2##*,}"
}`;

const body = `  local IFS=$' \\t\\n'
  local word=\${COMP_WORDS[COMP_CWORD]} index
  COMPREPLY=()
  for ((index = 1; index < COMP_CWORD; index++)); do
    if [[ \${COMP_WORDS[index]} == -- ]]; then
      _tsync_names -f "$word"
      return
    fi
  done
  # The option whose value is to be completed, and how much of the value stands before the word.
  local option=\${COMP_WORDS[COMP_CWORD - 1]} prefix=
  if [[ $word == = ]]; then
    word=
  elif [[ $option == = ]]; then
    option=\${COMP_WORDS[COMP_CWORD - 2]}
  elif [[ $word == --*=* ]]; then
    option=\${word%%=*}
    prefix=$option=
    word=\${word#*=}
  elif [[ $option =~ ^-[^-] ]]; then
    # A bundle: the first letter that takes a value takes the rest of the bundle, or the next word if nothing is left.
    local bundle=\${option#-}
    option=
    while [[ -n $bundle && -z $option ]]; do
      [[ $letters == *"\${bundle:0:1}"* ]] && option=-\${bundle:0:1}
      bundle=\${bundle:1}
    done
    [[ -n $bundle ]] && option=
  fi
  if [[ $option == -* && $option != *=* ]] && _tsync_value "$option" "$word"; then
    # Where = is no break, the option itself is part of what is replaced.
    [[ -z $prefix ]] || COMPREPLY=("\${COMPREPLY[@]/#/$prefix}")
    return
  fi
  if [[ $word == -* ]]; then
    _tsync_reply -W "$options" "$word"
    [[ \${#COMPREPLY[@]} == 1 && \${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
    return
  fi
  _tsync_names -f "$word"`;
