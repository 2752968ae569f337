import { glacierClient } from '../../src/aws/clients.ts';
import { glacierVault } from '../../src/aws/glacier-vault.ts';
import { vaultDeletion } from '../../src/aws/vault-deletion.ts';
import { DAY, HOUR } from '../../src/lib/duration.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { FakeClock } from '../support/fakes/clock.ts';
import { FakeVault } from '../support/fakes/vault.ts';
import { withSimulatorKeys } from '../support/simulator-keys.ts';
import { describeDeletionContract } from './deletion-contract.ts';

const CONTENTS = [Buffer.from('one'), Buffer.from('another')];

describeDeletionContract('the fake', async () => {
  const clock = new FakeClock();
  const vault = new FakeVault(clock);
  const archiveIds = CONTENTS.map((bytes) => vault.add(bytes).archiveId);
  const missing = new FakeVault(clock);
  missing.exists = false;
  return {
    ...{ vault, deletion: vault, missing, archiveIds },
    async nextInventory() {
      clock.advance(DAY);
      vault.inventoryDate = clock.now();
    },
    close: async () => undefined,
  };
});

describeDeletionContract('Glacier over HTTP against the simulator', async () => {
  const archives = CONTENTS.map((bytes) => ({ content: { kind: 'bytes' as const, bytes } }));
  const simulator = await startSimulator({ vaults: [{ name: 'full', archives }] });
  const restore = withSimulatorKeys();
  const client = glacierClient({ region: simulator.region, endpointUrl: simulator.url, concurrency: 1 });
  const of = (vaultName: string) => ({ client, vaultName, accountId: '-' });
  const listed = [...(simulator.glacier.region(simulator.region).vault('full')?.archives() ?? [])];
  return {
    vault: glacierVault(of('full')),
    deletion: vaultDeletion(of('full')),
    missing: vaultDeletion(of('missing')),
    archiveIds: listed.map(({ id }) => id),
    nextInventory: async () => simulator.advance(2 * DAY + HOUR),
    async close() {
      restore();
      client.destroy();
      await simulator.close();
    },
  };
});
