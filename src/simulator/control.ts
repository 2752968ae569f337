import type { IncomingMessage, ServerResponse } from 'node:http';
import { KnownError, messageOf, UsageError } from '../lib/errors.ts';
import type { Credential, Credentials } from './authentication.ts';
import type { CallLog } from './call-log.ts';
import type { FaultRule, Faults } from './faults.ts';
import type { ContentSource } from './glacier/content.ts';
import type { ArchiveSpec, SimulatedVault } from './glacier/vault.ts';
import type { GlacierSettings, GlacierWorld } from './glacier/world.ts';
import { seedVault, type VaultSpec } from './seed-vault.ts';
import type { SimulatedClock } from './simulated-clock.ts';

/*
 * How other processes drive the simulator. Unsigned JSON under /_simulator/; a GET changes nothing, a POST answers
 * with what it has made, an error with 400 and `{"error"}`.
 *
 *   GET    clock         {"clock": "ORIGIN@SPEED@SINCE", "now": ms}
 *   POST   clock         {"advanceMs"}: jumps forward, gives the clock anew
 *   GET    calls         ?service= &operation= &after=ID: [Call]
 *   DELETE calls         forgets them and their counts
 *   GET    counts        {"glacier:InitiateJob": 3}
 *   GET    faults        [{"id", "rule", "seen", "hits"}]
 *   POST   faults        FaultRule: {"id"}
 *   DELETE faults        ?id=: one, or without it all
 *   POST   vaults        VaultSpec, archives as below: {"vaultArn", "archiveIds"}
 *   POST   archives      {"vault", "region"?, "archives"?, "delete"?: [id], "takeInventory"?: true}: {"archiveIds"}
 *   POST   glacier       settings to be changed, as GlacierSettings
 *   POST   credentials   Credential: added, or replaced
 *   GET    state         the clock, settings, faults, counts, and the vaults with how many archives and jobs they have
 *
 * An archive is {"size", "seed"?, "period"?, "zeros"?: true, "base64"?, "description"?, "createdAt"?, "id"?, "listedAs"?}.
 */

export interface ControlDeps {
  readonly clock: SimulatedClock;
  readonly credentials: Credentials;
  readonly faults: Faults;
  readonly log: CallLog;
  readonly glacier: GlacierWorld;
  readonly region: string;
}

const PREFIX = '/_simulator/';

interface WireArchive extends Omit<ArchiveSpec, 'content'> {
  readonly size?: number;
  readonly seed?: string;
  readonly period?: number;
  readonly zeros?: boolean;
  readonly base64?: string;
}

export function isControl({ url }: IncomingMessage): boolean {
  return url?.startsWith(PREFIX) ?? false;
}

/** Answers a request to the control API. Its bodies are trusted: they come from whoever started the simulator. */
export async function answerControl(
  deps: ControlDeps,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? PREFIX, 'http://127.0.0.1');
  let status = 200;
  let result: unknown;
  try {
    result = control(
      deps,
      `${request.method} ${url.pathname.slice(PREFIX.length)}`,
      url.searchParams,
      await readJson(request),
    );
  } catch (error) {
    if (!(error instanceof KnownError || error instanceof SyntaxError || error instanceof TypeError)) throw error;
    status = 400;
    result = { error: messageOf(error) };
  }
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(result)}\n`);
}

function control(deps: ControlDeps, call: string, query: URLSearchParams, body: unknown): unknown {
  const { clock, credentials, faults, log, glacier } = deps;
  switch (call) {
    case 'GET clock':
      return { clock: String(clock), now: clock.now() };
    case 'POST clock':
      clock.advance((body as { advanceMs: number }).advanceMs);
      return { clock: String(clock), now: clock.now() };
    case 'GET calls':
      return log.calls.filter(
        ({ id, service, operation }) =>
          id > Number(query.get('after') ?? 0) &&
          service === (query.get('service') ?? service) &&
          operation === (query.get('operation') ?? operation),
      );
    case 'DELETE calls':
      log.clear();
      return {};
    case 'GET counts':
      return log.counts();
    case 'GET faults':
      return faults.list();
    case 'POST faults':
      return { id: faults.add(body as FaultRule) };
    case 'DELETE faults':
      faults.clear(query.has('id') ? Number(query.get('id')) : undefined);
      return {};
    case 'POST vaults':
      return addVault(deps, body as Omit<VaultSpec, 'archives'> & { archives?: readonly WireArchive[] });
    case 'POST archives':
      return changeArchives(deps, body as ArchivesChange);
    case 'POST glacier':
      Object.assign(glacier.settings, body as Partial<GlacierSettings>);
      return glacier.settings;
    case 'POST credentials':
      credentials.set(body as Credential);
      return {};
    case 'GET state':
      return {
        clock: String(clock),
        settings: glacier.settings,
        faults: faults.list(),
        counts: log.counts(),
        vaults: vaults(glacier),
      };
    default:
      throw new UsageError(`the simulator's control API has no "${call}"`);
  }
}

