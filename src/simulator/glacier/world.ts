import type { CallLog } from '../call-log.ts';
import type { Faults } from '../faults.ts';
import { type Random, seededRandom } from '../random.ts';
import type { Alarms } from '../simulated-clock.ts';
import { describeJob, type Job } from './job.ts';
import { type Delays, Jobs, USUAL_DELAYS, USUAL_LIFETIME } from './jobs.ts';
import { RetrievalPolicy } from './retrieval-policy.ts';
import { type Rates, Throttle } from './throttle.ts';
import { SimulatedVault } from './vault.ts';

/** How Glacier behaves; may be changed while it runs. */
export interface GlacierSettings {
  /** How long jobs take, in simulated milliseconds. */
  delays: Delays;
  /** How long a job and its output live after completion, in simulated milliseconds. */
  outputLifetimeMs: number;
  rates: Rates;
  /** Expedited requests are refused with InsufficientCapacityException. */
  noExpeditedCapacity: boolean;
  /** Every call is refused with NoLongerSupportedException, as for an account without vaults. */
  closed: boolean;
}

/** What Glacier needs of the rest of the simulator. */
export interface GlacierDeps {
  readonly now: () => number;
  readonly alarms: Alarms;
  readonly accountId: string;
  readonly faults: Faults;
  readonly log: CallLog;
  readonly topicExists: (topicArn: string) => boolean;
  readonly publish: (topicArn: string, message: string) => string;
  readonly onBug: (error: unknown) => void;
}

/** One Region's vaults and jobs. */
export class GlacierRegion {
  readonly name: string;
  readonly policy: RetrievalPolicy;
  readonly throttle = new Throttle();
  readonly #world: GlacierWorld;
  readonly #vaults = new Map<string, { readonly vault: SimulatedVault; readonly jobs: Jobs }>();

  constructor(name: string, world: GlacierWorld) {
    this.name = name;
    this.#world = world;
    this.policy = new RetrievalPolicy(world.now);
  }

  vaultArn(name: string): string {
    return `arn:aws:glacier:${this.name}:${this.#world.accountId}:vaults/${name}`;
  }

  /** Idempotent: gives the vault of this name, made anew where there is none. */
  createVault(name: string, createdAt?: number): SimulatedVault {
    const known = this.#vaults.get(name);
    if (known) return known.vault;
    const vault = new SimulatedVault(
      { name, arn: this.vaultArn(name), ...(createdAt === undefined ? {} : { createdAt }) },
      this.#world,
    );
    this.#vaults.set(name, { vault, jobs: this.#world.newJobs(vault) });
    return vault;
  }

  vault(name: string): SimulatedVault | undefined {
    return this.#vaults.get(name)?.vault;
  }

  /** Idempotent. Its jobs go with it. */
  deleteVault(name: string): void {
    this.#vaults.delete(name);
  }

  jobs(vaultName: string): Jobs | undefined {
    return this.#vaults.get(vaultName)?.jobs;
  }

  /** In order of the names, as ListVaults has them. */
  vaultNames(): readonly string[] {
    return [...this.#vaults.keys()].sort();
  }

  /** Whether any vault of this Region has such an archive. */
  holds(archiveId: string): boolean {
    return [...this.#vaults.values()].some(({ vault }) => vault.archive(archiveId) !== undefined);
  }
}

/** All that Glacier knows. */
export class GlacierWorld {
  readonly settings: GlacierSettings;
  readonly now: () => number;
  readonly alarms: Alarms;
  readonly accountId: string;
  readonly #deps: GlacierDeps;
  readonly #random: Random;
  readonly #regions = new Map<string, GlacierRegion>();

  constructor(
    deps: GlacierDeps,
    { seed = 1, ...settings }: Partial<GlacierSettings> & { readonly seed?: number } = {},
  ) {
    this.#deps = deps;
    this.now = deps.now;
    this.alarms = deps.alarms;
    this.accountId = deps.accountId;
    this.#random = seededRandom(seed);
    this.settings = {
      delays: { ...USUAL_DELAYS, ...settings.delays },
      outputLifetimeMs: settings.outputLifetimeMs ?? USUAL_LIFETIME,
      rates: settings.rates ?? {},
      noExpeditedCapacity: settings.noExpeditedCapacity ?? false,
      closed: settings.closed ?? false,
    };
  }

  region(name: string): GlacierRegion {
    const region = this.#regions.get(name) ?? new GlacierRegion(name, this);
    this.#regions.set(name, region);
    return region;
  }

  regions(): IterableIterator<GlacierRegion> {
    return this.#regions.values();
  }

  topicExists(topicArn: string): boolean {
    return this.#deps.topicExists(topicArn);
  }

  newJobs(vault: SimulatedVault): Jobs {
    const onCompleted = (job: Job): void => {
      this.#notify(job).catch(this.#deps.onBug);
    };
    return new Jobs(vault, {
      now: this.now,
      alarms: this.alarms,
      random: this.#random,
      settings: this.settings,
      onCompleted,
    });
  }

  /** Sends the job to the topic it was given and to the vault's: two messages where there are both. */
  async #notify(job: Job): Promise<void> {
    const { faults, log, publish } = this.#deps;
    const { notification } = job.vault;
    const event = job.work.type === 'archive-retrieval' ? 'ArchiveRetrievalCompleted' : 'InventoryRetrievalCompleted';
    const topics = [job.topicArn, notification?.events.includes(event) ? notification.topicArn : undefined];
    for (const topicArn of topics) {
      if (topicArn === undefined) continue;
      const { NextInventoryRetrievalMarker: _, ...message } = await describeJob(job);
      const archive = job.work.type === 'archive-retrieval' ? { archiveId: job.work.archive.id } : {};
      const target = { service: 'glacier', operation: 'JobNotification' };
      const detail = { vault: job.vault.name, jobId: job.id, ...archive, topicArn };
      const befallen = faults.take({ ...target, detail }).map(({ kind }) => kind);
      const times = befallen.includes('drop-notification') ? 0 : befallen.includes('double-notification') ? 2 : 1;
      const results = Array.from({ length: times }, () => publish(topicArn, JSON.stringify(message)));
      log.count(
        log.open({ ...target, requestId: '', at: this.now(), detail: { ...detail, results }, faults: befallen }),
      );
    }
  }
}
