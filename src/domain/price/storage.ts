import { type CostLine, gbLine } from './costs.ts';
import type { PlanFigures } from './figures.ts';
import type { StorageStep } from './prices.ts';
import type { Rates } from './rates.ts';
import { BILLING, DAYS_A_MONTH, type StorageClass, VAULT_OVERHEAD_BYTES } from './storage-class.ts';

type Sums = Pick<PlanFigures, 'total' | 'small' | 'young'>;

/** A month of the archives in their vault. */
export function vaultMonth({ total }: Sums, rates: Rates): readonly CostLine[] {
  const rate = rates.vault.storagePerGbMonth;
  return [
    monthly(gbLine('archives', total.bytes, rate, rates)),
    monthly(gbLine('32 KB an archive', total.archives * VAULT_OVERHEAD_BYTES, rate, rates)),
  ];
}

/** A month of the same archives as objects of `storageClass`, as if the bucket held nothing else. */
export function bucketMonth({ total, small }: Sums, storageClass: StorageClass, rates: Rates): readonly CostLine[] {
  const { minimumBytes, indexBytes, nameBytes } = BILLING[storageClass];
  const { storagePerGbMonth, monitoringPerThousandObjects } = rates.s3[storageClass];
  const topUp = minimumBytes === 0 ? 0 : small.archives * minimumBytes - small.bytes;
  const lines = [...stepLines('objects', 0, total.bytes, storagePerGbMonth, rates)];
  if (topUp > 0) lines.push(...stepLines('rest of objects below 128 KB', total.bytes, topUp, storagePerGbMonth, rates));
  if (indexBytes > 0) {
    lines.push(...stepLines('32 KB an object', total.bytes, total.archives * indexBytes, storagePerGbMonth, rates));
  }
  if (nameBytes > 0) {
    const standard = rates.s3.STANDARD.storagePerGbMonth;
    lines.push(...stepLines('8 KB an object, as STANDARD', 0, total.archives * nameBytes, standard, rates));
  }
  if (monitoringPerThousandObjects) {
    // Objects below 128 KB are neither monitored nor billed for it (Amazon S3 pricing, note on Intelligent-Tiering).
    const monitored = total.archives - small.archives;
    const usd = (monitored * monitoringPerThousandObjects.usd) / 1000;
    lines.push({ item: 'monitoring', quantity: monitored, unit: 'objects', usd, rate: monitoringPerThousandObjects });
  }
  return lines;
}

/** The fee for archives younger than 90 days, should they be deleted from the vault today: the storage they still lack. */
export function earlyDeleteUsd({ young }: Sums, rates: Rates): number {
  const byteDays = young.missingByteDays + young.missingDays * VAULT_OVERHEAD_BYTES;
  return (byteDays / rates.bytesPerGb / DAYS_A_MONTH) * rates.vault.storagePerGbMonth.usd;
}

/** `bytes` on top of `before` bytes that are there already, cut at the ends of the steps. */
function stepLines(
  item: string,
  before: number,
  bytes: number,
  steps: readonly StorageStep[],
  rates: Rates,
): readonly CostLine[] {
  const lines: CostLine[] = [];
  let start = 0;
  for (const step of steps) {
    const end = (step.upToGb ?? Number.POSITIVE_INFINITY) * rates.bytesPerGb;
    const inStep = Math.min(before + bytes, end) - Math.max(before, start);
    if (inStep > 0 || (bytes === 0 && lines.length === 0)) {
      lines.push(monthly(gbLine(item, Math.max(inStep, 0), step, rates)));
    }
    start = end;
  }
  return lines;
}

function monthly(line: CostLine): CostLine {
  return { ...line, unit: 'GB a month' };
}
