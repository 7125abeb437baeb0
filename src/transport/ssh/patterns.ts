/** Patterns of ssh_config and known_hosts: `*` for anything, `?` for one character, lists with `!` for exceptions. */

/** Whether a text is what a pattern means. */
export function matchesPattern(text: string, pattern: string): boolean {
  // One place to come back to is enough: a later star takes over from an earlier one.
  let at = 0;
  let textAt = 0;
  let star = -1;
  let starText = 0;
  while (textAt < text.length) {
    const char = pattern.charAt(at);
    if (char === "*") {
      star = at++;
      starText = textAt;
    } else if (char !== "" && (char === "?" || char === text.charAt(textAt))) {
      at++;
      textAt++;
    } else if (star >= 0) {
      at = star + 1;
      textAt = ++starText;
    } else return false;
  }
  while (pattern.charAt(at) === "*") at++;
  return at === pattern.length;
}

/** Whether one of the patterns matches and none with `!`. */
export function matchesList(text: string, patterns: readonly string[]): boolean {
  let matched = false;
  for (const pattern of patterns) {
    if (pattern.startsWith("!")) {
      if (matchesPattern(text, pattern.slice(1))) return false;
    } else matched ||= matchesPattern(text, pattern);
  }
  return matched;
}
