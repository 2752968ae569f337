import { monitorEventLoopDelay } from 'node:perf_hooks';
import { built } from './built.ts';

/*
 * The program itself, with an eye on its event loop. Arguments: those of glacier2s3. The last line on stdout is what was seen.
 */

const { main } = await built<typeof import('../../src/cli/main.ts')>('cli/main.js');
const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
const stop = new AbortController();
const before = process.cpuUsage();
const exitCode = await main(process.argv.slice(2), { stop: stop.signal, onStatusSignal: () => undefined } as Parameters<
  typeof main
>[1]);
delay.disable();
const { user, system } = process.cpuUsage(before);
const milliseconds = (nanoseconds: number) => nanoseconds / 1e6;
process.stdout.write(
  `\n${JSON.stringify({
    exitCode,
    cpuSeconds: (user + system) / 1e6,
    // the histogram counts from one tick to the next: what is over its own resolution is delay
    p99: milliseconds(delay.percentile(99)) - 5,
    max: milliseconds(delay.max) - 5,
  })}\n`,
);
process.exitCode = exitCode;
