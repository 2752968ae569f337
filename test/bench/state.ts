import { createHash } from 'node:crypto';
import type { TransferFacts } from '../../src/state/facts.ts';
import { built } from './built.ts';

/*
 * Makes the state file of a transfer that is in its middle: most verified, some staged, the others planned. Arguments: directory,
 * archives, endpoint URL's Region. Prints its path.
 */

const [dir = '', count = ''] = process.argv.slice(2);
const { openTransfer, statePathOf } = await built<typeof import('../../src/state/directory.ts')>('state/directory.js');
const DAY = 24 * 60 * 60 * 1000;
const name = { vault: 'bench', accountId: '-', region: 'us-east-1', bucket: 'bench', prefix: '' };
const path = statePathOf(dir, name);
const state = openTransfer(path, name, Date.now(), () => 'be4c00000000');
const archives = Number(count);
const staged = Math.min(20_000, archives / 10);
const planned = archives / 10;
const now = Date.now();

for (let begin = 0; begin < archives; begin += 10_000) {
  state.transaction(() => {
    for (let i = begin; i < Math.min(begin + 10_000, archives); i += 1) {
      const treeHash = createHash('sha256').update(String(i)).digest('hex');
      const archiveId = `${createHash('sha512').update(String(i)).digest('hex')}-${i}-65536`;
      state.archives.insert({
        archiveId,
        description: `photos/${i}.jpg`,
        createdAt: now - DAY,
        size: 65_536,
        treeHash,
      } as never);
      const id = i + 1;
      state.archives.advance(id, [{ type: 'planned' }], { key: `photos/${i}.jpg`, partSize: 16 * 1024 ** 2 } as never);
      if (i < planned) continue;
      const jobId = `job-${i}-65536` as never;
      const expiresAt = now + DAY;
      const events = [{ type: 'requested', jobId } as const, { type: 'staged', jobId, expiresAt } as const];
      if (i < planned + staged) state.archives.advance(id, events);
      else {
        const proof = { etag: '"stub"', verifiedAt: now };
        state.archives.advance(id, [...events, { type: 'began' }, { type: 'transferred' }, { type: 'verified' }], {
          proof,
        });
      }
    }
  });
}
state.transaction(() => {
  const facts: Partial<TransferFacts> = {
    inventory: { source: 'bench', loadedAt: now, rows: archives },
    plannedAt: now,
    lookedUpAt: now,
    settings: { storageClass: 'DEEP_ARCHIVE', tier: 'Bulk', checksum: 'CRC32', partSize: 16 * 1024 ** 2 },
  };
  for (const [fact, value] of Object.entries(facts)) state.facts.set(fact as never, value as never);
});
state.planning.sealKeys();
state.close();
process.stdout.write(`${JSON.stringify({ path })}\n`);
