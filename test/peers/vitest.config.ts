import { defineConfig } from 'vitest/config';
import { reporters } from '../support/reporters.ts';
import { hasAwsCli } from './aws-cli.ts';
import { hasMoto } from './moto.ts';
import { hasRadosgw } from './radosgw.ts';
import { hasVersitygw } from './versitygw.ts';

const peers = { "Ceph's radosgw": hasRadosgw, versitygw: hasVersitygw, moto: hasMoto, 'the AWS CLI': hasAwsCli };
for (const [name, isHere] of Object.entries(peers)) {
  if (!isHere) process.stderr.write(`skipped: ${name} is not installed (test/peers/install.sh)\n`);
}

/* The contracts against servers that others wrote, and the simulator against clients that others wrote: install.sh. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/peers/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    ...reporters('peers'),
  },
});
