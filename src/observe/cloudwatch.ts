import { METRICS, type MetricDefinition, type MetricValue } from '../domain/metrics.ts';
import { MINUTE } from '../lib/duration.ts';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { MetricDatum, MetricSink } from '../ports.ts';
import { growthOf } from './metrics.ts';
import type { Subject } from './prometheus.ts';

/** Real milliseconds: the finest that CloudWatch keeps without high resolution. */
const EVERY = MINUTE;

/** What CloudWatch is told: see `METRICS`. */
export function dataOf({ vault, bucket }: Subject, values: readonly MetricValue[]): MetricDatum[] {
  return values.map(({ metric, label, value }) => {
    const definition: MetricDefinition = METRICS[metric];
    const dimension = definition.label && definition.label[0]?.toUpperCase() + definition.label.slice(1);
    return {
      name: definition.cloudwatch,
      unit: definition.unit,
      value,
      dimensions: { Vault: vault, Bucket: bucket, ...(dimension && label !== undefined && { [dimension]: label }) },
    };
  });
}

/** Puts the metrics once a minute; a failure is logged and holds nothing up. */
export function putMetrics(
  sink: MetricSink,
  { namespace, subject, read, log }: { namespace: string; subject: Subject; read: () => MetricValue[]; log: Log },
): { stop(signal: AbortSignal): Promise<void> } {
  let before = read();
  let putting: Promise<void> | undefined;
  const ended = new AbortController();
  const put = async (signal: AbortSignal) => {
    const values = read();
    try {
      await sink.put(namespace, dataOf(subject, growthOf(values, before)), signal);
      before = values;
    } catch (error) {
      log.warn({ namespace, error: messageOf(error) }, 'CloudWatch has not taken the metrics; tried again in a minute');
    }
  };
  const timer = setInterval(() => {
    putting ??= put(AbortSignal.any([ended.signal, AbortSignal.timeout(EVERY)])).finally(() => {
      putting = undefined;
    });
  }, EVERY);
  timer.unref();
  return {
    async stop(signal) {
      clearInterval(timer);
      signal.addEventListener('abort', () => ended.abort(signal.reason), { once: true });
      await putting;
      await put(signal);
    },
  };
}
