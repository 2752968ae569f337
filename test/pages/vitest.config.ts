import { defineConfig } from 'vitest/config';
import { reporters } from '../support/reporters.ts';

/** The pages as a browser draws them: needs a Chromium, which nothing here installs. */
export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: ['test/pages/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    ...reporters('pages'),
  },
});
