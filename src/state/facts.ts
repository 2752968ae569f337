import type { ChecksumAlgorithm } from '../domain/checksum.ts';
import type { JobId } from '../domain/ids.ts';
import type { Rates } from '../domain/price/rates.ts';
import type { CallRateState } from '../domain/schedule/call-rate.ts';
import type { Hold } from '../domain/schedule/hold.ts';
import type { RequestLogState } from '../domain/schedule/request-log.ts';
import type { ThroughputState } from '../domain/schedule/throughput.ts';
import type { Selection } from '../domain/selection.ts';
import type { Channel, Tier } from '../ports.ts';
import type { Db } from './database.ts';
import type { NameTable } from './names.ts';

/** What is true of the transfer as a whole. Dates are milliseconds since 1970. */
export interface TransferFacts {
  /** Which transfer this is: never changes. */
  readonly transfer: {
    /** Twelve hexadecimal digits, in every job's Description. */
    readonly id: string;
    readonly vault: string;
    /** As given: `-` for the caller's own. */
    readonly accountId: string;
    readonly region: string;
    readonly bucket: string;
    readonly prefix: string;
    readonly createdAt: number;
  };
  /** What the last run was told to write with. */
  readonly settings: {
    readonly storageClass: string;
    readonly tier: Tier;
    readonly checksum: ChecksumAlgorithm;
    /** Bytes. */
    readonly partSize: number;
  };
  readonly inventory: InventoryFact;
  /** A newer inventory that is on its way. */
  readonly refresh: InventoryFact;
  /** Every archive has its key since then. */
  readonly plannedAt: number;
  /** Archives are being given their keys; rows up to `settled` have theirs from an earlier plan. */
  readonly planning: { readonly settled: number };
  /** There are new names: all that can have another key is to be given its key again. */
  readonly replan: true;
  /** The files that names were taken from. */
  readonly names: { readonly [table in NameTable]?: NamesFact };
  /** By what archives were last selected; not `applied`: the pass over them has not come to its end. */
  readonly selection: { readonly applied: boolean; readonly selection: Selection };
  /** The prices that the last run has counted with. */
  readonly rates: Rates;
  /** The bucket has been searched for what is there already, since then. */
  readonly lookedUpAt: number;
  readonly channel: Channel;
  /** What unfinished uploads were begun with, as JSON. */
  readonly uploadsAs: string;
  /** Bytes asked for within the last day. */
  readonly asked: RequestLogState;
  /** The pace of calls, as throttling has left it. */
  readonly paces: { readonly request: CallRateState; readonly read: CallRateState };
  /** What the line was measured to copy. */
  readonly throughput: ThroughputState;
  /** An upload that only measures the line was begun, and is not known to be aborted. */
  readonly measuring: true;
  /** The last run of `verify`; without `endedAt`, it is gone on with. */
  readonly check: CheckFact;
  /** How the state was recovered; without `endedAt`, it is not all there yet. */
  readonly recovery: { readonly source: 'backup' | 'services'; readonly begunAt: number; readonly endedAt?: number };
  /** What was deleted from the vault. */
  readonly purged: { readonly count: number; readonly bytes: number };
  /** The vault itself was deleted. */
  readonly vaultDeletedAt: number;
  /** Where the state is backed up to. */
  readonly stateBackup: { readonly bucket: string; readonly prefix: string };
  /** The run that holds the file, or held it last. */
  readonly run: { readonly pid: number; readonly since: number; readonly endedAt?: number };
  /** Why nothing was being asked for when the run last looked. */
  readonly hold: { readonly code: Hold['code']; readonly text: string };
  /** The last measured pace; `at` and it are by the real clock. */
  readonly rate: { readonly bytesPerSecond: number; readonly archivesPerSecond: number; readonly at: number };
  /** The report was written, since then. */
  readonly reportedAt: number;
  readonly notices: NoticeMemory;
}

/** What has been told to whom it may concern, and what a standstill is measured by. Times by the services' clock. */
export interface NoticeMemory {
  readonly copiedBytes: number;
  /** When `copiedBytes` last grew. */
  readonly movedAt: number;
  readonly lookedAt: number;
  readonly told: { readonly completion?: boolean; readonly standstill?: boolean; readonly firstFailure?: boolean };
}

/** A file of names, known again by its content. */
export interface NamesFact {
  readonly path: string;
  readonly digest: string;
  readonly count: number;
}

export interface CheckFact {
  readonly run: number;
  readonly begunAt: number;
  readonly endedAt?: number;
  readonly deep: boolean;
  /** Undefined: any will do. */
  readonly storageClass?: string;
  /** So many are looked at, chosen by the seed. */
  readonly sample?: { readonly size: number; readonly seed: number };
}

export interface InventoryFact {
  /** A file's path, `job`, or `vault` for one that was there already. */
  readonly source: string;
  readonly askedAt?: number;
  readonly jobId?: JobId;
  readonly format?: 'JSON' | 'CSV';
  /** Bytes of the whole output, and how many of them are in the database. */
  readonly size?: number;
  readonly offset?: number;
  readonly rows?: number;
  /** The vault's last inventory date. */
  readonly date?: number;
  readonly vaultArn?: string;
  readonly loadedAt?: number;
}

export interface Facts {
  get<Name extends keyof TransferFacts>(name: Name): TransferFacts[Name] | undefined;
  set<Name extends keyof TransferFacts>(name: Name, value: TransferFacts[Name]): void;
  remove(name: keyof TransferFacts): void;
}

export function createFacts(db: Db): Facts {
  const read = db.prepare<[string], string>('SELECT value FROM facts WHERE name = ?').pluck();
  const write = db.prepare(
    'INSERT INTO facts (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
  );
  const erase = db.prepare('DELETE FROM facts WHERE name = ?');
  return {
    get(name) {
      const text = read.get(name) as string | undefined;
      return text === undefined ? undefined : JSON.parse(text);
    },
    set: (name, value) => void write.run(name, JSON.stringify(value)),
    remove: (name) => void erase.run(name),
  };
}
