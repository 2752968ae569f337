import { describe, expect, it } from 'vitest';
import { type EstimateInput, estimate } from '../../src/domain/price/estimate.ts';
import { addArchive, emptyFigures, type PlanFigures } from '../../src/domain/price/figures.ts';
import { SHIPPED_PRICES } from '../../src/domain/price/prices.ts';
import { DAY, HOUR } from '../../src/lib/duration.ts';
import { MiB, TiB } from '../../src/lib/size.ts';

const NOW = Date.UTC(2026, 10, 21);
const GB = 1_000_000_000;
const OLD = NOW - 400 * DAY;

/** `count` archives of one size. */
function archives(
  count: number,
  size: number,
  { createdAt = OLD, partSize = 16 * MiB, format = 'mt2' } = {},
): PlanFigures {
  const figures = emptyFigures(NOW);
  for (let index = 0; index < count; index += 1) addArchive(figures, { size, createdAt, partSize, format });
  return figures;
}

function priced(figures: PlanFigures, changes: Partial<EstimateInput> = {}) {
  return estimate({
    figures,
    prices: SHIPPED_PRICES,
    tier: 'Bulk',
    storageClass: 'DEEP_ARCHIVE',
    region: 'us-east-1',
    destinationRegion: 'us-east-1',
    paces: { requestsPerSecond: 10, maxBytesPerDay: 100 * TiB },
    ...changes,
  });
}

const usdOf = (lines: readonly { item: string; usd: number }[], item: string) =>
  lines.find((line) => line.item === item)?.usd;

describe('the price of 100,000 archives of 1 GB, in parts of 128 MiB, from Bulk to DEEP_ARCHIVE', () => {
  const plan = priced(archives(100_000, GB, { partSize: 128 * MiB }));

  it('retrieves by both readings of the price list, and counts the dearer', () => {
    // charged: 100,000 GB x 0.0025 = 250; 100,000 requests x 0.025 / 1,000 = 2.50
    expect(plan.retrieval.map(({ variant, usd }) => [variant, usd])).toEqual([
      ['charged', 252.5],
      ['free', 0],
    ]);
    // with the 9.50 below
    expect(plan.once.lowUsd).toBeCloseTo(9.5, 9);
    expect(plan.once.highUsd).toBeCloseTo(262, 9);
  });

  it('pays for parts as STANDARD and for completions as DEEP_ARCHIVE', () => {
    // 1 GB / 128 MiB = 7.45: 8 parts each
    expect(plan.requests).toEqual({ retrieval: 100_000, puts: 0, uploads: 100_000, parts: 800_000 });
    // 100,000 x 0.005 / 1,000; 800,000 x 0.005 / 1,000; 100,000 x 0.05 / 1,000
    expect(usdOf(plan.copy.lines, 'CreateMultipartUpload')).toBeCloseTo(0.5, 9);
    expect(usdOf(plan.copy.lines, 'UploadPart')).toBeCloseTo(4, 9);
    expect(usdOf(plan.copy.lines, 'CompleteMultipartUpload')).toBeCloseTo(5, 9);
    expect(plan.copy.usd).toBeCloseTo(9.5, 9);
  });

  it('compares a month in the vault with a month in the bucket, overhead included', () => {
    // vault: 100,000 x 0.0036 = 360; 100,000 x 32,768 bytes = 3.2768 GB x 0.0036 = 0.01179648
    expect(plan.monthBefore.usd).toBeCloseTo(360.01179648, 8);
    // bucket: 100,000 x 0.00099 = 99; 3.2768 x 0.00099 = 0.003244032; 0.8192 GB of names x 0.023 = 0.0188416
    expect(plan.monthAfter.usd).toBeCloseTo(99.022085632, 8);
    expect(plan.monthlySavingUsd).toBeCloseTo(260.989710848, 8);
    // 262.00 / 260.989710848
    expect(plan.paysOffAfterMonths).toBeCloseTo(1.003871, 6);
    // 180 days are 6 months: 6 x 99.022085632
    expect(plan.minimumStay?.days).toBe(180);
    expect(plan.minimumStay?.usd).toBeCloseTo(594.132513792, 8);
  });

  it("says what AWS's own solution is published to cost for such a vault", () => {
    expect(plan.awsSolution.usd).toBeCloseTo(1153.57, 6);
    expect(plan.awsSolution.usdPerArchive).toBeCloseTo(0.00102, 5);
    expect(plan.awsSolution.usdPerGb).toBeCloseTo(0.0105, 4);
  });

  it('warns of what a download to a machine outside AWS would add', () => {
    // 100,000 GB x 0.09
    expect(plan.outsideAwsUsd).toBeCloseTo(9000, 6);
    expect(plan.once.highUsd).toBeLessThan(9000);
  });
});

