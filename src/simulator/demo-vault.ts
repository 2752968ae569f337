import { DAY, SECOND } from '../lib/duration.ts';
import { KiB, MiB } from '../lib/size.ts';
import { DEMO_FORMATS, type DemoFile } from './demo-names.ts';
import { type ArchiveSpec, archiveIdFrom } from './glacier/vault.ts';
import { between, type Random, seededRandom } from './random.ts';
import type { VaultSpec } from './seed-vault.ts';

const FOLDERS = [
  'photos/2011/summer',
  'photos/2012/Überraschung',
  'Documents and Settings/taxes',
  'директория/фото',
  'music/live (bootlegs)',
  'backup/mysql',
  '写真/京都',
  'C++ notes',
  'mail/archive_2009',
];
const NAMES = [
  'IMG_0001.JPG',
  'report final (2).pdf',
  'a+b.txt',
  'файл.doc',
  'dump.sql.gz',
  '紅葉.raw',
  'naïve café.mp3',
  'no_extension',
  '100% sure #1.tar',
];
/** Sizes at which something changes: chunks, parts, tree hashes of one node more. */
const EDGES = [
  1,
  2,
  KiB - 1,
  MiB - 1,
  MiB,
  MiB + 1,
  3 * MiB,
  8 * MiB - 1,
  8 * MiB,
  8 * MiB + 1,
  12.5 * MiB,
  16 * MiB,
  24 * MiB + 17,
  40 * MiB,
  64 * MiB,
];
const SMALLEST = 100;
const LARGEST_USUAL = 24 * MiB;
const FIRST_DAY = Date.UTC(2012, 8, 1);

/**
 * A vault such as people have: descriptions of every known format, names that repeat, that are empty or that go
 * nowhere, ids that begin with `-`, sizes from one byte to 64 MiB (with 200 archives some 550 MiB in all), listed
 * in no order. The same for the same seed.
 * @param options.largest no archive is larger; 64 MiB by default.
 */
export function demoVault(
  options: { readonly name?: string; readonly count?: number; readonly seed?: number; readonly largest?: number } = {},
): VaultSpec {
  const { name = 'demo', count = 200, seed = 1, largest = 64 * MiB } = options;
  const random = seededRandom(seed);
  const archives: ArchiveSpec[] = [];
  for (let i = 0; i < count; i += 1) {
    const file = fileOf(random, i);
    const write = DEMO_FORMATS[i % DEMO_FORMATS.length];
    const id = archiveIdFrom(`${name} ${seed} ${i}`);
    archives.push({
      id: i % 20 === 7 ? `-${id.slice(1)}` : id,
      description: write?.(file) ?? '',
      createdAt: file.modified + between(random, [1, 90]) * DAY + (i % 2) * between(random, [1, 999]),
      content: { kind: 'seeded', seed: `${name} ${seed} ${i}`, size: Math.min(sizeOf(random, i), largest) },
    });
  }
  return { name, archives: archives.sort((a, b) => (String(a.id) < String(b.id) ? -1 : 1)) };
}

/** Every ninth file is one that came before, as a later version would: same path, another date. */
function fileOf(random: Random, i: number): DemoFile {
  const place = i % 9 === 8 ? i - 8 : i;
  const folder = FOLDERS[place % FOLDERS.length] ?? '';
  const file = NAMES[Math.floor(place / 3) % NAMES.length] ?? '';
  const path = `${folder}/${Math.floor(place / 30)}/${file}`;
  return { path, modified: FIRST_DAY + between(random, [0, 3000]) * DAY + between(random, [0, 86_399]) * SECOND };
}

/** The edges first, then as many small archives as large ones by the power of ten. */
function sizeOf(random: Random, i: number): number {
  const share = random();
  return EDGES[i] ?? Math.floor(SMALLEST * (LARGEST_USUAL / SMALLEST) ** share);
}
