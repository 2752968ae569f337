import { built } from './built.ts';

/* Looks at a running transfer as `status` does, from another process. Argument: the state file. Prints how long it took. */

const [path = ''] = process.argv.slice(2);
const { openStateFile } = await built<typeof import('../../src/state/state-file.ts')>('state/state-file.js');
const { statusOf } = await built<typeof import('../../src/steps/status.ts')>('steps/status.js');
const begunAt = performance.now();
const state = openStateFile(path, { readonly: true });
const { archives } = statusOf(state, { now: Date.now(), running: true });
state.close();
process.stdout.write(`${JSON.stringify({ milliseconds: performance.now() - begunAt, total: archives.total.count })}\n`);
