import { describe, expect, it } from 'vitest';
import type { MetricValue } from '../../src/domain/metrics.ts';
import { dataOf } from '../../src/observe/cloudwatch.ts';
import { growthOf } from '../../src/observe/metrics.ts';
import { expose } from '../../src/observe/prometheus.ts';

const subject = { vault: 'ph"otos', bucket: 'my-archive', prefix: 'a\\b' };
const values: MetricValue[] = [
  { metric: 'archives', label: 'verified', value: 3 },
  { metric: 'archives', label: 'failed', value: 1 },
  { metric: 'copiedBytes', value: 2 ** 45 },
  { metric: 'requests', label: 'InitiateJob', value: 7 },
  { metric: 'requests', label: 'GetJobOutput', value: 5 },
];

describe('the metrics for Prometheus', () => {
  it('have a help, a type and every value with its labels escaped', async () => {
    const { text, contentType } = await expose(subject, values, undefined);
    expect(contentType).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(text).toContain('# TYPE glacier2s3_archives gauge\n');
    expect(text).toContain(
      'glacier2s3_archives{state="verified",vault="ph\\"otos",bucket="my-archive",prefix="a\\\\b"} 3\n',
    );
    expect(text).toContain('# TYPE glacier2s3_copied_bytes_total counter\n');
    expect(text).toContain(' 35184372088832\n');
  });

  it('leave out what is not known', async () => {
    const { text } = await expose(subject, values, undefined);
    expect(text).not.toContain('eta');
    expect(text).not.toContain('expiry');
  });

  it('are OpenMetrics for who asks for it', async () => {
    const { text, contentType } = await expose(subject, values, 'application/openmetrics-text;version=1.0.0,*/*;q=0.1');
    expect(contentType).toMatch(/^application\/openmetrics-text; version=1\.0\.0/);
    expect(text).toContain('# TYPE glacier2s3_copied_bytes counter\n');
    expect(text).toMatch(/# EOF\n$/);
  });
});

describe('the metrics for CloudWatch', () => {
  it('are gauges as they are, and of counters what was added, over all labels', () => {
    const before: MetricValue[] = [
      { metric: 'copiedBytes', value: 2 ** 45 - 100 },
      { metric: 'requests', label: 'InitiateJob', value: 6 },
    ];
    const data = dataOf(subject, growthOf(values, before));
    const of = (name: string) => data.filter((datum) => datum.name === name);
    expect(of('Archives').map(({ value, dimensions }) => [dimensions.State, value])).toEqual([
      ['verified', 3],
      ['failed', 1],
    ]);
    expect(of('CopiedBytes')).toEqual([
      { name: 'CopiedBytes', unit: 'Bytes', value: 100, dimensions: { Vault: 'ph"otos', Bucket: 'my-archive' } },
    ]);
    expect(of('Requests')).toMatchObject([{ value: 6 }]);
    expect(of('Throttles')).toMatchObject([{ value: 0 }]);
  });
});
