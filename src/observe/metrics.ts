import { METRICS, type MetricName, type MetricValue } from '../domain/metrics.ts';
import { STATES } from '../domain/progress.ts';
import { SECOND } from '../lib/duration.ts';
import type { Counts } from '../state/counters.ts';
import type { TransferStatus } from '../steps/status.ts';

/** Every metric's values. @param now by the services' clock, which expiry goes by. */
export function metricsOf(status: TransferStatus, counts: Counts, now: number): MetricValue[] {
  const one = (metric: MetricName, value: number | null): MetricValue[] => (value === null ? [] : [{ metric, value }]);
  const many = (metric: MetricName, values: Readonly<Record<string, number>>): MetricValue[] =>
    Object.entries(values).map(([label, value]) => ({ metric, label, value }));
  const byState = (field: 'count' | 'bytes') =>
    Object.fromEntries(STATES.map((state) => [state, status.archives[state][field]]));
  return [
    ...many('archives', byState('count')),
    ...many('bytes', byState('bytes')),
    ...many('failures', Object.fromEntries(status.failures.map(({ code, count }) => [code, count]))),
    ...one('copiedBytes', counts.copiedBytes),
    ...many('requests', counts.calls),
    ...many('throttles', counts.throttles),
    ...one('throughput', status.rate.bytesPerSecond),
    ...one('eta', status.etaSeconds),
    ...one('expiry', status.nextExpiry === null ? null : (Date.parse(status.nextExpiry) - now) / SECOND),
    ...one('spent', status.cost.spentUsd),
  ];
}

/** The metrics as counters and gauges of a minute: what only grows is given as its growth, over all its labels. */
export function growthOf(values: readonly MetricValue[], before: readonly MetricValue[]): MetricValue[] {
  const sum = (of: readonly MetricValue[], wanted: MetricName) =>
    of.reduce((total, { metric, value }) => (metric === wanted ? total + value : total), 0);
  const names = (Object.keys(METRICS) as MetricName[]).filter((name) => METRICS[name].kind === 'counter');
  return [
    ...values.filter(({ metric }) => METRICS[metric].kind === 'gauge'),
    ...names.map((metric) => ({ metric, value: Math.max(0, sum(values, metric) - sum(before, metric)) })),
  ];
}
