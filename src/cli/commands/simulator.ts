import { once } from 'node:events';
import { demoVault } from '../../simulator/demo-vault.ts';
import { startSimulator } from '../../simulator/simulator.ts';
import type { Io } from '../io.ts';

export interface SimulatorFlags {
  readonly port: number;
  readonly speed: number;
  readonly vault: string;
  readonly archives: number;
  readonly bucket: string;
  readonly discardBodies?: boolean;
}

/** Serves a simulated AWS until it is stopped, and prints the environment that a client needs. */
export async function simulator(flags: SimulatorFlags, io: Io): Promise<number> {
  const running = await startSimulator({
    port: flags.port,
    speed: flags.speed,
    vaults: [demoVault({ name: flags.vault, count: flags.archives })],
    buckets: [flags.bucket],
    s3: { discardBodies: flags.discardBodies },
  });
  const exports = Object.entries(running.environment).map(([name, value]) => `export ${name}=${value}\n`);
  process.stdout.write(exports.join(''));
  process.stderr.write(`the simulator is ready: vault ${flags.vault}, bucket ${flags.bucket}; end it with Ctrl-C\n`);
  if (!io.stop.aborted) await once(io.stop, 'abort');
  await running.close();
  return 0;
}
