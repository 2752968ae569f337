import { describe, expect, it } from 'vitest';
import { namesPieces } from '../../src/cli/output/names.ts';
import type { ArchiveId, ObjectKey } from '../../src/domain/ids.ts';

const ID = 'A'.repeat(138) as ArchiveId;

function tableOf(names: readonly (readonly [key: string, description: string])[]): readonly string[] {
  const archives = names.map(([key, description]) => ({
    archiveId: ID,
    description,
    format: 'text' as const,
    key: key as ObjectKey,
    changes: [],
  }));
  return [...namesPieces(archives, 'table')].map((line) => line.trimEnd());
}

/** Columns of a terminal: wide characters take two, marks that are set on others none. */
const columnsOf = (text: string) =>
  [...text].reduce((sum, character) => sum + (/\p{M}/u.test(character) ? 0 : character > '\u2e7f' ? 2 : 1), 0);

describe('the table of names', () => {
  it('stands in columns whatever the writing', () => {
    const [head = '', ...lines] = tableOf([
      ['photos/plain.jpg', 'plain'],
      ['写真/家族旅行.jpg', '家族旅行'],
      ['фото/семья.jpg', 'семья'],
      ['cafe\u0301.txt', 'cafe\u0301'],
      ['📷/😀.jpg', '😀'],
    ]);

    for (const line of lines) {
      expect(columnsOf(line.slice(0, line.indexOf(' text ') + 1))).toBe(head.indexOf('format'));
      expect(columnsOf(line.slice(0, line.indexOf(ID)))).toBe(head.indexOf('archive id'));
    }
  });

  it.each([
    ['letters', 'x'.repeat(60), `${'x'.repeat(37)}...`],
    ['wide characters', '漢'.repeat(30), `${'漢'.repeat(18)}...`],
    ['characters of several code points', '👨‍👩‍👧'.repeat(30), `${'👨‍👩‍👧'.repeat(18)}...`],
    ['as much as there is room for', '漢'.repeat(20), '漢'.repeat(20)],
  ])('cuts a long description of %s between two of them', (_, description, shown) => {
    expect(tableOf([['a', description]])[1]).toContain(`  ${shown}  ${ID}`);
  });
});
