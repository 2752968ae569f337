import type { CostLine } from '../../domain/price/costs.ts';

const COUNT = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const TENTHS = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });
const QUANTITY = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 4 });
const CENTS = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const FRACTION = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 2 });
const UNIT_PRICE = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3, maximumFractionDigits: 9 });
const RATE = new Intl.NumberFormat('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 6 });

/** `1,234,567`. */
export function formatCount(count: number): string {
  return COUNT.format(count);
}

/** `$1,234.50`; below a cent two significant figures, so that a small cost is not shown as none. */
export function formatUsd(usd: number): string {
  const amount = Math.abs(usd);
  const figures = amount > 0 && amount < 0.01 ? smallAmount(amount) : `$${CENTS.format(amount)}`;
  return usd < 0 && figures !== '$0.00' ? `-${figures}` : figures;
}

/** `$1,234.50`, `$12,346`: without cents where they are noise, for places with little room. */
export function formatUsdShort(usd: number): string {
  return Math.abs(usd) < 10_000 ? formatUsd(usd) : `${usd < 0 ? '-' : ''}$${COUNT.format(Math.abs(usd))}`;
}

/** `$0.00102`: the price of one of many, in three significant figures. */
export function formatUnitPrice(usd: number): string {
  return `$${UNIT_PRICE.format(usd)}`;
}

/** `11,449 GB`, `1.311 GB`, `250,000`. */
export function formatQuantity({ quantity, unit }: CostLine): string {
  if (unit !== 'GB' && unit !== 'GB a month') return formatCount(quantity);
  if (quantity > 0 && quantity < 0.001) return '< 0.001 GB';
  return `${(quantity < 1000 ? QUANTITY : COUNT).format(quantity)} GB`;
}

/** `$0.0025 /GB`, `$0.05 /1,000`. */
export function formatRate({ rate, unit }: CostLine): string {
  return `$${RATE.format(rate.usd)} ${unit === 'GB' || unit === 'GB a month' ? '/GB' : '/1,000'}`;
}

/** `1 archive`, `2,000 archives`. */
export function archivesOf(count: number): string {
  return `${formatCount(count)} ${count === 1 ? 'archive' : 'archives'}`;
}

/** `3.5 months`, `2 years`: how long until a transfer has paid for itself. */
export function formatMonths(months: number): string {
  if (months < 0.1) return 'a few days';
  const [value, unit] = months < 24 ? [months, 'month'] : [months / 12, 'year'];
  const figures = (value < 10 ? TENTHS : COUNT).format(value);
  return `${figures} ${unit}${figures === '1' ? '' : 's'}`;
}

function smallAmount(amount: number): string {
  return amount < 0.0001 ? '< $0.0001' : `$${FRACTION.format(amount)}`;
}
