import { glacierError } from '../error-reply.ts';
import type { Exchange, Identified, Reply, SimulatedService } from '../service.ts';
import { isoDate } from './inventory-text.ts';
import { describeJob, inventoryWork, type Job, markerOf, sequenceOf } from './job.ts';
import { jobOutput } from './job-output.ts';
import { checkRetrievalRange, isObject, parseJobRequest, parseObject } from './job-request.ts';
import { invalid, jobNotFound, missing, notFound, Refusal } from './refusal.ts';
import { type Route, routeOf } from './routes.ts';
import type { NotificationEvent, SimulatedVault } from './vault.ts';
import { policyReply } from './vault-policies.ts';
import type { GlacierRegion, GlacierWorld } from './world.ts';

const API_VERSION = '2012-06-01';
const EVENTS: readonly NotificationEvent[] = ['ArchiveRetrievalCompleted', 'InventoryRetrievalCompleted'];
const MOST_JOBS_A_PAGE = 50;
const MOST_VAULTS_A_PAGE = 10;

/** Glacier as it is spoken to: requests in, replies out; what there is, is in the world. */
export function createGlacier(world: GlacierWorld): SimulatedService {
  return {
    name: 'glacier',
    identify: (request, body) => identify(world, request, body),
    async handle(exchange): Promise<Reply> {
      try {
        return await reply(world, exchange);
      } catch (error) {
        if (error instanceof Refusal) return glacierError(error);
        throw error;
      }
    },
  };
}

/** The archive is part of the detail wherever a job leads to it, so that rules can name it for every call. */
function identify(
  world: GlacierWorld,
  request: Parameters<NonNullable<SimulatedService['identify']>>[0],
  body: Buffer,
): Identified {
  const route = routeOf(request.method, request.rawPath);
  if (!route) return { operation: 'Unknown', detail: { path: request.rawPath } };
  const { operation, vaultName, jobId, archiveId } = route;
  const job =
    jobId === undefined
      ? undefined
      : world
          .region(request.caller.region)
          .jobs(vaultName ?? '')
          ?.get(jobId);
  const asked = operation === 'InitiateJob' ? peek(body) : {};
  return {
    operation,
    detail: {
      ...(vaultName === undefined ? {} : { vault: vaultName }),
      ...(jobId === undefined ? {} : { jobId }),
      ...(archiveId === undefined ? {} : { archiveId }),
      ...(job?.work.type === 'archive-retrieval' ? { archiveId: job.work.archive.id } : {}),
      ...(request.headers.range === undefined ? {} : { range: request.headers.range }),
      ...asked,
    },
  };
}

function peek(body: Buffer): Record<string, unknown> {
  try {
    const { Type: type, ArchiveId: archiveId, Tier: tier, Description: description } = parseObject(body);
    return {
      type,
      ...(archiveId === undefined ? {} : { archiveId }),
      ...(tier === undefined ? {} : { tier }),
      description,
    };
  } catch (error) {
    if (error instanceof Refusal) return {};
    throw error;
  }
}

async function reply(world: GlacierWorld, exchange: Exchange): Promise<Reply> {
  const { headers, caller } = exchange;
  const version = headers['x-amz-glacier-version'];
  if (version === undefined) throw missing('API version');
  if (version !== API_VERSION) throw invalid(`Invalid API version: ${String(version)}`);
  if (world.settings.closed) {
    throw new Refusal(400, 'NoLongerSupportedException', 'This API is no longer supported for new accounts.');
  }
  const route = routeOf(exchange.method, exchange.rawPath);
  if (!route) throw new Refusal(404, 'UnknownOperationException', 'The simulator does not know this operation.');
  if (route.accountId !== '-' && route.accountId !== caller.accountId) {
    const message = `User: arn:aws:iam::${caller.accountId}:user/simulator is not authorized to perform: glacier:${route.operation}`;
    throw new Refusal(403, 'AccessDeniedException', message);
  }
  const region = world.region(caller.region);
  region.throttle.admit(route.operation, world.settings.rates, world.now);
  if (route.vaultName === undefined) return regionReply(region, route, exchange);
  if (!/^[A-Za-z0-9_.-]{1,255}$/.test(route.vaultName)) throw invalid(`Invalid vault name: ${route.vaultName}`);
  if (route.operation === 'CreateVault') {
    region.createVault(route.vaultName);
    return { status: 201, headers: { location: `/${caller.accountId}/vaults/${route.vaultName}` } };
  }
  const vault = region.vault(route.vaultName);
  // to delete a vault that is gone is no error
  if (!vault && route.operation === 'DeleteVault') return { status: 204 };
  if (!vault) throw notFound(`Vault not found for ARN: ${region.vaultArn(route.vaultName)}`);
  return vaultReply(world, { region, vault, route, exchange });
}

