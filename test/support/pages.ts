import { planPage } from '../../src/cli/output/plan-html.ts';
import { type ReportPage, reportPage } from '../../src/cli/output/report-html.ts';
import { type EstimateInput, estimate } from '../../src/domain/price/estimate.ts';
import { addArchive, emptyFigures } from '../../src/domain/price/figures.ts';
import { SHIPPED_PRICES } from '../../src/domain/price/prices.ts';
import { DAY } from '../../src/lib/duration.ts';
import { GiB, KiB, MiB, TiB } from '../../src/lib/size.ts';

const NOW = Date.UTC(2026, 10, 21);

/** What a name must not be able to do. */
export const HOSTILE = `"><script>document.title='owned'</script><img src=x onerror=alert(1)><style>*{color:red}</style>&amp;`;

/** 600 archives in three classes of size: 300, 200 and 100 of them. */
export const SIZES = { 'below 128 KiB': 300, '1 to 16 MiB': 200, '1 to 16 GiB': 100 } as const;

export function samplePlan(changes: Partial<EstimateInput> = {}) {
  const figures = emptyFigures(NOW);
  const sizes = { 'below 128 KiB': 10 * KiB, '1 to 16 MiB': 2 * MiB, '1 to 16 GiB': 3 * GiB };
  for (const [name, count] of Object.entries(SIZES)) {
    for (let index = 0; index < count; index += 1) {
      const size = sizes[name as keyof typeof SIZES];
      const format = index % 3 === 0 ? 'mt2' : HOSTILE;
      addArchive(figures, { size, createdAt: NOW - index * 20 * DAY, partSize: 16 * MiB, format });
    }
  }
  return estimate({
    figures,
    prices: SHIPPED_PRICES,
    tier: 'Bulk',
    storageClass: 'DEEP_ARCHIVE',
    region: 'eu-west-1',
    destinationRegion: 'eu-west-1',
    paces: { requestsPerSecond: 10, maxBytesPerDay: 100 * TiB, copying: { bytesPerSecond: 50 * MiB, known: 'given' } },
    ...changes,
  });
}

export function samplePlanPage(changes: Partial<EstimateInput> = {}): string {
  return planPage(samplePlan(changes), { vault: HOSTILE, bucket: HOSTILE, inventoryDate: HOSTILE });
}

/** A million archives, three of them failed. */
export function sampleReportPage(changes: Partial<ReportPage> = {}): string {
  const { sizes, ages, formats } = samplePlan();
  return reportPage({
    vault: HOSTILE,
    bucket: HOSTILE,
    prefix: HOSTILE,
    region: 'eu-west-1',
    storageClass: 'DEEP_ARCHIVE',
    tier: 'Bulk',
    phase: 'waiting',
    inventoryDate: HOSTILE,
    madeAt: '2026-11-21T10:00:00Z',
    states: [
      { state: 'verified', archives: 899_997, bytes: 7 * TiB },
      { state: 'requested', archives: 60_000, bytes: 2 * TiB },
      { state: 'skipped', archives: 40_000, bytes: TiB },
      { state: 'failed', archives: 3, bytes: 5 * MiB },
    ],
    failures: [{ name: HOSTILE, archives: 3, bytes: 5 * MiB }],
    skips: [{ name: HOSTILE, archives: 40_000, bytes: TiB }],
    flagged: [{ name: HOSTILE, archives: 1, bytes: 1 }],
    sizes,
    ages,
    formats,
    cost: { spentUsd: 25, plannedUsd: 32 },
    ...changes,
  });
}
