import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatSize } from '../../lib/size.ts';
import { demoVault } from '../../simulator/demo-vault.ts';
import { type Simulator, startSimulator } from '../../simulator/simulator.ts';
import type { Io } from '../io.ts';
import { alignColumns } from '../output/text-table.ts';

export interface DemoFlags {
  readonly archives: number;
  readonly speed: number;
  readonly quiet?: boolean;
  readonly progress: boolean;
}

const VAULT = 'demo';
const BUCKET = 'demo-bucket';
const SHOWN = 40;
const KEY_WIDTH = 64;

/** Runs the main job on a simulator of its own, shows objects and report, and leaves nothing behind. @returns the exit code of `transfer`. */
export async function demo(flags: DemoFlags, io: Io): Promise<number> {
  const simulator = await startSimulator({
    speed: flags.speed,
    vaults: [demoVault({ name: VAULT, count: flags.archives })],
    buckets: [BUCKET],
  });
  const stateDir = mkdtempSync(join(tmpdir(), 'glacier2s3-demo-'));
  try {
    // nothing of the user's own settings, such as the endpoint of a real service
    for (const name of Object.keys(process.env)) if (/^(AWS|GLACIER2S3)_/.test(name)) delete process.env[name];
    Object.assign(process.env, simulator.environment, { GLACIER2S3_CONFIG: '' });
    const { main } = await import('../main.ts');
    const which = ['--vault', VAULT, '--bucket', BUCKET, '--state-dir', stateDir];
    const args = ['transfer', ...which, '--yes'];
    if (flags.quiet) args.push('--quiet');
    if (!flags.progress) args.push('--no-progress');
    process.stdout.write(
      `A simulated vault of ${flags.archives} archives, an hour in ${(3600 / flags.speed).toFixed(1)} s, nothing leaves this machine:\n` +
        `  glacier2s3 ${args.join(' ')}\n\n`,
    );
    const exitCode = await main(args, io);
    process.stdout.write(objectsOf(simulator));
    // a transfer that was stopped before it began has nothing to account for
    if (io.stop.aborted) return exitCode;
    process.stdout.write(`\n  glacier2s3 report ${which.join(' ')}\n\n`);
    const reported = await main(['report', ...which], io);
    return exitCode === 0 ? reported : exitCode;
  } finally {
    await simulator.close();
    rmSync(stateDir, { recursive: true, force: true });
  }
}

function objectsOf(simulator: Simulator): string {
  const objects = simulator.s3.objects(BUCKET);
  const rows = objects
    .slice(0, SHOWN)
    .map(({ key, size, storageClass }) => [shown(key), formatSize(size), storageClass]);
  const more = objects.length > SHOWN ? `... and ${objects.length - SHOWN} more\n` : '';
  return `\n${objects.length} objects in ${BUCKET}:\n${alignColumns(rows, ['left', 'right', 'left']).join('\n')}\n${more}`;
}

/** The key, or as much of it as leaves room for the other columns: some have 1,024 bytes. */
function shown(key: string): string {
  return key.length > KEY_WIDTH ? `${key.slice(0, KEY_WIDTH - 3)}...` : key;
}
