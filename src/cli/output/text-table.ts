import stringWidth from 'string-width';

/** How a column of a table is set. */
export type Alignment = 'left' | 'right';

/** Lines with their cells in columns of a terminal, two spaces apart. Control characters are shown, not obeyed. */
export function alignColumns(
  rows: readonly (readonly string[])[],
  alignments: readonly Alignment[],
): readonly string[] {
  const cells = rows.map((row) => row.map(visible));
  const widths = alignments.map((_, column) => Math.max(0, ...cells.map((row) => stringWidth(row[column] ?? ''))));
  return cells.map((row) =>
    alignments
      .map((alignment, column) => {
        const cell = row[column] ?? '';
        const filling = ' '.repeat(Math.max(0, (widths[column] ?? 0) - stringWidth(cell)));
        return alignment === 'left' ? cell + filling : filling + cell;
      })
      .join('  ')
      .trimEnd(),
  );
}

/** Names come from a vault's descriptions: an escape sequence in one of them is not for the user's terminal. */
function visible(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => `\\x${(character.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`);
}
