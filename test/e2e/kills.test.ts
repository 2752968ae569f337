import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { HOUR } from '../../src/lib/duration.ts';
import { KiB, MiB } from '../../src/lib/size.ts';
import { seededRandom } from '../../src/simulator/random.ts';
import { archivesOf, expectEnded, type Scene, scene } from './scene.ts';

/** Many small ones, and some of several parts. */
const SIZES = Array.from({ length: 60 }, (_, i) => (i % 10 === 3 ? 25 * MiB + i : 1 + i * 7 * KiB));
const KILLS = 15;

interface Recorded {
  readonly archiveId: string;
  readonly uploadId: string;
  readonly partNumber: number;
}

/** The parts that the state file says have arrived. */
function recordedParts(stateDir: string): Recorded[] {
  const name = readdirSync(stateDir).find((each) => each.endsWith('.sqlite'));
  if (name === undefined) return [];
  const db = new Database(join(stateDir, name), { readonly: true });
  try {
    return db
      .prepare<[], Recorded>(
        `SELECT archive_id AS archiveId, upload_id AS uploadId, part_number AS partNumber
         FROM parts JOIN archives ON archives.id = parts.archive WHERE upload_id IS NOT NULL`,
      )
      .all();
  } catch {
    // killed before its tables were made
    return [];
  } finally {
    db.close();
  }
}

async function killUntilDone(world: Scene, seed: number, args: readonly string[]): Promise<readonly Recorded[][]> {
  const random = seededRandom(seed);
  const seen: Recorded[][] = [];
  for (let kills = 0; kills < KILLS; kills += 1) {
    const running = world.begin(args);
    const killed = await Promise.race([running.ended, delay(500 + random() * 1500).then(() => undefined)]);
    if (killed) {
      expectEnded(killed, 0);
      return seen;
    }
    running.kill('SIGKILL');
    await running.ended;
    seen.push(recordedParts(world.stateDir));
  }
  expectEnded(await world.transfer(args), 0);
  return seen;
}

it.each([1, 2])(
  'survives being killed at random moments, time after time (seed %i)',
  { timeout: 120_000 },
  async (seed) => {
    const world = await scene({
      vault: { archives: archivesOf(SIZES) },
      speed: 3600,
      glacier: {
        delays: { Expedited: [HOUR, HOUR], Inventory: [HOUR, HOUR], Standard: [HOUR, HOUR], Bulk: [HOUR, 4 * HOUR] },
      },
    });
    const { simulator, transfer, expectCopied, changes } = world;

    // slow enough that a kill often comes in the middle
    const seen = await killUntilDone(world, seed, ['--bwlimit', '25M', '--memory', '64MiB', '--concurrency', '6']);

    expect(seen.length).toBeGreaterThan(1);
    await expectCopied();
    const requests = simulator.calls.filter(
      ({ operation, detail }) => operation === 'InitiateJob' && detail.archiveId !== undefined,
    );
    expect(requests.map(({ detail }) => detail.archiveId).sort()).toEqual(
      world
        .archives()
        .map(({ id }) => id as string)
        .sort(),
    );
    // a part that was on record when the program was killed was sent once in that upload
    const sends = new Map<string, number>();
    for (const { operation, detail, status } of simulator.calls) {
      if (operation !== 'UploadPart' || status !== 200) continue;
      const name = `${detail.uploadId} ${detail.partNumber}`;
      sends.set(name, (sends.get(name) ?? 0) + 1);
    }
    const recorded = new Map(seen.flat().map((part) => [`${part.uploadId} ${part.partNumber}`, part]));
    const twice = [...recorded.keys()].filter((name) => (sends.get(name) ?? 0) > 1);
    const lostBefore = twice.filter((name) => !wasSentAgainBeforeRecorded(name, seen));
    expect(lostBefore).toEqual([]);

    simulator.clearCalls();
    expectEnded(await transfer(), 0);
    expect(changes()).toEqual([]);
  },
);

/** Sent by one run that was killed before it was recorded, and by the next, which recorded it. */
function wasSentAgainBeforeRecorded(name: string, seen: readonly Recorded[][]): boolean {
  const first = seen.findIndex((parts) => parts.some((part) => `${part.uploadId} ${part.partNumber}` === name));
  return first > 0;
}
