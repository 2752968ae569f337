import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { METRICS, type MetricName, type MetricValue } from '../../src/domain/metrics.ts';
import { startWebServer } from '../../src/lib/web-server.ts';
import { expose } from '../../src/observe/prometheus.ts';
import { DaemonGroup, freePort } from './daemon.ts';
import { hasPrometheus, PROMTOOL } from './prometheus.ts';

/** Of Prometheus' query API. */
interface Answer {
  readonly data: {
    readonly result: readonly { readonly metric: Record<string, string>; readonly value: readonly [number, string] }[];
  };
}

const subject = { vault: 'ph"otos\\', bucket: 'my-archive', prefix: '' };

/** A value of each metric, and a second one where it has a label. */
const values: MetricValue[] = (Object.keys(METRICS) as MetricName[]).flatMap((metric, index): MetricValue[] => {
  if (!('label' in METRICS[metric])) return [{ metric, value: index + 0.5 }];
  return [
    { metric, label: 'InitiateJob', value: index },
    { metric, label: 'a "quoted"\nlabel', value: 2 ** 50 },
  ];
});

describe.skipIf(!hasPrometheus)('Prometheus', () => {
  it('finds nothing wrong with the metrics (promtool check metrics)', async () => {
    const { text } = await expose(subject, values, undefined);
    const { status, stdout, stderr } = spawnSync(PROMTOOL, ['check', 'metrics'], { input: text, encoding: 'utf8' });
    expect({ status, said: stdout + stderr }).toEqual({ status: 0, said: '' });
  });

  it.each([
    ['OpenMetrics, which it asks for', /^application\/openmetrics-text/, (accept: string | undefined) => accept],
    ['its own text format', /^text\/plain/, () => undefined],
  ])('reads every value from %s', async (_, contentType, accepted) => {
    const served: string[] = [];
    const answer = async ({ headers }: IncomingMessage) => {
      const { contentType: type, text } = await expose(subject, values, accepted(headers.accept));
      served.push(type);
      return { status: 200, headers: { 'content-type': type }, body: text };
    };
    const server = await startWebServer({ host: '127.0.0.1', port: 0 }, answer, (error) => expect.fail(String(error)));
    const daemon = new DaemonGroup();
    try {
      const port = await freePort();
      const target = new URL(server.origin).host;
      const config = `scrape_configs: [{job_name: t, scrape_interval: 1s, static_configs: [{targets: ['${target}']}]}]\n`;
      writeFileSync(join(daemon.folder, 'prometheus.yml'), config);
      daemon.start('prometheus', [
        '--config.file=prometheus.yml',
        '--storage.tsdb.path=data',
        `--web.listen-address=127.0.0.1:${port}`,
      ]);
      const query = async (text: string) => {
        const reply = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(text)}`);
        return ((await reply.json()) as Answer).data.result;
      };
      await daemon.until(() =>
        query('glacier2s3_archives').then(
          (found) => found.length > 0,
          () => false,
        ),
      );
      for (const { metric, label, value } of values) {
        const definition = METRICS[metric];
        const found = await query(definition.prometheus);
        const one = found.find((each) => !('label' in definition) || each.metric[definition.label] === label);
        expect([metric, Number(one?.value[1])]).toEqual([metric, value]);
        expect(one?.metric).toMatchObject({ vault: subject.vault, bucket: subject.bucket });
      }
    } finally {
      await daemon.stop();
      await server.close();
    }
    expect(served[0]).toMatch(contentType);
  });
});
