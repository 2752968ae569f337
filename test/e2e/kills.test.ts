import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { HOUR } from '../../src/lib/duration.ts';
import { KiB, MiB } from '../../src/lib/size.ts';
import { seededRandom } from '../../src/simulator/random.ts';
import { archivesOf, expectEnded, inRealSeconds, type Scene, scene } from './scene.ts';

/** Many small ones, and some of several parts. */
const SIZES = Array.from({ length: 60 }, (_, i) => (i % 10 === 3 ? 25 * MiB + i : 1 + i * 7 * KiB));
const KILLS = 15;

interface Recorded {
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
        `SELECT upload_id AS uploadId, part_number AS partNumber
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

/** A day is some 90 seconds: no output expires, however busy the machine is. */
const SPEED = 1000;

/** What was on record when the program was killed, and the last call that S3 had seen by then. */
interface Kill {
  readonly recorded: readonly Recorded[];
  readonly lastCall: number;
}

/** Resolves once another part has reached S3; gives up looking when no part can come any more. */
async function nextPart(world: Scene): Promise<void> {
  const before = world.calls('UploadPart');
  for (let looks = 0; looks < 600 && world.calls('UploadPart') === before; looks += 1) await delay(50);
}

async function killUntilDone(world: Scene, seed: number, args: readonly string[]): Promise<readonly Kill[]> {
  const random = seededRandom(seed);
  const all: Kill[] = [];
  for (let kills = 0; kills < KILLS; kills += 1) {
    const running = world.begin(args);
    // at any time, and every second time while parts are on their way, however slow the machine is
    const moment = kills % 2 === 0 ? delay(500 + random() * 1500) : nextPart(world).then(() => delay(random() * 1000));
    const killed = await Promise.race([running.ended, moment.then(() => undefined)]);
    if (killed) {
      expectEnded(killed, 0);
      return all;
    }
    running.kill('SIGKILL');
    await running.ended;
    all.push({ recorded: recordedParts(world.stateDir), lastCall: world.simulator.calls.at(-1)?.id ?? 0 });
  }
  expectEnded(await world.transfer(args), 0);
  return all;
}

it.each([1, 2])(
  'survives being killed at random moments, time after time: nothing is asked for or sent twice (seed %i)',
  { timeout: 120_000 },
  async (seed) => {
    const soon = [HOUR / 6, HOUR / 2] as const;
    const world = await scene({
      vault: { archives: archivesOf(SIZES) },
      speed: SPEED,
      glacier: { delays: { Expedited: soon, Inventory: soon, Standard: soon, Bulk: soon } },
    });
    const { simulator, transfer, expectCopied, changes } = world;

    // slow enough that a kill often comes in the middle
    const kills = await killUntilDone(world, seed, [
      '--bwlimit',
      inRealSeconds(25 * MiB, SPEED),
      '--memory',
      '64MiB',
      '--concurrency',
      '6',
    ]);

    expect(kills.length).toBeGreaterThan(1);
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
    // a part that was on record when the program was killed is never sent again
    const sent = simulator.calls.filter(({ operation }) => operation === 'UploadPart');
    const again = kills.flatMap(({ recorded, lastCall }) => {
      const names = new Set(recorded.map(({ uploadId, partNumber }) => `${uploadId} ${partNumber}`));
      return sent.filter(({ id, detail }) => id > lastCall && names.has(`${detail.uploadId} ${detail.partNumber}`));
    });
    expect(again).toEqual([]);
    expect(kills.some(({ recorded }) => recorded.length > 0)).toBe(true);

    simulator.clearCalls();
    expectEnded(await transfer(), 0);
    expect(changes()).toEqual([]);
  },
);
