import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { GlacierClient } from '@aws-sdk/client-glacier';
import { IAMClient } from '@aws-sdk/client-iam';
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { STSClient } from '@aws-sdk/client-sts';
import { SECOND } from '../lib/duration.ts';
import { UsageError } from '../lib/errors.ts';
import { DirectHandler } from './direct-handler.ts';
import { Sha256 } from './sha256.ts';
import { headersOf } from './streamed-body.ts';
import { UploadHandler } from './upload-handler.ts';

/** Where and as whom to call. What is absent is found as every AWS tool finds it: environment, profile, instance. */
export interface ClientOptions {
  readonly region?: string;
  readonly profile?: string;
  readonly endpointUrl?: string;
  /** Calls in flight at once: so many connections are kept open. */
  readonly concurrency: number;
  /** How long a connection may be silent, in milliseconds. Default: a minute, two for S3. */
  readonly idleTimeoutMs?: number;
}

const CONNECT_TIMEOUT_MS = 10 * SECOND;
const IDLE_TIMEOUT_MS = 60 * SECOND;
/** S3 may need this long to put a large upload together before it answers. */
const S3_IDLE_TIMEOUT_MS = 120 * SECOND;
/** Connections beside those of the data: listing, polling, requesting. */
const SPARE_CONNECTIONS = 16;

export function glacierClient(options: ClientOptions): GlacierClient {
  return new GlacierClient(common(options, IDLE_TIMEOUT_MS));
}

/** For GetJobOutput alone, and its bodies for `DirectBody.readInto`. */
export function glacierReader(options: ClientOptions): GlacierClient {
  return new GlacierClient({ ...common(options, IDLE_TIMEOUT_MS), requestHandler: new DirectHandler() });
}

/**
 * A custom endpoint is addressed path-style. Bodies are not hashed for the signature: they carry a checksum of
 * their own, which S3 verifies, and a second SHA-256 pass would double the cost of the whole program.
 */
export function s3Client(options: ClientOptions): S3Client {
  const client = new S3Client({
    ...common(options, S3_IDLE_TIMEOUT_MS),
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // with it, the SDK opens a new connection for every body from 2 MiB up
    expectContinueHeader: false,
  });
  // the SDK alone knows whether the environment or the profile names an endpoint, and finds out with the first call
  const { serviceConfiguredEndpoint } = client.config as ConfiguredEndpoint;
  const isCustom = async (): Promise<boolean> =>
    options.endpointUrl !== undefined || (await serviceConfiguredEndpoint?.()) !== undefined;
  const requestHandler = new UploadHandler(client.config.requestHandler, options.idleTimeoutMs ?? S3_IDLE_TIMEOUT_MS);
  Object.assign(client.config, { forcePathStyle: isCustom, requestHandler });
  client.middlewareStack.add(
    (next, context) => (args) => {
      const isUpload = context.commandName === 'PutObjectCommand' || context.commandName === 'UploadPartCommand';
      const request = args.request as { readonly headers: Record<string, string>; readonly body: unknown };
      if (isUpload) Object.assign(request.headers, headersOf(request.body));
      return next(args);
    },
    { step: 'build', name: 'unsignedPayload' },
  );
  return client;
}

export function sqsClient(options: ClientOptions): SQSClient {
  return new SQSClient(common(options, IDLE_TIMEOUT_MS));
}

export function snsClient(options: ClientOptions): SNSClient {
  return new SNSClient(common(options, IDLE_TIMEOUT_MS));
}

export function stsClient(options: ClientOptions): STSClient {
  return new STSClient(common(options, IDLE_TIMEOUT_MS));
}

export function cloudwatchClient(options: ClientOptions): CloudWatchClient {
  return new CloudWatchClient(common(options, IDLE_TIMEOUT_MS));
}

/** IAM is one for all Regions of a partition; the SDK finds its endpoint by any of them. */
export function iamClient(options: ClientOptions): IAMClient {
  return new IAMClient(common(options, IDLE_TIMEOUT_MS));
}

interface ConfiguredEndpoint {
  readonly serviceConfiguredEndpoint?: () => Promise<unknown>;
}

/** One attempt a call: the callers own the retries. The SDK's warnings would end up between the lines of progress. */
function common({ region, profile, endpointUrl, concurrency, idleTimeoutMs }: ClientOptions, idleTimeout: number) {
  if (endpointUrl !== undefined && !/^https?:$/.test(protocolOf(endpointUrl))) {
    throw new UsageError(`"${endpointUrl}" is not an endpoint URL: write http://host:port or https://host`);
  }
  const agent = { keepAlive: true, maxSockets: concurrency + SPARE_CONNECTIONS };
  return {
    ...(region !== undefined && { region }),
    ...(profile !== undefined && { profile }),
    ...(endpointUrl !== undefined && { endpoint: endpointUrl }),
    maxAttempts: 1,
    logger: SILENCE,
    sha256: Sha256,
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: idleTimeoutMs ?? idleTimeout,
      httpAgent: agent,
      httpsAgent: agent,
    },
  };
}

const silent = (): void => undefined;
const SILENCE = { trace: silent, debug: silent, info: silent, warn: silent, error: silent };

function protocolOf(url: string): string {
  return URL.canParse(url) ? new URL(url).protocol : '';
}