describe('the price of many small archives', () => {
  it('is made by their number: 1,000,000 of 10 MB', () => {
    const plan = priced(archives(1_000_000, 10_000_000));

    // 10,000 GB x 0.0025 = 25; 1,000,000 x 0.025 / 1,000 = 25
    expect(plan.retrieval[0].usd).toBeCloseTo(50, 9);
    // one PutObject each: 1,000,000 x 0.05 / 1,000
    expect(plan.copy.usd).toBeCloseTo(50, 9);
    // a tenth of the published example of 10,000,000 archives of 10 MB
    expect(plan.awsSolution.usd).toBeCloseTo(1122.921, 6);
  });

  it('counts the overhead that makes 1 KiB cost as 41 KiB', () => {
    // 10,000 x 1,024 bytes = 0.01024 GB x 0.00099 = 0.0000101376
    // 10,000 x 32,768 bytes = 0.32768 GB x 0.00099 = 0.0003244032
    // 10,000 x 8,192 bytes = 0.08192 GB x 0.023 = 0.00188416
    expect(priced(archives(10_000, 1024)).monthAfter.usd).toBeCloseTo(0.0022187008, 12);
  });

  it('bills an object below 128 KB as one of 128 KB where the class says so', () => {
    // 1,000 x 131,072 bytes = 0.131072 GB: x 0.004 = 0.000524288; x 0.0125 = 0.0016384; x 0.01 = 0.00131072
    const figures = archives(1000, 5000);
    expect(priced(figures, { storageClass: 'GLACIER_IR' }).monthAfter.usd).toBeCloseTo(0.000524288, 12);
    expect(priced(figures, { storageClass: 'STANDARD_IA' }).monthAfter.usd).toBeCloseTo(0.0016384, 12);
    expect(priced(figures, { storageClass: 'ONEZONE_IA' }).monthAfter.usd).toBeCloseTo(0.00131072, 12);
    // no minimum: 1,000 x 5,000 bytes = 0.005 GB x 0.023
    expect(priced(figures, { storageClass: 'STANDARD' }).monthAfter.usd).toBeCloseTo(0.000115, 12);
  });

  it('monitors only the objects of 128 KB and more in INTELLIGENT_TIERING', () => {
    const figures = archives(1000, 5000);
    for (let index = 0; index < 2000; index += 1) addArchive(figures, { size: 131_072, createdAt: OLD, partSize: MiB });

    // 2,000 x 0.0025 / 1,000
    expect(usdOf(priced(figures, { storageClass: 'INTELLIGENT_TIERING' }).monthAfter.lines, 'monitoring')).toBe(0.005);
  });
});

it('costs what the size of its parts makes of a TiB: 131,072 parts of 8 MiB', () => {
  const figures = archives(1, TiB, { partSize: 8 * MiB });
  // 131,072 x 0.005 / 1,000 = 0.65536 (STANDARD, and the archive classes); 0.01: 1.31072; 0.02: 2.62144
  const expected = {
    STANDARD: 0.65536,
    GLACIER: 0.65536,
    DEEP_ARCHIVE: 0.65536,
    STANDARD_IA: 1.31072,
    GLACIER_IR: 2.62144,
  };
  for (const [storageClass, usd] of Object.entries(expected)) {
    const plan = priced(figures, { storageClass: storageClass as EstimateInput['storageClass'] });
    expect(usdOf(plan.copy.lines, 'UploadPart'), storageClass).toBeCloseTo(usd, 9);
  }
});

