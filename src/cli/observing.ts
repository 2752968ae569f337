import { dirname } from 'node:path';
import type { Cloud } from '../app.ts';
import { speedFrom } from '../lib/clock.ts';
import { DAY } from '../lib/duration.ts';
import type { ListenAddress } from '../lib/web-server.ts';
import { type Observation, type Observed, observe } from '../observe/observe.ts';
import { type Dashboard, liveTimes, startDashboard } from './dashboard/server.ts';
import { viewsOf } from './dashboard/view.ts';
import { DASHBOARD_PORT } from './observe-options.ts';

/** The flags of `transfer` for those who look at it or want to be told. */
export interface ObserveFlags {
  /** A port of 127.0.0.1; `true` for the usual one. */
  readonly dashboard?: number | true;
  readonly metricsListen?: ListenAddress;
  readonly cloudwatch?: string;
  readonly notifyUrl?: string;
  readonly notifyTopic?: string;
  readonly standstillAfter?: number;
}

/**
 * Everything that looks at a run: its history, its dashboard, its metrics, its messages.
 * @param say shows a line, whatever the log's level is.
 * @throws {FatalError} `listen_failed`.
 */
export async function observing(
  flags: ObserveFlags,
  run: Observed,
  cloud: Cloud,
  say: (line: string) => void,
): Promise<Observation> {
  const { notifyTopic, cloudwatch } = flags;
  const observation = await observe(run, {
    notifyUrl: flags.notifyUrl,
    topic: notifyTopic === undefined ? undefined : { arn: notifyTopic, messages: cloud.messages(notifyTopic) },
    standstillAfter: flags.standstillAfter ?? DAY,
    metricsListen: flags.metricsListen,
    cloudwatch: cloudwatch === undefined ? undefined : { namespace: cloudwatch, sink: cloud.metrics() },
  });
  if (flags.dashboard === undefined) return observation;
  try {
    const dashboard = await serveDashboard(flags.dashboard, { ...run, log: observation.log });
    // not through the log, whose end is kept in the state file: the address is a secret
    say(`dashboard: ${dashboard.url}`);
    return {
      log: observation.log,
      end: () => Promise.all([observation.end(), dashboard.close()]).then(() => undefined),
    };
  } catch (error) {
    await observation.end();
    throw error;
  }
}

function serveDashboard(port: number | true, { state, clock, log }: Observed): Promise<Dashboard> {
  const speed = speedFrom(process.env.GLACIER2S3_CLOCK);
  const views = viewsOf({ dir: dirname(state.path), path: state.path }, { clock, speed });
  const address = { host: '127.0.0.1', port: port === true ? DASHBOARD_PORT : port };
  return startDashboard(views, address, { log, times: liveTimes(speed) });
}
