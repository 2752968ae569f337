import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { accessKey, answers, areInstalled, DaemonGroup, freePort, installedFolder, type Peer } from './daemon.ts';

const command = join(installedFolder, 'versitygw');

export const hasVersitygw = areInstalled(command);

/** Versity's S3 gateway over a folder; what S3 knows of an object goes to a folder beside it, so it needs no xattr. */
export async function startVersitygw(): Promise<Peer> {
  const daemon = new DaemonGroup();
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  for (const name of ['objects', 'attributes']) mkdirSync(join(daemon.folder, name));
  daemon.start(
    command,
    ['--port', `127.0.0.1:${port}`, '--quiet', 'posix', '--sidecar', join(daemon.folder, 'attributes'), 'objects'],
    { ROOT_ACCESS_KEY_ID: accessKey.id, ROOT_SECRET_ACCESS_KEY: accessKey.secret },
  );
  try {
    await daemon.until(() => answers(endpoint));
  } catch (error) {
    await daemon.stop();
    throw error;
  }
  return { endpoint, stop: () => daemon.stop() };
}
