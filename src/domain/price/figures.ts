import { DAY } from '../../lib/duration.ts';
import { GiB, KiB, MiB, TiB } from '../../lib/size.ts';
import { partCount } from '../ranges.ts';
import { SMALL_OBJECT, VAULT_MINIMUM_AGE } from './storage-class.ts';

/** A number of archives and their bytes together. */
export interface Tally {
  readonly archives: number;
  readonly bytes: number;
}

/** One bar of a histogram. */
export interface NamedTally extends Tally {
  readonly name: string;
}

/** A class of a histogram: what is below `below` and in no class before it. */
interface HistogramClass {
  readonly name: string;
  readonly below: number;
}

/** Bytes. */
export const SIZE_CLASSES: readonly HistogramClass[] = [
  { name: 'below 128 KiB', below: 128 * KiB },
  { name: '128 KiB to 1 MiB', below: MiB },
  { name: '1 to 16 MiB', below: 16 * MiB },
  { name: '16 to 128 MiB', below: 128 * MiB },
  { name: '128 MiB to 1 GiB', below: GiB },
  { name: '1 to 16 GiB', below: 16 * GiB },
  { name: '16 to 128 GiB', below: 128 * GiB },
  { name: '128 GiB to 1 TiB', below: TiB },
  { name: '1 TiB and more', below: Number.POSITIVE_INFINITY },
];

/** Milliseconds since the upload. The first class is the one with an early-delete fee. */
export const AGE_CLASSES: readonly HistogramClass[] = [
  { name: 'below 90 days', below: VAULT_MINIMUM_AGE },
  { name: '90 days to 1 year', below: 365 * DAY },
  { name: '1 to 2 years', below: 2 * 365 * DAY },
  { name: '2 to 3 years', below: 3 * 365 * DAY },
  { name: '3 to 5 years', below: 5 * 365 * DAY },
  { name: '5 to 8 years', below: 8 * 365 * DAY },
  { name: '8 to 12 years', below: 12 * 365 * DAY },
  { name: '12 years and more', below: Number.POSITIVE_INFINITY },
];

interface Counter {
  archives: number;
  bytes: number;
}

/**
 * What the price of a plan depends on: sums only, so that it costs as much memory for a hundred million archives as for
 * one. Filled by `addArchive`, read by `estimate`.
 */
export interface PlanFigures {
  /** Ages count from here: milliseconds since 1970. */
  readonly now: number;
  readonly total: Counter;
  /** Archives of one part: a PutObject each. */
  puts: number;
  /** Archives of several parts: a CreateMultipartUpload and a CompleteMultipartUpload each. */
  uploads: number;
  /** The parts of those: an UploadPart each. */
  parts: number;
  /** Archives below `SMALL_OBJECT`. */
  readonly small: Counter;
  /** Archives below `VAULT_MINIMUM_AGE`, with the days that each lacks of it and the bytes times those days. */
  readonly young: Counter & { missingDays: number; missingByteDays: number };
  /** By `SIZE_CLASSES`, and by `AGE_CLASSES`. */
  readonly sizes: readonly Counter[];
  readonly ages: readonly Counter[];
  /** By the format of the description. */
  readonly formats: Map<string, Counter>;
}

export function emptyFigures(now: number): PlanFigures {
  const zero = (): Counter => ({ archives: 0, bytes: 0 });
  return {
    now,
    total: zero(),
    puts: 0,
    uploads: 0,
    parts: 0,
    small: zero(),
    young: { ...zero(), missingDays: 0, missingByteDays: 0 },
    sizes: SIZE_CLASSES.map(zero),
    ages: AGE_CLASSES.map(zero),
    formats: new Map(),
  };
}

/** An archive as the sums need it. */
export interface PricedArchive {
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly partSize: number;
  /** The format of its description. */
  readonly format?: string;
}

/** Adds one archive to the sums, in place: it is called once for each row of the inventory. */
export function addArchive(figures: PlanFigures, archive: PricedArchive): void {
  const { size, createdAt, partSize, format } = archive;
  count(figures.total, size);
  if (size <= partSize) {
    figures.puts += 1;
  } else {
    figures.uploads += 1;
    figures.parts += partCount(size, partSize);
  }
  if (size < SMALL_OBJECT) count(figures.small, size);
  // An archive of the future (a clock that is wrong) is as young as one of today: the fee never exceeds 90 days.
  const age = Math.max(figures.now - createdAt, 0);
  if (age < VAULT_MINIMUM_AGE) {
    const missingDays = (VAULT_MINIMUM_AGE - age) / DAY;
    count(figures.young, size);
    figures.young.missingDays += missingDays;
    figures.young.missingByteDays += missingDays * size;
  }
  countIn(figures.sizes, SIZE_CLASSES, size, size);
  countIn(figures.ages, AGE_CLASSES, age, size);
  if (format !== undefined) countFormat(figures.formats, format, size);
}

/** A histogram's classes with their names, in their order, empty ones too. */
export function histogram(classes: readonly HistogramClass[], counters: readonly Tally[]): readonly NamedTally[] {
  return classes.map(({ name }, index) => ({
    name,
    archives: counters[index]?.archives ?? 0,
    bytes: counters[index]?.bytes ?? 0,
  }));
}

/** The formats, the most frequent first. */
export function formatTallies(formats: ReadonlyMap<string, Tally>): readonly NamedTally[] {
  return [...formats]
    .map(([name, { archives, bytes }]) => ({ name, archives, bytes }))
    .sort((a, b) => b.archives - a.archives || (a.name < b.name ? -1 : 1));
}

function count(counter: Counter, bytes: number): void {
  counter.archives += 1;
  counter.bytes += bytes;
}

function countIn(counters: readonly Counter[], classes: readonly HistogramClass[], value: number, bytes: number): void {
  for (let index = 0; index < classes.length; index += 1) {
    const bin = classes[index];
    const counter = counters[index];
    if (bin && counter && value < bin.below) {
      count(counter, bytes);
      return;
    }
  }
}

function countFormat(formats: Map<string, Counter>, format: string, bytes: number): void {
  const counter = formats.get(format);
  if (counter) count(counter, bytes);
  else formats.set(format, { archives: 1, bytes });
}
