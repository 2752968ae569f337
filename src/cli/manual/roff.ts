const WIDTH = 80;

/** Text for a roff page: nothing in it is taken for a request or an escape. */
export function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll('`', '\\(ga')
    .replace(/^\./gm, '\\&.');
}

/** A word or line in bold. */
export function bold(text: string): string {
  return `\\fB${escaped(text)}\\fR`;
}

/** Running text, in lines of at most 80 bytes where words allow it. */
export function paragraph(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).map((each) => escaped(each))) {
    const longer = `${lines.at(-1) ?? ''} ${word}`;
    if (lines.length > 0 && Buffer.byteLength(longer) <= WIDTH) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.join('\n');
}

export function section(title: string, body: string): string {
  return `.SH ${title}\n${body}\n`;
}

/** `head` stands out to the left of `body`. Both are roff. */
export function item(head: string, body: string): string {
  return `.TP\n${head}\n${body}`;
}

/** Lines as they are. */
export function verbatim(lines: readonly string[]): string {
  return `.nf\n${lines.map(escaped).join('\n')}\n.fi`;
}
