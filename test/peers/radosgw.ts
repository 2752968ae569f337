import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { accessKey, answers, areInstalled, DaemonGroup, freePort, type Peer, runToEnd } from './daemon.ts';

export const hasRadosgw = areInstalled(
  'ceph',
  'ceph-mon',
  'ceph-mgr',
  'ceph-osd',
  'radosgw',
  'radosgw-admin',
  'monmaptool',
);

/** Ceph's S3 on a cluster of one: its data is in memory, its storage classes are STANDARD, GLACIER and DEEP_ARCHIVE. */
export async function startRadosgw(): Promise<Peer> {
  const daemons = new DaemonGroup();
  try {
    return await startCluster(daemons);
  } catch (error) {
    await daemons.stop();
    throw error;
  }
}

async function startCluster(daemons: DaemonGroup): Promise<Peer> {
  const monitorPort = await freePort();
  const gatewayPort = await freePort();
  const endpoint = `http://127.0.0.1:${gatewayPort}`;
  const cluster = randomUUID();
  const disk = randomUUID();
  const { folder } = daemons;

  for (const name of ['mon', 'mgr', 'osd']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'ceph.conf'), configuration(folder, cluster, monitorPort, gatewayPort));
  const run = (command: string, ...args: string[]) => runToEnd(command, ['-c', 'ceph.conf', ...args], { cwd: folder });
  const start = (command: string, ...args: string[]) => daemons.start(command, ['-c', 'ceph.conf', '-f', ...args]);

  const monitor = `[v2:127.0.0.1:${monitorPort}]`;
  await runToEnd('monmaptool', ['--create', '--fsid', cluster, '--addv', 'a', monitor, 'monmap'], { cwd: folder });
  await run('ceph-mon', '-i', 'a', '--mkfs', '--monmap', 'monmap');
  start('ceph-mon', '-i', 'a');
  // The same uuid for both, or the disk is taken for another's and waits for ever.
  await run('ceph', '--connect-timeout', '30', 'osd', 'new', disk, '0');
  await run('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', disk);
  start('ceph-mgr', '-i', 'x');
  start('ceph-osd', '-i', '0');

  // The first command makes the default zone. The classes must be there before the gateway starts: it reads them once.
  await run(
    'radosgw-admin',
    ...['user', 'create', '--uid', 'peer', '--display-name', 'peer'],
    ...['--access-key', accessKey.id, '--secret', accessKey.secret],
  );
  for (const storageClass of ['GLACIER', 'DEEP_ARCHIVE']) {
    const placement = ['--placement-id', 'default-placement', '--storage-class', storageClass];
    await run('radosgw-admin', 'zonegroup', 'placement', 'add', '--rgw-zonegroup', 'default', ...placement);
    await run(
      'radosgw-admin',
      ...['zone', 'placement', 'add', '--rgw-zone', 'default', ...placement],
      ...['--data-pool', 'default.rgw.buckets.data'],
    );
  }
  start('radosgw', '-n', 'client.rgw');
  await daemons.until(() => answers(endpoint));

  return { endpoint, stop: () => daemons.stop() };
}

function configuration(folder: string, cluster: string, monitorPort: number, gatewayPort: number): string {
  return `[global]
fsid = ${cluster}
mon host = v2:127.0.0.1:${monitorPort}/0
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
# The default asks for encryption, which without authentication there is no key for.
ms mon client mode = crc
ms mon cluster mode = crc
ms mon service mode = crc
ms client mode = crc
ms cluster mode = crc
ms service mode = crc
osd objectstore = memstore
memstore device bytes = 4294967296
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
# A machine's disk that is nearly full is no concern of a cluster in memory.
mon data avail crit = 1
mon data avail warn = 2
run dir = ${folder}
admin socket = ${folder}/$name.asok
log file = ${folder}/$name.log

[mon.a]
mon data = ${folder}/mon

[mgr.x]
mgr data = ${folder}/mgr

[osd.0]
osd data = ${folder}/osd

[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:${gatewayPort}
`;
}
