import { Counter, Gauge, type OpenMetricsContentType, type PrometheusContentType, Registry } from 'prom-client';
import { METRICS, type MetricDefinition, type MetricName, type MetricValue } from '../domain/metrics.ts';
import { type ListenAddress, namesThisMachine, startWebServer, type WebServer } from '../lib/web-server.ts';

/** What every value is labelled with. */
export interface Subject {
  readonly vault: string;
  readonly bucket: string;
  readonly prefix: string;
}

export interface Exposition {
  readonly contentType: string;
  readonly text: string;
}

/** The values in Prometheus' text format, or in OpenMetrics, which a server asks for in its Accept header. */
export async function expose(
  subject: Subject,
  values: readonly MetricValue[],
  accept: string | undefined,
): Promise<Exposition> {
  const wantsOpenMetrics = accept?.includes('application/openmetrics-text') ?? false;
  const registry: Registry<PrometheusContentType | OpenMetricsContentType> = new Registry();
  registry.setContentType(wantsOpenMetrics ? Registry.OPENMETRICS_CONTENT_TYPE : Registry.PROMETHEUS_CONTENT_TYPE);
  registry.setDefaultLabels({ ...subject });
  for (const name of Object.keys(METRICS) as MetricName[]) {
    const definition: MetricDefinition = METRICS[name];
    const mine = values.filter(({ metric }) => metric === name);
    const { prometheus, help, label } = definition;
    // without one, it is not known: a gauge that nothing was set to would say 0
    if (mine.length === 0) continue;
    const options = { name: prometheus, help, labelNames: label ? [label] : [], registers: [registry] };
    const labelsOf = (value: MetricValue) => (label && value.label !== undefined ? { [label]: value.label } : {});
    if (definition.kind === 'counter') {
      const counter = new Counter(options);
      for (const value of mine) counter.inc(labelsOf(value), value.value);
    } else {
      const gauge = new Gauge(options);
      for (const value of mine) gauge.set(labelsOf(value), value.value);
    }
  }
  return { contentType: registry.contentType, text: await registry.metrics() };
}

/** Serves `/metrics` to this machine until it is closed. */
export function serveMetrics(
  address: ListenAddress,
  subject: Subject,
  read: () => readonly MetricValue[],
  onError: (error: unknown) => void,
): Promise<WebServer> {
  return startWebServer(
    address,
    async (request, { pathname }) => {
      if (!namesThisMachine(request)) return { status: 403, body: 'not for other sites\n' };
      if (pathname !== '/metrics') return { status: 404, body: 'the metrics are at /metrics\n' };
      const { contentType, text } = await expose(subject, read(), request.headers.accept);
      return { status: 200, headers: { 'content-type': contentType }, body: text };
    },
    onError,
  );
}
