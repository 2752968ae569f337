import { METRICS, type MetricName } from './metrics.ts';

/** What a CloudWatch dashboard is for. */
export interface DashboardSubject {
  readonly namespace: string;
  readonly region: string;
  readonly vault: string;
  readonly bucket: string;
}

/** The states an archive goes through, as they are told to CloudWatch, by the words of AWS's own dashboard for this. */
const STATES = [
  ['planned', 'to do'],
  ['requested', 'requested'],
  ['staged', 'staged'],
  ['transferring', 'being copied'],
  ['verified', 'copied and verified'],
  ['failed', 'failed'],
] as const;

/** Columns are 24 wide. */
const WIDTH = 24;

type Metric = readonly (string | Readonly<Record<string, unknown>>)[];

/** The body of the dashboard: archives and bytes by state, over time and now, throughput, what fails and is throttled. */
export function dashboardBody(subject: DashboardSubject): object {
  const { region, vault, bucket, namespace } = subject;
  const own = ['Vault', vault, 'Bucket', bucket];
  const metric = (name: MetricName, more: readonly string[], options: object): Metric => [
    namespace,
    METRICS[name].cloudwatch,
    ...own,
    ...more,
    { ...options },
  ];
  const byState = (name: MetricName): Metric[] =>
    STATES.map(([state, label]) => metric(name, ['State', state], { label, stat: 'Maximum' }));
  const search = (name: MetricName, dimension: string): Metric => {
    const schema = `{${namespace},Vault,Bucket,${dimension}}`;
    const wanted = `MetricName="${METRICS[name].cloudwatch}" Vault="${vault}" Bucket="${bucket}"`;
    return [{ expression: `SEARCH('${schema} ${wanted}', 'Maximum', 300)`, id: `e${dimension.toLowerCase()}` }];
  };
  const graph = (title: string, metrics: readonly Metric[], more: object = {}): object => ({
    region,
    title,
    metrics,
    view: 'timeSeries',
    stacked: false,
    period: 300,
    ...more,
  });
  const widgets = [
    {
      height: 2,
      type: 'text',
      properties: { markdown: `# ${vault} to ${bucket}\nTold by glacier2s3, namespace \`${namespace}\`` },
    },
    { height: 3, properties: graph('Archives', byState('archives'), { view: 'singleValue', period: 60 }) },
    { height: 3, properties: graph('Bytes', byState('bytes'), { view: 'singleValue', period: 60 }) },
    { height: 7, half: true, properties: graph('Archives by state', byState('archives'), { stacked: true }) },
    { height: 7, half: true, properties: graph('Bytes by state', byState('bytes'), { stacked: true }) },
    {
      height: 6,
      half: true,
      properties: graph('Bytes copied', [metric('copiedBytes', [], { stat: 'Sum', label: 'in 5 minutes' })]),
    },
    { height: 6, half: true, properties: graph('Throughput', [metric('throughput', [], { stat: 'Average' })]) },
    { height: 6, half: true, properties: graph('Failed archives by reason', [search('failures', 'Code')]) },
    {
      height: 6,
      half: true,
      properties: graph('Throttled calls', [metric('throttles', [], { stat: 'Sum', label: 'in 5 minutes' })]),
    },
  ];
  return { start: '-P3D', widgets: placed(widgets) };
}

/** Gives each widget its place: a whole row, or with the next one half of it. */
function placed(
  widgets: readonly {
    readonly height: number;
    readonly half?: boolean;
    readonly type?: string;
    readonly properties: object;
  }[],
): readonly object[] {
  let x = 0;
  let y = 0;
  return widgets.map(({ height, half = false, type = 'metric', properties }) => {
    const width = half ? WIDTH / 2 : WIDTH;
    const widget = { type, x, y, width, height, properties };
    x = (x + width) % WIDTH;
    if (x === 0) y += height;
    return widget;
  });
}
