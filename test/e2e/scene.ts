import { createHash } from 'node:crypto';
import { expect, onTestFinished } from 'vitest';
import { parseProvenance } from '../../src/domain/provenance.ts';
import { HOUR } from '../../src/lib/duration.ts';
import { MiB } from '../../src/lib/size.ts';
import type { FaultRule } from '../../src/simulator/faults.ts';
import type { Archive, ArchiveSpec } from '../../src/simulator/glacier/vault.ts';
import type { VaultSpec } from '../../src/simulator/seed-vault.ts';
import { type Simulator, type SimulatorOptions, startSimulator } from '../../src/simulator/simulator.ts';
import { type Ended, type Running, type Start, start, temporaryFolder } from '../support/program.ts';

export const VAULT = 'photos';
export const BUCKET = 'copies';

/** Operations of which none is called by a run that has nothing to do. */
const CHANGING =
  /:(InitiateJob|PutObject|CreateMultipartUpload|UploadPart|CompleteMultipartUpload|AbortMultipartUpload|DeleteObject|CreateTopic|SetTopicAttributes|Subscribe|Unsubscribe|DeleteTopic|CreateQueue|SetQueueAttributes|DeleteQueue|DeleteMessageBatch)$/;

/** An hour in a second, jobs of half an hour or one: outputs live for 24 seconds, long enough on a machine that is busy. */
const SPEED = 3600;
const SOON = [HOUR / 2, HOUR] as const;
const QUICK = { Inventory: SOON, Bulk: SOON, Standard: SOON, Expedited: SOON };

export interface Scene {
  readonly simulator: Simulator;
  readonly stateDir: string;
  /** Starts `transfer` on the vault and the bucket. */
  begin(args?: readonly string[], options?: Start): Running;
  /** As `begin`, to its end. */
  transfer(args?: readonly string[], options?: Start): Promise<Ended>;
  fault(rule: FaultRule): void;
  /** From now on Glacier says of an archive that it is not there when it is asked for. @returns the rule's id. */
  lose(archive: number): number;
  /** How often an operation was called, such as `InitiateJob`; for InitiateJob only jobs for archives count. */
  calls(operation: string): number;
  /** The operations that were called and that change something. */
  changes(): readonly string[];
  archives(): readonly Archive[];
  /** Each archive of the vault is in the bucket, byte for byte, and nothing else; nothing is left behind. */
  expectCopied(options?: { readonly except?: readonly string[]; readonly storageClass?: string }): Promise<void>;
}

/** Archives of these sizes, oldest first; the first is `a000.bin`. */
export function archivesOf(sizes: readonly number[]): ArchiveSpec[] {
  return sizes.map((size, i) => ({
    description: nameOf(i),
    createdAt: Date.UTC(2015, 0, 1) + i * HOUR,
    content: { kind: 'seeded', seed: `archive ${i}`, size },
  }));
}

/** For `--bwlimit`, which counts by the simulator's clock: so many bytes in a real second. */
export function inRealSeconds(bytesPerSecond: number, speed: number = SPEED): string {
  return String(Math.ceil(bytesPerSecond / speed));
}

export function nameOf(i: number): string {
  return `a${String(i).padStart(3, '0')}.bin`;
}

/** Small ones, and one of three parts of 8 MiB. */
export const FEW = [1, 1000, MiB, MiB + 1, 3 * MiB, 17 * MiB + 5];

/** A simulated AWS with a vault and a bucket, and the built program against it. The simulator has had no bugs in the end. */
export async function scene(options: SimulatorOptions & { readonly vault?: Partial<VaultSpec> } = {}): Promise<Scene> {
  const { vault, glacier, ...rest } = options;
  const simulator = await startSimulator({
    speed: SPEED,
    vaults: [{ name: VAULT, archives: archivesOf(FEW), ...vault }],
    buckets: [BUCKET],
    ...rest,
    glacier: { delays: QUICK, ...glacier },
  });
  onTestFinished(async () => {
    await simulator.close();
    expect(simulator.bugs).toEqual([]);
  });
  const stateDir = temporaryFolder();
  const begin: Scene['begin'] = (args = [], { env, ...how } = {}) =>
    start(['transfer', '--vault', VAULT, '--bucket', BUCKET, '--state-dir', stateDir, '--part-size', '8MiB', ...args], {
      // a test of what is asked before money is spent takes it away
      env: { ...simulator.environment, GLACIER2S3_YES: '1', ...env },
      ...how,
    });
  const archives = () => [...(simulator.glacier.region('us-east-1').vault(VAULT)?.archives() ?? [])];
  return {
    simulator,
    stateDir,
    begin,
    transfer: (args, how) => begin(args, how).ended,
    fault: (rule) => void simulator.faults.add(rule),
    lose: (archive) =>
      simulator.faults.add({
        operation: 'InitiateJob',
        match: { archiveId: archives()[archive]?.id ?? '' },
        fault: { kind: 'error', status: 404, code: 'ResourceNotFoundException', message: 'Archive not found' },
      }),
    calls: (operation) =>
      simulator.calls.filter(
        (call) => call.operation === operation && (operation !== 'InitiateJob' || call.detail.archiveId !== undefined),
      ).length,
    changes: () => Object.keys(simulator.counts()).filter((name) => CHANGING.test(name)),
    archives,
    async expectCopied({ except = [], storageClass = 'DEEP_ARCHIVE' } = {}) {
      const wanted = archives().filter(({ id }) => !except.includes(id));
      const objects = simulator.s3.objects(BUCKET);
      expect(objects.map(({ key, storageClass: found }) => [key, found])).toEqual(
        objects.map(({ key }) => [key, storageClass]),
      );
      const found = new Map<string, string>();
      for (const { key, metadata } of objects) {
        found.set(parseProvenance(metadata)?.archiveId ?? key, sha256([await simulator.s3.bytes(BUCKET, key)]));
      }
      expect(objects).toHaveLength(found.size);
      const right = new Map(
        wanted.map(({ id, content }) => [id as string, sha256(content.read({ start: 0, end: content.size - 1 }))]),
      );
      expect(sorted(found)).toEqual(sorted(right));
      expect(simulator.s3.uploads(BUCKET)).toEqual([]);
    },
  };
}

function sorted(map: ReadonlyMap<string, string>): [string, string][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

function sha256(pieces: Iterable<Uint8Array>): string {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
}

/** It ended with this code, and said so without a stack. */
export function expectEnded({ code, signal, stdout, stderr }: Ended, wanted: number): void {
  expect({ code, signal, said: code === wanted ? '' : `${stdout}\n${stderr}` }).toEqual({
    code: wanted,
    signal: null,
    said: '',
  });
  expect(stderr).not.toMatch(/\n\s+at |this is a bug/);
}

/** The last line of stderr that is the program's own word on why it ends. */
export function reasonOf({ stderr }: Ended): string {
  const lines = stderr.split('\n').filter((line) => line.startsWith('glacier2s3: '));
  expect(lines).toHaveLength(1);
  return lines[0] ?? '';
}