async function regionReply(region: GlacierRegion, { operation }: Route, { query, body }: Exchange): Promise<Reply> {
  switch (operation) {
    case 'ListVaults': {
      const limit = pageLimit(query.get('limit'), MOST_VAULTS_A_PAGE);
      const marker = query.get('marker');
      const names = region.vaultNames().filter((name) => marker === null || region.vaultArn(name) >= marker);
      const page = names.slice(0, limit);
      const next = names[limit];
      const vaults = page.flatMap((name) => region.vault(name) ?? []).map(describeVault);
      return json({ Marker: next === undefined ? null : region.vaultArn(next), VaultList: vaults });
    }
    case 'GetDataRetrievalPolicy':
      return json(region.policy);
    default:
      region.policy.set(await readAll(body));
      return { status: 204 };
  }
}

interface VaultCall {
  readonly region: GlacierRegion;
  readonly vault: SimulatedVault;
  readonly route: Route;
  readonly exchange: Exchange;
}

async function vaultReply(world: GlacierWorld, call: VaultCall): Promise<Reply> {
  const { region, vault, route, exchange } = call;
  const archive = vault.archive(route.archiveId ?? '');
  vault.policies.admit(route.operation, exchange, archive);
  switch (route.operation) {
    case 'DeleteVault':
      if (!vault.isEmpty) throw invalid(`Vault not empty or recently written to: ${vault.arn}`);
      region.deleteVault(vault.name);
      return { status: 204 };
    case 'DeleteArchive':
      return deleteArchive(call);
    case 'DescribeVault':
      return json(describeVault(vault));
    case 'InitiateJob':
      return initiateJob(world, call);
    case 'ListJobs':
      return listJobs(call);
    case 'DescribeJob':
      return json(await describeJob(jobOf(call)));
    case 'GetJobOutput':
      return jobOutput(jobOf(call), exchange.headers.range);
    case 'SetVaultNotifications':
      vault.notification = parseNotification(await readAll(exchange.body), (arn) => world.topicExists(arn));
      return { status: 204 };
    case 'GetVaultNotifications':
      if (!vault.notification)
        throw notFound(`No notification configuration is set for vault: ${region.vaultArn(vault.name)}`);
      return json({ Events: vault.notification.events, SNSTopic: vault.notification.topicArn });
    case 'DeleteVaultNotifications':
      delete vault.notification;
      return { status: 204 };
    default: {
      const { accountId } = exchange.caller;
      const reply = policyReply(
        vault,
        { operation: route.operation, id: route.lockId },
        { body: await readAll(exchange.body), accountId },
      );
      if (!reply) throw new Refusal(404, 'UnknownOperationException', 'The simulator does not know this operation.');
      return reply;
    }
  }
}

/** Idempotent: an archive that was deleted before is no error. */
function deleteArchive({ region, vault, route: { archiveId = '' } }: VaultCall): Reply {
  // what Glacier answers for an archive of another vault, as users have reported
  if (!vault.hadArchive(archiveId) && region.holds(archiveId)) throw invalid(`Invalid vault name: ${vault.arn}`);
  if (!vault.hadArchive(archiveId)) throw notFound(`The archive ID was not found: ${archiveId}`);
  vault.delete(archiveId);
  return { status: 204 };
}

