import { gunzipSync } from 'node:zlib';
import type { Exchange, Identified, Reply, SimulatedService, SimulatedWorld } from '../service.ts';
import { checkDashboardBody, checkDashboardName, type Dashboard } from './dashboards.ts';
import { type Datum, dimensionsOf, parseMetricData } from './metric-data.ts';
import { CloudWatchRefusal } from './refusal.ts';

const TARGET_PREFIX = 'GraniteServiceVersion20100801.';

/** CloudWatch, and a way past its API for tests. */
export interface SimulatedCloudWatch extends SimulatedService {
  readonly data: readonly Datum[];
  readonly dashboards: ReadonlyMap<string, Dashboard>;
}

type Input = Readonly<Record<string, unknown>>;

/** CloudWatch as current clients speak it: AWS JSON 1.0, requests of metrics compressed. */
export function createCloudWatch(world: Pick<SimulatedWorld, 'now' | 'accountId'>): SimulatedCloudWatch {
  const data: Datum[] = [];
  const dashboards = new Map<string, Dashboard>();

  const operations: Readonly<Record<string, (input: Input) => object>> = {
    PutMetricData(input) {
      data.push(...parseMetricData(input, world.now()));
      return {};
    },

    GetMetricData(input) {
      const queries = input.MetricDataQueries;
      if (!Array.isArray(queries))
        throw new CloudWatchRefusal(400, 'ValidationError', 'MetricDataQueries is required.');
      const [from, to] = [Number(input.StartTime) * 1000, Number(input.EndTime) * 1000];
      const results = queries.map((query: { readonly Id: string; readonly MetricStat?: MetricStat }) => {
        if (!query.MetricStat)
          throw new CloudWatchRefusal(400, 'ValidationError', 'The simulator knows no expressions.');
        return { Id: query.Id, StatusCode: 'Complete', ...statistic(data, query.MetricStat, from, to) };
      });
      return { MetricDataResults: results, Messages: [] };
    },

    PutDashboard({ DashboardName, DashboardBody }) {
      const name = checkDashboardName(DashboardName);
      dashboards.set(name, { name, body: checkDashboardBody(DashboardBody), lastModified: world.now() });
      return { DashboardValidationMessages: [] };
    },

    GetDashboard({ DashboardName }) {
      const dashboard = dashboards.get(checkDashboardName(DashboardName));
      if (!dashboard) throw notFound(String(DashboardName));
      const { name, body } = dashboard;
      const arn = `arn:aws:cloudwatch::${world.accountId}:dashboard/${name}`;
      return { DashboardArn: arn, DashboardBody: body, DashboardName: name };
    },

    DeleteDashboards({ DashboardNames }) {
      const names = Array.isArray(DashboardNames) ? DashboardNames.map(checkDashboardName) : [];
      const unknown = names.find((name) => !dashboards.has(name));
      // none is deleted where one is missing
      if (unknown !== undefined) throw notFound(unknown);
      for (const name of names) dashboards.delete(name);
      return {};
    },
  };

  return {
    name: 'monitoring',
    data,
    dashboards,
    identify(request, body): Identified {
      const operation = operationOf(request.headers);
      const {
        Namespace: namespace,
        DashboardName: dashboardName,
        DashboardNames: dashboardNames,
      } = peek(request.headers, body);
      return {
        operation,
        detail: {
          ...(namespace !== undefined && { namespace }),
          ...(dashboardName !== undefined && { dashboardName }),
          ...(dashboardNames !== undefined && { dashboardNames }),
        },
      };
    },
    async handle(exchange: Exchange): Promise<Reply> {
      const headers = { 'content-type': 'application/x-amz-json-1.0' };
      try {
        const operation = operationOf(exchange.headers);
        const perform = Object.hasOwn(operations, operation) ? operations[operation] : undefined;
        if (!perform)
          throw new CloudWatchRefusal(400, 'InvalidAction', `No operation ${operation}.`, 'UnknownOperationException');
        const input = parse(exchange.headers, Buffer.concat(await Array.fromAsync(exchange.body)));
        return { status: 200, headers, body: JSON.stringify(perform(input)) };
      } catch (error) {
        if (!(error instanceof CloudWatchRefusal)) throw error;
        const { status, code, shape, message, fields } = error;
        return {
          status,
          headers: { ...headers, 'x-amzn-query-error': `${code};Sender` },
          body: JSON.stringify({ __type: `com.amazonaws.cloudwatch#${shape}`, message, ...fields }),
        };
      }
    },
  };
}

interface MetricStat {
  readonly Metric: {
    readonly Namespace: string;
    readonly MetricName: string;
    readonly Dimensions?: readonly unknown[];
  };
  /** Seconds. */
  readonly Period: number;
  readonly Stat: string;
}

/** The statistic a period, the newest first, as CloudWatch orders them. */
function statistic(
  data: readonly Datum[],
  { Metric, Period, Stat }: MetricStat,
  from: number,
  to: number,
): { readonly Timestamps: readonly number[]; readonly Values: readonly number[] } {
  const wanted = JSON.stringify(sorted(dimensionsOf(Metric.Dimensions ?? [])));
  const periods = new Map<number, number[]>();
  for (const { namespace, name, dimensions, at, value } of data) {
    if (namespace !== Metric.Namespace || name !== Metric.MetricName || at < from || at >= to) continue;
    if (JSON.stringify(sorted(dimensions)) !== wanted) continue;
    const period = Math.floor(at / 1000 / Period) * Period;
    periods.set(period, [...(periods.get(period) ?? []), value]);
  }
  const inOrder = [...periods].sort(([a], [b]) => b - a);
  return { Timestamps: inOrder.map(([period]) => period), Values: inOrder.map(([, values]) => reduce(values, Stat)) };
}

function reduce(values: readonly number[], stat: string): number {
  const sum = values.reduce((total, value) => total + value, 0);
  switch (stat) {
    case 'Sum':
      return sum;
    case 'Average':
      return sum / values.length;
    case 'Maximum':
      return Math.max(...values);
    case 'Minimum':
      return Math.min(...values);
    case 'SampleCount':
      return values.length;
    default:
      throw new CloudWatchRefusal(400, 'ValidationError', `The simulator knows no statistic ${stat}.`);
  }
}

function sorted(record: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}

function operationOf(headers: Exchange['headers']): string {
  const target = String(headers['x-amz-target'] ?? '');
  return target.startsWith(TARGET_PREFIX) ? target.slice(TARGET_PREFIX.length) : 'Unknown';
}

function peek(headers: Exchange['headers'], body: Buffer): Input {
  try {
    return parse(headers, body);
  } catch (error) {
    if (error instanceof CloudWatchRefusal) return {};
    throw error;
  }
}

/** @throws {CloudWatchRefusal} */
function parse(headers: Exchange['headers'], body: Buffer): Input {
  try {
    const bytes = headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
    const json: unknown = JSON.parse(bytes.toString() || '{}');
    if (typeof json === 'object' && json !== null) return json as Input;
  } catch (error) {
    if (!(error instanceof SyntaxError || (error instanceof Error && 'code' in error))) throw error;
  }
  throw new CloudWatchRefusal(400, 'SerializationException', 'The body is not a JSON object.');
}

function notFound(name: string): CloudWatchRefusal {
  return new CloudWatchRefusal(404, 'ResourceNotFound', `Dashboard ${name} does not exist`, 'DashboardNotFoundError');
}
