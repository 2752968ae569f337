import { defineConfig } from 'vitest/config';
import { reporters } from '../support/reporters.ts';
import { installedNode } from './installed-node.ts';

const root = new URL('../..', import.meta.url).pathname;

/*
 * The tests that start the program, once on each supported Node. Node 24 is not among them: it is what `npm test` runs
 * on. Vitest itself stays on 24; only the program runs on the other.
 */
export default defineConfig({
  test: {
    root,
    maxWorkers: 2,
    projects: [
      ...['22', '26'].map((major) => ({
        root,
        test: {
          name: `node ${major}`,
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          env: { G2S3_NODE: installedNode(major) },
        },
      })),
      { root, test: { name: 'node 18', include: ['test/nodes/*.test.ts'] } },
    ],
    ...reporters('nodes'),
  },
});
