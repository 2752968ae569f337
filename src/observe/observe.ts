import type { MetricValue } from '../domain/metrics.ts';
import type { Clock } from '../lib/clock.ts';
import { SECOND } from '../lib/duration.ts';
import { messageOf } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { ListenAddress, WebServer } from '../lib/web-server.ts';
import type { Messages, MetricSink } from '../ports.ts';
import type { StateFile } from '../state/state-file.ts';
import type { TransferStatus } from '../steps/status.ts';
import { putMetrics } from './cloudwatch.ts';
import { topicTarget, urlTarget } from './deliver.ts';
import { metricsOf } from './metrics.ts';
import { createNotifier } from './notifier.ts';
import { serveMetrics } from './prometheus.ts';
import { createRecorder } from './recorder.ts';

/** Who is told of a run; what is absent is not told. */
export interface Audience {
  readonly notifyUrl: string | undefined;
  readonly topic: { readonly arn: string; readonly messages: Messages } | undefined;
  /** Milliseconds of the services' clock. */
  readonly standstillAfter: number;
  readonly metricsListen: ListenAddress | undefined;
  readonly cloudwatch: { readonly namespace: string; readonly sink: MetricSink } | undefined;
}

export interface Observation {
  /** To be used instead of the log that was given: its end is kept in the state file. */
  readonly log: Log;
  /** Records how the run ended, tells of it, and lets that take some seconds at most. Throws nothing. */
  end(): Promise<void>;
}

export interface Observed {
  readonly state: StateFile;
  readonly clock: Clock;
  readonly log: Log;
  status(): TransferStatus;
}

/** Real milliseconds between two looks; short enough for a simulator's day of seconds. */
const LOOK_EVERY = SECOND / 2;
/** What the last message and the last metrics may take, once the run is over. */
const FAREWELL = 10 * SECOND;

/**
 * Watches a run: writes its history, tells who wants to be told. Nothing it does holds the transfer up, and what fails is logged.
 * @throws {FatalError} `listen_failed`, at once.
 */
export async function observe(run: Observed, audience: Audience): Promise<Observation> {
  const { state, clock } = run;
  const recorder = createRecorder(run, run.log, run.status);
  const { log } = recorder;
  const { vault = '', bucket = '', prefix = '' } = state.facts.get('transfer') ?? {};
  const subject = { vault, bucket, prefix };
  const read = (): MetricValue[] => metricsOf(run.status(), state.counters.read(), clock.now());

  const server: WebServer | undefined =
    audience.metricsListen &&
    (await serveMetrics(audience.metricsListen, subject, read, (error) =>
      log.warn({ error: messageOf(error) }, 'the metrics could not be served'),
    ));
  if (server) log.info({ url: `${server.origin}/metrics` }, 'the metrics are served');
  const { cloudwatch, topic, notifyUrl } = audience;
  const putting = cloudwatch && putMetrics(cloudwatch.sink, { namespace: cloudwatch.namespace, subject, read, log });
  const targets = [
    ...(notifyUrl === undefined ? [] : [urlTarget(notifyUrl)]),
    ...(topic === undefined ? [] : [topicTarget(topic.messages, topic.arn)]),
  ];
  const notifier = createNotifier({ ...run, log }, targets, audience.standstillAfter);

  let broken = false;
  const look = (now: boolean) => {
    try {
      notifier.look();
      recorder.look({ now, also: notifier.remember });
      broken = false;
    } catch (error) {
      // the run itself will come upon a disk that is full; said once, or it would be said twice a second
      if (!broken) run.log.warn({ error: messageOf(error) }, 'the history could not be written');
      broken = true;
    }
  };
  look(true);
  const timer = setInterval(() => look(false), LOOK_EVERY);
  timer.unref();
  return {
    log,
    async end() {
      clearInterval(timer);
      look(true);
      const signal = AbortSignal.timeout(FAREWELL);
      await Promise.all([notifier.settled(signal), putting?.stop(signal), server?.close()]);
      look(true);
    },
  };
}