function addVault(
  { glacier, clock, region }: ControlDeps,
  spec: Omit<VaultSpec, 'archives'> & { archives?: readonly WireArchive[] },
): unknown {
  const archives = (spec.archives ?? []).map((archive, i) => archiveSpec(archive, `${spec.name} ${i}`));
  const vault = seedVault(glacier.region(spec.region ?? region), { ...spec, archives }, clock.now());
  return { vaultArn: vault.arn, archiveIds: [...vault.archives()].map(({ id }) => id) };
}

interface ArchivesChange {
  readonly vault: string;
  readonly region?: string;
  readonly archives?: readonly WireArchive[];
  readonly delete?: readonly string[];
  readonly takeInventory?: boolean;
}

function changeArchives({ glacier, region, clock }: ControlDeps, change: ArchivesChange): unknown {
  const vault = glacier.region(change.region ?? region).vault(change.vault);
  if (!vault) throw new UsageError(`there is no vault "${change.vault}"`);
  const added = (change.archives ?? []).map((archive, i) =>
    vault.add(archiveSpec(archive, `${vault.name} ${clock.now()} ${i}`)),
  );
  for (const id of change.delete ?? []) {
    if (!vault.delete(id)) throw new UsageError(`there is no archive ${id}`);
  }
  if (change.takeInventory) vault.takeInventory();
  return { archiveIds: added.map(({ id }) => id) };
}

function archiveSpec({ size, seed, period, zeros, base64, ...rest }: WireArchive, name: string): ArchiveSpec {
  return { ...rest, content: contentOf({ size, seed, period, zeros, base64 }, name) };
}

function contentOf({ size, seed, period, zeros, base64 }: WireArchive, name: string): ContentSource {
  if (base64 !== undefined) return { kind: 'bytes', bytes: Buffer.from(base64, 'base64') };
  if (size === undefined || !Number.isSafeInteger(size) || size < 1)
    throw new UsageError('an archive needs a size of at least one byte');
  if (zeros) return { kind: 'zeros', size };
  return { kind: 'seeded', seed: seed ?? name, size, ...(period === undefined ? {} : { period }) };
}

function vaults(glacier: GlacierWorld): unknown {
  const described: unknown[] = [];
  for (const region of glacier.regions()) {
    for (const name of region.vaultNames()) {
      const vault = region.vault(name);
      if (vault)
        described.push(
          describe(
            vault,
            [...(region.jobs(name)?.from(0) ?? [])].map(({ status }) => status),
          ),
        );
    }
  }
  return described;
}

function describe(vault: SimulatedVault, jobs: readonly string[]): unknown {
  const count = (status: string): number => jobs.filter((each) => each === status).length;
  return {
    vaultArn: vault.arn,
    archives: [...vault.archives()].length,
    inventoryDate: vault.inventory?.date,
    jobs: { inProgress: count('InProgress'), succeeded: count('Succeeded'), failed: count('Failed') },
  };
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return chunks.length === 0 ? {} : JSON.parse(Buffer.concat(chunks).toString());
}
