import { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import {
  DescribeJobCommand,
  DescribeVaultCommand,
  GetDataRetrievalPolicyCommand,
  GetJobOutputCommand,
  type GlacierClient,
  InitiateJobCommand,
  type JobParameters,
  ListJobsCommand,
} from '@aws-sdk/client-glacier';
import { type JobId, parseTreeHash } from '../domain/ids.ts';
import { parseJob } from '../domain/notification.ts';
import { type ByteRange, lengthOf } from '../domain/ranges.ts';
import { ServiceError } from '../domain/service-error.ts';
import { BugError } from '../lib/errors.ts';
import type { EachCall, JobOutput, Vault } from '../ports.ts';
import { BodyTooLongError, DirectBody } from './direct-body.ts';
import { type CallContext, call, translateError } from './errors.ts';
import { responseBody } from './response-body.ts';
import { shortcut } from './shortcut.ts';

export interface GlacierVaultOptions {
  readonly client: GlacierClient;
  readonly vaultName: string;
  /** Twelve digits, or `-` for the account of the credentials. */
  readonly accountId: string;
}

/** A vault of Amazon S3 Glacier. */
export function glacierVault({ client, vaultName, accountId }: GlacierVaultOptions): Vault {
  const vault = { vaultName, accountId };
  const send = shortcut(client, () => ({}));
  const region = (): Promise<string> => client.config.region().catch(() => 'an unknown Region');
  const about = async (operation: string): Promise<CallContext> => ({
    service: 'glacier',
    operation,
    subject: `vault "${vaultName}" in ${await region()}`,
  });
  const initiate = async (jobParameters: JobParameters): Promise<JobId> => {
    const { jobId } = await call(await about('InitiateJob'), undefined, () =>
      client.send(new InitiateJobCommand({ ...vault, jobParameters })),
    );
    if (!jobId) throw new BugError('InitiateJob answered without a job id');
    return jobId as JobId;
  };

  return {
    async describe(signal) {
      const described = await call(await about('DescribeVault'), signal, () =>
        client.send(new DescribeVaultCommand(vault), { abortSignal: signal }),
      );
      const { VaultARN = '', LastInventoryDate, NumberOfArchives, SizeInBytes } = described;
      if (!LastInventoryDate) return { vaultArn: VaultARN };
      return {
        vaultArn: VaultARN,
        lastInventoryDate: LastInventoryDate,
        ...(NumberOfArchives !== undefined && { numberOfArchives: NumberOfArchives }),
        ...(SizeInBytes !== undefined && { sizeInBytes: SizeInBytes }),
      };
    },

    async *jobs({ status, completed }, signal, each = once) {
      let marker: string | undefined;
      do {
        const command = new ListJobsCommand({
          ...vault,
          ...(status !== undefined && { statuscode: status }),
          ...(completed !== undefined && { completed: String(completed) }),
          ...(marker !== undefined && { marker }),
        });
        const context = await about('ListJobs');
        const page = await each(() => call(context, signal, () => client.send(command, { abortSignal: signal })));
        for (const json of page.JobList ?? []) {
          const job = parseJob(json);
          if (job) yield job;
        }
        marker = page.Marker || undefined;
      } while (marker !== undefined);
    },

    async job(jobId, signal) {
      const json = await call(await about('DescribeJob'), signal, () =>
        client.send(new DescribeJobCommand({ ...vault, jobId }), { abortSignal: signal }),
      );
      const job = parseJob(json);
      if (!job) throw new BugError(`DescribeJob answered with no job: ${JSON.stringify(json)}`);
      return job;
    },

    requestArchive({ archiveId, tier, description, topicArn }) {
      const common = { Type: 'archive-retrieval', ArchiveId: archiveId, Tier: tier, Description: description };
      return initiate({ ...common, ...(topicArn !== undefined && { SNSTopic: topicArn }) });
    },

    requestInventory({ format, description, topicArn }) {
      const common = { Type: 'inventory-retrieval', Format: format, Description: description };
      return initiate({ ...common, ...(topicArn !== undefined && { SNSTopic: topicArn }) });
    },

    async readOutput(jobId, range, signal) {
      const context = await about('GetJobOutput');
      const asked = range ? { range: `bytes=${range.start}-${range.end}` } : {};
      const output = await call(context, signal, () => {
        const command = new GetJobOutputCommand({ ...vault, jobId, ...asked });
        return send(command, { abortSignal: signal }, (options) => client.send(command, options));
      });
      if (!(output.body instanceof Readable)) throw new BugError('GetJobOutput answered without a stream');
      const length = announcedLength(output.contentRange, output.body);
      const treeHash = parseTreeHash(output.checksum);
      const { body } = output;
      const announced = { ...(length !== undefined && { length }), ...(treeHash !== undefined && { treeHash }) };
      const asStream = () => responseBody(body, signal, (error) => translateError(error, context));
      if (!(body instanceof DirectBody)) return { ...announced, body: asStream() };
      return {
        ...announced,
        get body() {
          return asStream();
        },
        readInto: readerOf(body, context, signal),
        readPieces: (room, arrived, ahead) => explained(body.readPieces(room, arrived, ahead), body, context, signal),
      };
    },

    async retrievalPolicy(signal) {
      const { Policy } = await call(await about('GetDataRetrievalPolicy'), signal, () =>
        client.send(new GetDataRetrievalPolicyCommand({ accountId }), { abortSignal: signal }),
      );
      const { Strategy, BytesPerHour } = Policy?.Rules?.[0] ?? {};
      if (Strategy === 'FreeTier') return { strategy: 'FreeTier' };
      if (Strategy !== 'BytesPerHour') return { strategy: 'None' };
      return { strategy: 'BytesPerHour', ...(BytesPerHour !== undefined && { bytesPerHour: BytesPerHour }) };
    },
  };
}

const once: EachCall = (call) => call();

function announcedLength(contentRange: string | undefined, body: Readable): number | undefined {
  const [, start, end] = /^bytes (\d+)-(\d+)\//.exec(contentRange ?? '') ?? [];
  if (start !== undefined) return lengthOf({ start: Number(start), end: Number(end) } satisfies ByteRange);
  if (body instanceof DirectBody) return body.announced;
  const header = body instanceof IncomingMessage ? body.headers['content-length'] : undefined;
  return header === undefined ? undefined : Number(header);
}

/** As `responseBody`, for a body that is read straight into memory. */
function readerOf(body: DirectBody, context: CallContext, signal: AbortSignal): NonNullable<JobOutput['readInto']> {
  return async (target, arrived, atOnce) => {
    try {
      const length = await body.readInto(target, arrived, atOnce);
      signal.throwIfAborted();
      return length;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof BodyTooLongError)) throw translateError(error, context);
      const message = `Glacier sent more than the ${target.length} bytes that were asked for`;
      throw new ServiceError('short_body', message, { operation: context.operation, cause: error });
    } finally {
      body.letGo();
    }
  };
}

async function* explained(
  pieces: AsyncIterable<Uint8Array>,
  body: DirectBody,
  context: CallContext,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  try {
    yield* pieces;
    signal.throwIfAborted();
  } catch (error) {
    signal.throwIfAborted();
    throw translateError(error, context);
  } finally {
    body.letGo();
  }
}