async function initiateJob(world: GlacierWorld, { region, vault, exchange }: VaultCall): Promise<Reply> {
  const request = parseJobRequest(await readAll(exchange.body));
  const { description, topicArn } = request;
  if (topicArn !== undefined && !world.topicExists(topicArn)) throw invalid(`Invalid SNS topic ARN: ${topicArn}`);
  const fault = exchange.faults?.find((each) => each.kind === 'fail-job');
  const common = {
    ...(description === undefined ? {} : { description }),
    ...(topicArn === undefined ? {} : { topicArn }),
    ...(fault ? { failure: fault.message ?? 'Failed' } : {}),
  };
  const jobs = region.jobs(vault.name);
  if (!jobs) throw notFound(`Vault not found for ARN: ${vault.arn}`);
  let job: Job;
  if (request.type === 'inventory-retrieval') {
    if (request.parameters.Marker !== undefined && sequenceOf(request.parameters.Marker) === undefined)
      throw invalid('Invalid Marker');
    const work = inventoryWork(request, vault);
    if (!work) throw notFound(`Inventory not found for vault: ${vault.arn}`);
    job = jobs.start(work, common);
  } else {
    const archive = vault.archive(request.archiveId);
    if (!archive && region.holds(request.archiveId)) throw invalid('Invalid vault name');
    if (!archive) throw notFound(`The archive ID was not found: ${request.archiveId}`);
    const range = request.range ?? { start: 0, end: archive.content.size - 1 };
    if (request.range) checkRetrievalRange(range, archive.content.size);
    if (request.tier === 'Expedited' && world.settings.noExpeditedCapacity) {
      throw new Refusal(
        503,
        'InsufficientCapacityException',
        'There is insufficient capacity to process this expedited request.',
      );
    }
    if (request.tier === 'Standard') region.policy.admit(range.end - range.start + 1);
    job = jobs.start({ type: 'archive-retrieval', archive, tier: request.tier, range }, common);
  }
  exchange.detail = { ...exchange.detail, jobId: job.id };
  const location = `/${exchange.caller.accountId}/vaults/${vault.name}/jobs/${job.id}`;
  return { status: 202, headers: { location, 'x-amz-job-id': job.id } };
}

async function listJobs({ region, vault, exchange: { query } }: VaultCall): Promise<Reply> {
  const limit = pageLimit(query.get('limit'), MOST_JOBS_A_PAGE);
  const [status, completed, marker] = [query.get('statuscode'), query.get('completed'), query.get('marker')];
  if (status !== null && !['InProgress', 'Succeeded', 'Failed'].includes(status))
    throw invalid(`Invalid status code: ${status}`);
  if (completed !== null && completed !== 'true' && completed !== 'false')
    throw invalid(`Invalid completed: ${completed}`);
  const from = marker === null ? 0 : sequenceOf(marker);
  if (from === undefined) throw invalid(`Invalid marker: ${marker}`);
  const page: Job[] = [];
  let next: number | undefined;
  for (const job of region.jobs(vault.name)?.from(from) ?? []) {
    if (status !== null && job.status !== status) continue;
    if (completed !== null && String(job.status !== 'InProgress') !== completed) continue;
    if (page.length === limit) {
      next = job.sequence;
      break;
    }
    page.push(job);
  }
  const described: unknown[] = [];
  for (const job of page) described.push(await describeJob(job));
  return json({ JobList: described, Marker: next === undefined ? null : markerOf(next) });
}

function jobOf({ region, vault, route: { jobId = '' } }: VaultCall): Job {
  const job = region.jobs(vault.name)?.get(jobId);
  if (!job) throw jobNotFound(jobId);
  return job;
}

function describeVault({ name, arn, createdAt, inventory }: SimulatedVault): Record<string, unknown> {
  return {
    CreationDate: new Date(createdAt).toISOString(),
    LastInventoryDate: inventory ? isoDate(inventory.date) : null,
    NumberOfArchives: inventory?.archives.length ?? null,
    SizeInBytes: inventory?.size ?? null,
    VaultARN: arn,
    VaultName: name,
  };
}

function parseNotification(
  body: Buffer,
  topicExists: (arn: string) => boolean,
): NonNullable<SimulatedVault['notification']> {
  const { SNSTopic: topicArn, Events: events } = parseObject(body);
  if (typeof topicArn !== 'string') throw missing('SNSTopic');
  if (!Array.isArray(events) || events.length === 0) throw missing('Events');
  const known = EVENTS.filter((event) => events.includes(event));
  if (known.length !== new Set(events).size || isObject(events[0]))
    throw invalid(`Invalid events: ${events.join(', ')}`);
  if (!topicExists(topicArn)) throw invalid(`Invalid SNS topic ARN: ${topicArn}`);
  return { topicArn, events: known };
}

function pageLimit(text: string | null, most: number): number {
  if (text === null) return most;
  const limit = Number(text);
  if (!/^\d+$/.test(text) || limit < 1 || limit > most) throw invalid(`Invalid limit: ${text}`);
  return limit;
}

function json(value: unknown): Reply {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}

async function readAll(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}
