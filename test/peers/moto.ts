import { join } from 'node:path';
import { answers, areInstalled, DaemonGroup, freePort, installedFolder, type Peer } from './daemon.ts';

const command = join(installedFolder, 'moto/bin/moto_server');

export const hasMoto = areInstalled(command);

/** Moto's server: an AWS of its own, in memory, for any credentials. */
export async function startMoto(): Promise<Peer> {
  const daemon = new DaemonGroup();
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  daemon.start(command, ['--host', '127.0.0.1', '--port', String(port)]);
  try {
    await daemon.until(() => answers(endpoint));
  } catch (error) {
    await daemon.stop();
    throw error;
  }
  return { endpoint, stop: () => daemon.stop() };
}
