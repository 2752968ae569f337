import { parentPort, workerData } from 'node:worker_threads';
import { type ClientOptions, glacierReader, s3Client } from './aws/clients.ts';
import { glacierVault } from './aws/glacier-vault.ts';
import { s3Bucket } from './aws/s3-bucket.ts';
import { BugError } from './lib/errors.ts';
import type { WorkerData } from './transfer/pool.ts';
import { serveParts } from './transfer/serve.ts';

/*
 * What a worker thread of the data plane runs: the second composition root beside app.ts. Clients and credentials are
 * its own; only what a part needs is loaded, so that a thread costs little.
 */

/** Where a worker reads and writes. Plain data. */
export interface Connections {
  readonly source: ClientOptions & { readonly vaultName: string; readonly accountId: string };
  readonly destination: ClientOptions & { readonly bucket: string; readonly expectedBucketOwner?: string };
}

const { share, connections } = workerData as WorkerData & { readonly connections: Connections };
const { source, destination } = connections;
if (!parentPort) throw new BugError('worker.ts runs in a worker thread only');
serveParts(parentPort, share, {
  vault: glacierVault({ ...source, client: glacierReader(source) }),
  bucket: s3Bucket({ ...destination, client: s3Client(destination) }),
});
