import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import type { TreeHash } from '../../../src/domain/ids.ts';
import { ServiceError } from '../../../src/domain/service-error.ts';
import { treeHash } from '../../../src/domain/tree-hash.ts';
import { FatalError } from '../../../src/lib/errors.ts';
import type { WorkerData } from '../../../src/transfer/pool.ts';
import { serveParts } from '../../../src/transfer/serve.ts';

/*
 * A worker whose Glacier does what a job's id says: `ok`, `throttled`, `unknown`, `fatal`, `bug`, `wait`, or `die`, as long as the
 * counter that it is given is not used up. Its S3 has an object under the key `taken`.
 */

const { share, connections } = workerData as WorkerData & { connections: { deaths: Int32Array; copied: Int32Array } };
const bytes = Buffer.alloc(100_000, 7);

serveParts(parentPort as MessagePort, share, {
  vault: {
    async readOutput(jobId, _range, signal) {
      const [what] = String(jobId).split('-');
      const operation = 'GetJobOutput';
      if (what === 'throttled') throw new ServiceError('throttled', 'slow down', { operation });
      if (what === 'unknown') throw new ServiceError('network', 'reset', { operation, outcomeUnknown: true });
      if (what === 'fatal') throw new FatalError('region_missing', 'no Region');
      if (what === 'bug') throw new TypeError('a bug');
      if (what === 'die' && Atomics.sub(connections.deaths, 0, 1) > 0) process.exit(9);
      if (what === 'wait') {
        Atomics.add(connections.copied, 1, 1);
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      }
      async function* body() {
        yield bytes;
      }
      return { body: body(), treeHash: treeHash(bytes) as TreeHash };
    },
  },
  bucket: {
    async put(key, _body, { checksum }) {
      if (key === 'taken') throw new ServiceError('object_exists', 'there', { operation: 'PutObject' });
      Atomics.add(connections.copied, 0, 1);
      return {
        etag: '"etag"',
        checksum: { algorithm: checksum.algorithm, type: 'FULL_OBJECT', value: String(checksum.value) },
      };
    },
    uploadPart: () => Promise.reject(new Error('no part is expected')),
  },
});
