import { type CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import type { MetricSink } from '../ports.ts';
import { call } from './errors.ts';

/** What one PutMetricData call may carry (API reference, PutMetricData). */
const MOST_DATA = 1000;

/** Puts metrics into CloudWatch. */
export function cloudwatchMetrics({ client }: { readonly client: CloudWatchClient }): MetricSink {
  return {
    async put(namespace, data, signal) {
      const context = { service: 'cloudwatch', operation: 'PutMetricData', subject: `namespace ${namespace}` } as const;
      for (let start = 0; start < data.length; start += MOST_DATA) {
        const MetricData = data.slice(start, start + MOST_DATA).map(({ name, unit, value, dimensions }) => ({
          MetricName: name,
          Unit: unit,
          Value: value,
          Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
        }));
        const command = new PutMetricDataCommand({ Namespace: namespace, MetricData });
        await call(context, signal, () => client.send(command, { abortSignal: signal }));
      }
    },
  };
}
