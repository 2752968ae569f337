import type { NamedTally } from '../../domain/price/figures.ts';
import { formatSize } from '../../lib/size.ts';
import { formatCount } from './amounts.ts';
import { barTable } from './charts.ts';
import type { Markup } from './markup.ts';

/** Archives and bytes of each class beside one another: where the number is and where the bytes are. */
export function tallyChart(
  options: { readonly caption: string; readonly heading: string },
  tallies: readonly NamedTally[],
): Markup | undefined {
  if (tallies.every(({ archives }) => archives === 0)) return undefined;
  return barTable(
    {
      ...options,
      series: [
        { heading: 'archives', paint: 'archives' },
        { heading: 'size', paint: 'bytes' },
      ],
    },
    tallies.map(({ name, archives, bytes }) => ({
      name,
      values: [
        { value: archives, text: formatCount(archives) },
        { value: bytes, text: formatSize(bytes) },
      ],
    })),
  );
}
