import {
  CloudWatchClient,
  DeleteDashboardsCommand,
  GetDashboardCommand,
  GetMetricDataCommand,
  PutDashboardCommand,
  PutMetricDataCommand,
} from '@aws-sdk/client-cloudwatch';
import { expect, it, onTestFinished } from 'vitest';
import { DAY, HOUR, MINUTE } from '../../src/lib/duration.ts';
import { refusal, setup as setupAws } from '../support/simulated-aws.ts';

async function setup() {
  const aws = await setupAws();
  const client = new CloudWatchClient(aws.config);
  onTestFinished(() => client.destroy());
  return { ...aws, client };
}

const Dimensions = [{ Name: 'Vault', Value: 'photos' }];

it('takes metrics, plain and compressed, and gives their statistics back', async () => {
  const { client, simulator } = await setup();
  const start = Math.floor(Date.now() / HOUR) * HOUR - HOUR;
  const MetricData = Array.from({ length: 600 }, (_, i) => ({
    MetricName: 'Archives',
    Dimensions,
    Timestamp: new Date(start + (i % 2) * MINUTE),
    Value: i,
    Unit: 'Count' as const,
  }));

  await client.send(new PutMetricDataCommand({ Namespace: 'mine', MetricData }));
  await client.send(
    new PutMetricDataCommand({ Namespace: 'mine', MetricData: [{ MetricName: 'Archives', Value: 7 }] }),
  );
  const { MetricDataResults } = await client.send(
    new GetMetricDataCommand({
      StartTime: new Date(start),
      EndTime: new Date(start + HOUR),
      MetricDataQueries: ['Sum', 'Maximum'].map((Stat, i) => ({
        Id: `q${i}`,
        MetricStat: { Metric: { Namespace: 'mine', MetricName: 'Archives', Dimensions }, Period: 60, Stat },
      })),
    }),
  );

  expect(simulator.cloudWatch.data).toHaveLength(601);
  expect(MetricDataResults?.map(({ Values }) => Values)).toEqual([
    [90_000, 89_700],
    [599, 598],
  ]);
  expect(simulator.calls.at(-2)).toMatchObject({ operation: 'PutMetricData', detail: { namespace: 'mine' } });
});

it('refuses metrics that CloudWatch does not take', async () => {
  const { client } = await setup();
  const put = (Namespace: string, more: object) =>
    refusal(client.send(new PutMetricDataCommand({ Namespace, MetricData: [{ MetricName: 'm', Value: 1, ...more }] })));

  expect(await put('AWS/Glacier', {})).toEqual([400, 'InvalidParameterValueException']);
  expect(await put('mine', { Timestamp: new Date(Date.now() - 15 * DAY) })).toEqual([
    400,
    'InvalidParameterValueException',
  ]);
  expect(await put('mine', { Unit: 'Archives' })).toEqual([400, 'InvalidParameterValueException']);
  expect(await put('mine', { Dimensions: [{ Name: 'Vault', Value: '' }] })).toEqual([
    400,
    'InvalidParameterValueException',
  ]);
  expect(await put('mine', { Value: undefined })).toEqual([400, 'MissingRequiredParameterException']);
});

it('keeps dashboards, and says what is wrong with one', async () => {
  const { client } = await setup();
  const widget = {
    type: 'metric',
    width: 12,
    properties: { region: 'us-east-1', metrics: [['mine', 'Archives', 'Vault', 'photos', { stat: 'Sum' }]] },
  };
  const put = (DashboardName: string, body: unknown) =>
    client.send(new PutDashboardCommand({ DashboardName, DashboardBody: JSON.stringify(body) }));

  expect((await put('one', { widgets: [widget] })).DashboardValidationMessages).toEqual([]);
  expect(
    JSON.parse((await client.send(new GetDashboardCommand({ DashboardName: 'one' }))).DashboardBody ?? ''),
  ).toEqual({ widgets: [widget] });
  const wrong = await put('two', { widgets: [{ ...widget, x: 20, properties: { metrics: [] } }] }).catch(
    (error: unknown) => error,
  );
  expect(wrong).toMatchObject({
    name: 'DashboardInvalidInputError',
    dashboardValidationMessages: [
      { DataPath: '/widgets/0/width' },
      { DataPath: '/widgets/0/properties/region' },
      { DataPath: '/widgets/0/properties/metrics' },
    ],
  });
  expect(await refusal(put('no spaces', { widgets: [] }))).toEqual([400, 'InvalidParameterValueException']);
  await client.send(new DeleteDashboardsCommand({ DashboardNames: ['one'] }));
  expect(await refusal(client.send(new DeleteDashboardsCommand({ DashboardNames: ['one'] })))).toEqual([
    404,
    'ResourceNotFound',
  ]);
});
