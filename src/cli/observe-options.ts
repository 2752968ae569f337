import { InvalidArgumentError } from 'commander';
import { parsePrefix } from '../domain/object-key.ts';
import { DAY } from '../lib/duration.ts';
import { parseListen } from '../lib/web-server.ts';
import { bucketName, duration, parsedBy, topicArn, url, vaultName, wholeNumber } from './option-values.ts';
import { option, stateDirOption } from './options.ts';

/** Where the dashboard is if nobody says otherwise. */
export const DASHBOARD_PORT = 8423;

const listen = parsedBy(parseListen);

function namespace(text: string): string {
  if (!/^(?!AWS\/)[\w./#:-]{1,255}$/.test(text)) {
    throw new InvalidArgumentError('a namespace has letters, digits and . - _ / # :, and does not begin with AWS/.');
  }
  return text;
}

/** Who is to look at a transfer while it runs, or to be told of it. Nothing of it unless it is asked for. */
export const observeOptions = [
  option(
    '--dashboard [port]',
    `serve the dashboard on this machine (default port: ${DASHBOARD_PORT}; 0 is any)`,
  ).argParser(wholeNumber(0, 65_535)),
  option(
    '--metrics-listen <address>',
    'serve metrics for Prometheus at http://ADDRESS/metrics, such as 127.0.0.1:9423',
  ).argParser(listen),
  option(
    '--cloudwatch <namespace>',
    'put the metrics into CloudWatch once a minute; AWS charges for each of some 25',
  ).argParser(namespace),
  option('--notify-url <url>', 'post a message there at completion, at a standstill and at a first failure').argParser(
    url,
  ),
  option('--notify-topic <arn>', 'publish the same to an SNS topic').argParser(topicArn),
  option('--standstill-after <duration>', 'nothing copied for so long, while work is left, is a standstill')
    .argParser(duration)
    .default(DAY, '1d'),
];

export const dashboardOptions = [
  option('--vault <name>', 'this transfer only, with --bucket; else all of the state directory').argParser(vaultName),
  option('--bucket <name>', 'see --vault').argParser(bucketName),
  option('--prefix <prefix>', 'what all keys begin with, where vault and bucket have several transfers').argParser(
    parsedBy(parsePrefix),
  ),
  option('--region <region>', "the vault's Region, where there are several transfers"),
  option('--listen <address>', 'a port of this machine, or 127.0.0.1:PORT; 0 is any port')
    .argParser(listen)
    .default({ host: '127.0.0.1', port: DASHBOARD_PORT }, `127.0.0.1:${DASHBOARD_PORT}`),
  stateDirOption,
];
