/**
 * Blanks what is not code in a TypeScript source, so that the layer test can search it with plain regular expressions.
 * Every replaced character becomes a space (line breaks stay), so offsets and line numbers remain valid. Expressions
 * inside template literals are code and stay.
 */

/** What to blank besides comments: `text` also blanks the insides of strings, templates and regular expressions. */
export type MaskLevel = "comments" | "text";

/** The source with comments (and, at level `text`, literals) replaced by spaces. */
export function maskSource(source: string, level: MaskLevel): string {
  const out = source.split("");
  /** Depth of braces at which each open `${` of a template ends. */
  const templates: number[] = [];
  let depth = 0;
  let at = 0;

  const blank = (from: number, to: number, literal: boolean): void => {
    if (literal && level === "comments") return;
    for (let index = from; index < to; index++) if (out[index] !== "\n") out[index] = " ";
  };
  const template = (from: number): number => {
    let end = from;
    while (end < source.length && source[end] !== "`" && !source.startsWith("${", end))
      end += source[end] === "\\" ? 2 : 1;
    blank(from, Math.min(end, source.length), true);
    if (source[end] === "`") return end + 1;
    templates.push(depth);
    return end + 2;
  };

  while (at < source.length) {
    const char = source[at];
    if (source.startsWith("//", at)) {
      const end = lineEnd(source, at);
      blank(at, end, false);
      at = end;
    } else if (source.startsWith("/*", at)) {
      const close = source.indexOf("*/", at + 2);
      const end = close < 0 ? source.length : close + 2;
      blank(at, end, false);
      at = end;
    } else if (char === '"' || char === "'") {
      const end = quotedEnd(source, at + 1, char);
      blank(at + 1, end, true);
      at = end + 1;
    } else if (char === "`") {
      at = template(at + 1);
    } else if (char === "/" && startsRegExp(source, at)) {
      const end = regExpEnd(source, at + 1);
      blank(at + 1, end, true);
      at = end + 1;
    } else if (char === "}" && templates.length > 0 && templates.at(-1) === depth) {
      templates.pop();
      at = template(at + 1);
    } else {
      if (char === "{") depth++;
      if (char === "}") depth--;
      at++;
    }
  }
  return out.join("");
}

function lineEnd(source: string, from: number): number {
  const end = source.indexOf("\n", from);
  return end < 0 ? source.length : end;
}

function quotedEnd(source: string, from: number, quote: string): number {
  let end = from;
  while (end < source.length && source[end] !== quote && source[end] !== "\n") end += source[end] === "\\" ? 2 : 1;
  return end;
}

/** Whether a slash begins a regular expression: it does where an operand is expected. */
function startsRegExp(source: string, at: number): boolean {
  const before = source.slice(Math.max(0, at - 40), at).trimEnd();
  return before === "" || /[(,=:[!&|?{};>+*%~^-]$/.test(before) || /\b(return|case|typeof|of|in)$/.test(before);
}

function regExpEnd(source: string, from: number): number {
  let end = from;
  let inClass = false;
  while (end < source.length && source[end] !== "\n" && (inClass || source[end] !== "/")) {
    if (source[end] === "[") inClass = true;
    if (source[end] === "]") inClass = false;
    end += source[end] === "\\" ? 2 : 1;
  }
  return end;
}