it('retrieves with Standard and Expedited at their own prices', () => {
  const figures = archives(2000, GB);
  // 2,000 GB x 0.01 = 20; 2,000 x 0.05 / 1,000 = 0.10, or x 0.03 = 0.06
  expect(priced(figures, { tier: 'Standard' }).retrieval.map(({ usd }) => usd)).toEqual([20.1, 20.06]);
  // 2,000 GB x 0.03 = 60; 2,000 x 0.01 = 20
  expect(priced(figures, { tier: 'Expedited' }).retrieval.map(({ usd }) => usd)).toEqual([80]);
});

it('takes 600 TB of STANDARD through all three steps of its price', () => {
  // 51,200 x 0.023 = 1,177.60; 460,800 x 0.022 = 10,137.60; 88,000 x 0.021 = 1,848
  const plan = priced(archives(20, 30_000 * GB, { partSize: 4096 * MiB }), { storageClass: 'STANDARD' });
  expect(plan.monthAfter.usd).toBeCloseTo(13_163.2, 6);
  expect(plan.monthAfter.lines.map(({ quantity }) => quantity)).toEqual([51_200, 460_800, 88_000]);
  // STANDARD is dearer than the vault: 600,000 x 0.0036 = 2,160
  expect(plan.monthlySavingUsd).toBeLessThan(-11_000);
  expect(plan.paysOffAfterMonths).toBeUndefined();
  expect(plan.minimumStay).toBeUndefined();
});

describe('the early-delete fee', () => {
  it('is the storage that an archive lacks of 90 days', () => {
    const figures = archives(3, 100 * GB, { createdAt: NOW - 30 * DAY });
    // 60 days are 2 months: 3 x (100 GB + 0.000032768 GB) x 0.0036 x 2 = 2.1600007077888
    const { earlyDelete } = priced(figures);
    expect(earlyDelete.usd).toBeCloseTo(2.1600007077888, 10);
    expect(earlyDelete).toMatchObject({ archives: 3, bytes: 300 * GB });
  });

  it('ends on the ninetieth day, and is never more than 90 days for an upload of the future', () => {
    expect(priced(archives(1, GB, { createdAt: NOW - 90 * DAY })).earlyDelete.usd).toBe(0);
    // 1.000032768 GB x 0.0036 x 3
    expect(priced(archives(1, GB, { createdAt: NOW + 5 * DAY })).earlyDelete.usd).toBeCloseTo(0.0108003538944, 12);
  });

  it('delays the day that the transfer pays off', () => {
    const old = priced(archives(1, 1000 * GB));
    const young = priced(archives(1, 1000 * GB, { createdAt: NOW }));
    // three months of the vault over the saving of a month
    const delay = (young.paysOffAfterMonths ?? 0) - (old.paysOffAfterMonths ?? 0);
    expect(delay).toBeCloseTo((3 * old.monthBefore.usd) / old.monthlySavingUsd, 9);
  });
});

describe('another Region', () => {
  const figures = archives(1, 1000 * GB);
  const crossing = (region: string, destinationRegion: string) => {
    const plan = priced(figures, { region, destinationRegion });
    return { usd: usdOf(plan.copy.lines, `transfer to ${destinationRegion}`), assumed: plan.assumed };
  };

  it('costs nothing more where vault and bucket are in the same one', () => {
    expect(crossing('us-east-1', 'us-east-1')).toEqual({ usd: undefined, assumed: undefined });
  });

  it('is paid by the GB, with the exception for a neighbour', () => {
    // 1,000 GB x 0.02, and x 0.01 to us-east-2
    expect(crossing('us-east-1', 'eu-west-1').usd).toBe(20);
    expect(crossing('us-east-1', 'us-east-2').usd).toBe(10);
  });

  it('is told where its prices were those of us-east-1, whose neighbours are not its own', () => {
    expect(crossing('eu-west-1', 'us-east-2')).toEqual({
      usd: 20,
      assumed: { from: 'us-east-1', regions: ['eu-west-1', 'us-east-2'] },
    });
    expect(crossing('constructor', 'constructor').assumed?.regions).toEqual(['constructor']);
  });
});

