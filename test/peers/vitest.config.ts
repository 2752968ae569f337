import { defineConfig } from 'vitest/config';
import { reporters } from '../support/reporters.ts';

/* The contracts against servers that others wrote, and the simulator against clients that others wrote: install.sh. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    globalSetup: ['test/peers/name-skipped.ts'],
    include: ['test/peers/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    ...reporters('peers'),
  },
});
