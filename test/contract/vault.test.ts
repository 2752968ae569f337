import { randomBytes } from 'node:crypto';
import { glacierClient, glacierReader } from '../../src/aws/clients.ts';
import { glacierVault } from '../../src/aws/glacier-vault.ts';
import type { ArchiveId } from '../../src/domain/ids.ts';
import { DAY, HOUR } from '../../src/lib/duration.ts';
import { MiB } from '../../src/lib/size.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { FakeClock } from '../support/fakes/clock.ts';
import { FakeVault } from '../support/fakes/vault.ts';
import { withSimulatorKeys } from '../support/simulator-keys.ts';
import { describeVaultContract } from './vault-contract.ts';

const SIZES = [1, 3.5 * MiB, 17 * MiB];

describeVaultContract(
  'the fake',
  async () => {
    const clock = new FakeClock();
    const vault = new FakeVault(clock);
    const archives = SIZES.map((size) => vault.add(randomBytes(size)));
    const fresh = new FakeVault(clock);
    fresh.inventoryDate = undefined;
    const missing = new FakeVault(clock);
    missing.exists = false;
    return {
      ...{ vault, fresh, missing, archives },
      completeJobs: async () => clock.advance(12 * HOUR),
      expireJobs: async () => clock.advance(2 * DAY),
      close: async () => undefined,
    };
  },
  { exactErrors: true },
);

for (const [name, makeClient] of [
  ['Glacier over HTTP', glacierClient],
  ['Glacier over connections that read straight into memory', glacierReader],
] as const)
  describeVaultContract(
    `${name} against the simulator`,
    async () => {
      const contents = SIZES.map((size) => randomBytes(size));
      const archives = contents.map((bytes) => ({ content: { kind: 'bytes' as const, bytes } }));
      const simulator = await startSimulator({
        vaults: [
          { name: 'full', archives },
          { name: 'fresh', inventoried: false },
        ],
      });
      const restore = withSimulatorKeys();
      const client = makeClient({ region: simulator.region, endpointUrl: simulator.url, concurrency: 1 });
      const vaultOf = (vaultName: string) => glacierVault({ client, vaultName, accountId: '-' });
      const ids = [...(simulator.glacier.region(simulator.region).vault('full')?.archives() ?? [])].map(({ id }) => id);
      return {
        vault: vaultOf('full'),
        fresh: vaultOf('fresh'),
        missing: vaultOf('missing'),
        archives: contents.map((bytes, i) => ({ archiveId: ids[i] as ArchiveId, bytes })),
        completeJobs: async () => simulator.advance(12 * HOUR),
        expireJobs: async () => simulator.advance(2 * DAY),
        async close() {
          restore();
          client.destroy();
          await simulator.close();
        },
      };
    },
    { exactErrors: true },
  );
