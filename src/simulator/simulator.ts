import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Credential, Credentials } from './authentication.ts';
import { type Call, CallLog } from './call-log.ts';
import { createCloudWatch, type SimulatedCloudWatch } from './cloudwatch/cloudwatch.ts';
import { answerControl, isControl } from './control.ts';
import { type FaultRule, Faults } from './faults.ts';
import { createGlacier } from './glacier/glacier.ts';
import { type GlacierSettings, GlacierWorld } from './glacier/world.ts';
import { answer, type FrameDeps } from './http-frame.ts';
import { createIam } from './iam.ts';
import { createS3, type S3Options, type SimulatedS3 } from './s3/s3.ts';
import { seedVault, type VaultSpec } from './seed-vault.ts';
import type { SimulatedService, SimulatedWorld } from './service.ts';
import { SimulatedClock } from './simulated-clock.ts';
import { createMessaging, type Messaging } from './sns-sqs/messaging.ts';
import { createSts } from './sts.ts';

export interface SimulatorOptions {
  /** 0, or nothing: any that is free. */
  readonly port?: number;
  /** Simulated seconds in a real one; 1 by default. */
  readonly speed?: number;
  readonly accountId?: string;
  /** Where vaults are put that are seeded without a Region. */
  readonly region?: string;
  /** Access keys; `simulator` with the secret `simulator` by default. */
  readonly credentials?: readonly Credential[];
  readonly glacier?: Partial<GlacierSettings>;
  readonly vaults?: readonly VaultSpec[];
  /** Buckets that are there, in the simulator's Region; others are made by CreateBucket or `s3.addBucket`. */
  readonly buckets?: readonly string[];
  readonly s3?: S3Options;
  readonly faults?: readonly FaultRule[];
  /** For the delays of jobs; the same calls at the same times take the same time. */
  readonly seed?: number;
}

/** A running simulator. */
export interface Simulator {
  /** For AWS_ENDPOINT_URL: `http://127.0.0.1:<port>`. */
  readonly url: string;
  readonly port: number;
  readonly accountId: string;
  readonly region: string;
  /** For GLACIER2S3_CLOCK: `ORIGIN@SPEED@SINCE`. Another one after each `advance`. */
  readonly clock: string;
  /** Environment variables for a program, the AWS CLI or an SDK that shall use this simulator. */
  readonly environment: Readonly<Record<string, string>>;
  /** Every call since the start or the last `clearCalls`, the last half a million of them. */
  readonly calls: readonly Call[];
  readonly faults: Faults;
  readonly glacier: GlacierWorld;
  readonly messaging: Messaging;
  readonly s3: SimulatedS3;
  readonly cloudWatch: SimulatedCloudWatch;
  readonly credentials: Credentials;
  /** Errors that are the simulator's own. A test may insist that there are none. */
  readonly bugs: readonly unknown[];
  now(): number;
  /** How often each operation was called: `{"glacier:InitiateJob": 3}`. */
  counts(): Readonly<Record<string, number>>;
  clearCalls(): void;
  /** Jumps this many simulated milliseconds forward: jobs complete, outputs expire. */
  advance(ms: number): void;
  /** Drops all connections. May be called twice. */
  close(): Promise<void>;
}

/** Long enough that a client's idle connection is never closed at the moment it is used again. */
const KEEP_ALIVE_MS = 10 * 60 * 1000;

/** Starts an AWS of its own on 127.0.0.1. Rejects where the port is taken. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { accountId = '123456789012', region = 'us-east-1', speed = 1 } = options;
  const clock = new SimulatedClock(speed);
  const now = (): number => clock.now();
  const credentials = new Credentials(
    options.credentials ?? [{ accessKeyId: 'simulator', secretAccessKey: 'simulator' }],
  );
  const faults = new Faults();
  for (const rule of options.faults ?? []) faults.add(rule);
  const log = new CallLog();
  const bugs: unknown[] = [];
  const onBug = (error: unknown): void => {
    bugs.push(error);
    process.emitWarning(error instanceof Error ? error : String(error), 'SimulatorBug');
  };

  const world: SimulatedWorld = { now, accountId, region };
  const messaging = createMessaging(world);
  const s3 = createS3(world, options.s3);
  for (const bucket of options.buckets ?? []) s3.addBucket(bucket);
  const glacier = new GlacierWorld(
    {
      now,
      alarms: clock,
      accountId,
      faults,
      log,
      onBug,
      topicExists: (topicArn) => messaging.topicExists(topicArn),
      publish: (topicArn, message) => messaging.publish(topicArn, message, { service: 'glacier', accountId }),
    },
    { ...(options.seed === undefined ? {} : { seed: options.seed }), ...options.glacier },
  );
  for (const vault of options.vaults ?? []) seedVault(glacier.region(vault.region ?? region), vault, now());

  const cloudWatch = createCloudWatch(world);
  const iam = createIam({ accountId, decide: (key, permission) => credentials.decide(key, permission, accountId) });
  const all: readonly SimulatedService[] = [
    createGlacier(glacier),
    s3,
    messaging.sns,
    messaging.sqs,
    createSts(world),
    iam,
    cloudWatch,
  ];
  const services = new Map(all.map((service) => [service.name, service]));
  const frame: FrameDeps = { now, accountId, region, credentials, faults, log, services, onBug };
  const control = { clock, credentials, faults, log, glacier, region };
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    clock.ring();
    // a client that goes away while it is answered ends its own call and nothing else
    response.on('error', () => response.destroy());
    const done = isControl(request) ? answerControl(control, request, response) : answer(frame, request, response);
    done.catch((error: unknown) => {
      // a client that went away in the middle of its request is no fault of the simulator
      if (!request.destroyed || !request.errored) onBug(error);
      response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;

  return {
    url,
    port,
    accountId,
    region,
    get clock() {
      return String(clock);
    },
    get environment() {
      return {
        AWS_ENDPOINT_URL: url,
        AWS_REGION: region,
        AWS_ACCESS_KEY_ID: 'simulator',
        AWS_SECRET_ACCESS_KEY: 'simulator',
        GLACIER2S3_CLOCK: String(clock),
      };
    },
    get calls() {
      return log.calls;
    },
    faults,
    glacier,
    messaging,
    s3,
    cloudWatch,
    credentials,
    bugs,
    now,
    counts: () => log.counts(),
    clearCalls: () => log.clear(),
    advance: (ms) => clock.advance(ms),
    async close() {
      clock.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      await s3.close();
    },
  };
}
