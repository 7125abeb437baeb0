/**
 * A small Markdown as roff with the man macros: what `page.md` and `details.md` are written in.
 *
 * Blocks are separated by blank lines: `# Section`, `## Subsection`, paragraphs, `- ` list items, code (every line
 * indented by four blanks), and terms (`term` on a line, `: meaning` on the following ones). Inline: `code` becomes bold,
 * `<word>` italic. Nothing else is special.
 */

/** A block of Markdown text as roff lines. `paragraph` is the macro that starts a paragraph; undefined: none. */
export function formatBlock(block: string, paragraph: string | undefined): string[] {
  const lines = block.split("\n");
  const first = lines[0] ?? "";
  if (first.startsWith("## ")) return [`.SS ${formatInline(first.slice(3))}`];
  if (first.startsWith("# ")) return [`.SH ${formatInline(first.slice(2))}`];
  if (lines.every((line) => line.startsWith("    "))) {
    return [...(paragraph === undefined ? [] : [paragraph]), ".RS 4", ".nf", ...lines.map(codeLine), ".fi", ".RE"];
  }
  if (lines[1]?.startsWith(": ")) {
    return [
      ...formatTerm(
        formatInline(first),
        lines
          .slice(1)
          .map((line) => line.slice(2))
          .join("\n"),
      ),
    ];
  }
  if (lines.every((line) => /^(?:- | {2})/.test(line))) return formatList(lines);
  return [...(paragraph === undefined ? [] : [paragraph]), ...formatText(block)];
}

/** A whole document: all of its blocks. */
export function formatDocument(markdown: string): string[] {
  return splitBlocks(markdown).flatMap((block) => formatBlock(block, ".PP"));
}

/** A term, already in roff, and its meaning in Markdown; further paragraphs of the meaning stay indented. */
export function formatTerm(term: string, meaning: string): string[] {
  return [
    ".TP",
    term,
    ...splitBlocks(meaning).flatMap((block, index) => formatBlock(block, index === 0 ? undefined : ".IP")),
  ];
}

/** The blocks of a Markdown text. */
export function splitBlocks(markdown: string): string[] {
  return markdown
    .split(/\n{2,}/)
    .map((block) => block.replace(/^\n+|\s+$/g, ""))
    .filter((block) => block !== "");
}

/** One line of text with its inline marks. */
export function formatInline(text: string): string {
  return text.replaceAll(/`([^`]+)`|<([^<>\s]+)>|([^`<]+|[`<])/g, (_all, code, word, plain) => {
    if (code !== undefined) return bold(code);
    return word === undefined ? escapeText(plain) : italic(word);
  });
}

/** Literal text in bold: what is typed as it stands. */
export function bold(text: string): string {
  return `\\fB${escapeCode(text)}\\fR`;
}

/** A placeholder in italics. */
export function italic(text: string): string {
  return `\\fI${escapeCode(text)}\\fR`;
}

/** One output line a sentence, so that differences of the page are readable. */
function formatText(block: string): string[] {
  return block
    .replaceAll(/\s*\n\s*/g, " ")
    .split(/(?<=[.;:]\)?) (?=[A-Z`(])/)
    .map((sentence) => protect(formatInline(sentence)));
}

function formatList(lines: readonly string[]): string[] {
  const items = lines.join("\n").slice(2).split(/\n- /);
  return items.flatMap((item) => [".IP \\(bu 2", ...formatText(item)]);
}

function codeLine(line: string): string {
  return protect(escapeCode(line.slice(4)));
}

function escapeText(text: string): string {
  return escapeSigns(text).replaceAll(" - ", " \\- ");
}

/** Signs that are typed must come out as they are, also where the page is printed. */
function escapeCode(text: string): string {
  return escapeSigns(text)
    .replaceAll("-", "\\-")
    .replaceAll("'", "\\(aq")
    .replaceAll("`", "\\(ga")
    .replaceAll('"', "\\(dq");
}

function escapeSigns(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("~", "\\(ti").replaceAll("^", "\\(ha");
}

/** A line that begins with a full stop or an apostrophe would be a request. */
function protect(line: string): string {
  return /^[.']/.test(line) ? `\\&${line}` : line;
}