describe('the time', () => {
  const figures = archives(1000, TiB, { partSize: 1024 * MiB });

  it('is the wait of the tier and the slowest of the paces', () => {
    const { duration } = priced(figures, {
      paces: {
        requestsPerSecond: 10,
        maxBytesPerDay: 100 * TiB,
        copying: { bytesPerSecond: 1024 * MiB, known: 'given' },
      },
    });
    // 1,000 / 10 = 100 s; 1,000 TiB / 100 TiB = 10 days; 1,000 x 1,024 s = 1,024,000 s
    expect(duration).toMatchObject({ requests: 100_000, dailyBytes: 10 * DAY, copying: 1_024_000_000 });
    expect(duration.slowest).toBe('copying');
    expect(duration.total).toEqual({ min: 1_024_000_000 + 5 * HOUR, max: 1_024_000_000 + 12 * HOUR });
  });

  it('bounds the copy of tiny archives by their number', () => {
    const copying = { bytesPerSecond: 1024 * MiB, archivesPerSecond: 2, known: 'measured' } as const;
    const { duration } = priced(archives(500, 100), {
      paces: { requestsPerSecond: 10, maxBytesPerDay: 100 * TiB, copying },
    });
    expect(duration).toMatchObject({ copying: 250_000, copyRate: 'measured' });
  });

  it('leaves the copying out where nobody knows its rate', () => {
    const { duration } = priced(figures);
    expect(duration.copying).toBeUndefined();
    expect(duration.slowest).toBe('dailyBytes');
    expect(duration.total.max).toBe(10 * DAY + 12 * HOUR);
  });

  it('is the tier for a few archives, and the pace of requests for many small ones', () => {
    expect(priced(archives(3, 100)).duration.slowest).toBe('tier');
    // 500,000 / 1 a second = 5.8 days
    const slow = { requestsPerSecond: 1, maxBytesPerDay: TiB };
    expect(priced(archives(500_000, 100), { paces: slow }).duration.slowest).toBe('requests');
  });
});

it('sorts archives into classes of size, age and format', () => {
  const figures = emptyFigures(NOW);
  const add = (size: number, days: number, format: string) =>
    addArchive(figures, { size, createdAt: NOW - days * DAY, partSize: 8 * MiB, format });
  add(131_071, 89, 'plain');
  add(131_072, 90, 'mt2');
  add(TiB, 5000, 'mt2');

  const plan = priced(figures);
  const filled = (bars: readonly { name: string; archives: number }[]) =>
    bars.filter((bar) => bar.archives > 0).map((bar) => bar.name);
  expect(filled(plan.sizes)).toEqual(['below 128 KiB', '128 KiB to 1 MiB', '1 TiB and more']);
  expect(filled(plan.ages)).toEqual(['below 90 days', '90 days to 1 year', '12 years and more']);
  expect(plan.formats).toEqual([
    { name: 'mt2', archives: 2, bytes: TiB + 131_072 },
    { name: 'plain', archives: 1, bytes: 131_071 },
  ]);
});

it('costs nothing and takes no time for an empty vault', () => {
  const plan = priced(emptyFigures(NOW));
  expect([
    plan.once.highUsd,
    plan.monthBefore.usd,
    plan.monthAfter.usd,
    plan.earlyDelete.usd,
    plan.awsSolution.usd,
  ]).toEqual([0, 0, 0, 0, 0]);
  expect(plan.paysOffAfterMonths).toBeUndefined();
  expect(plan.duration.total).toEqual({ min: 0, max: 0 });
});

it('is plain JSON, for plan --json', () => {
  const plan = priced(archives(3, 20 * MiB, { createdAt: NOW }));
  expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
});
