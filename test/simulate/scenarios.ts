import { DAY, HOUR, MINUTE } from '../../src/lib/duration.ts';
import { GiB, MiB, TiB } from '../../src/lib/size.ts';
import { crash, dayAndNight, dropsToATenth, line, noisy, outage, steady } from './line.ts';
import type { Scenario } from './run.ts';

/** 1 PiB in a million archives over a line of 1 GiB/s: twelve days. 300 archives a second is what one machine does. */
const PEBIBYTE = {
  seed: 20261122,
  stepMs: MINUTE,
  tier: 'Bulk',
  bytes: 1024 * TiB,
  archives: 1_000_000,
  lotCount: 1,
  line: line(GiB, 300, steady),
  limits: { maxBytesPerDay: 100 * TiB },
  goals: {},
} as const satisfies Partial<Scenario>;

const GOOD_LINE = { overIdeal: 1.05, askedAgainShare: 0.005 };
/** The ideal stands still as well, so what the outage makes unavoidable is in it. */
const OUTAGE = { overIdeal: 1.05 };
const LONG = 3 * DAY;

/** Every scenario; the goals are those that the project has set itself. */
export const SCENARIOS: readonly Scenario[] = [
  { ...PEBIBYTE, name: 'steady', about: 'the same speed all the time', goals: GOOD_LINE },
  {
    ...PEBIBYTE,
    name: 'noisy',
    about: 'another speed every ten minutes, deviation one half',
    line: line(GiB, 300, noisy(7)),
    goals: GOOD_LINE,
  },
  { ...PEBIBYTE, name: 'day-night', about: 'three tenths for twelve hours a day', line: line(GiB, 300, dayAndNight) },
  {
    ...PEBIBYTE,
    name: 'outage',
    about: '6 h without a byte from day 5 on',
    line: line(GiB, 300, outage(5 * DAY, 6 * HOUR)),
    goals: OUTAGE,
  },
  {
    ...PEBIBYTE,
    name: 'long-outage',
    about: 'three days without a byte from day 5 on',
    line: line(GiB, 300, outage(5 * DAY, LONG)),
    goals: OUTAGE,
  },
  {
    ...PEBIBYTE,
    name: 'crash',
    about: 'off for 10 h from day 5 on',
    line: line(GiB, 300, crash(5 * DAY, 10 * HOUR)),
    goals: OUTAGE,
  },
  {
    ...PEBIBYTE,
    name: 'standstill',
    about: 'off for three days from day 5 on',
    line: line(GiB, 300, crash(5 * DAY, LONG)),
    goals: OUTAGE,
  },
  {
    ...PEBIBYTE,
    name: 'tenth',
    about: 'a tenth of the speed from day 10 on',
    line: line(GiB, 300, dropsToATenth(10 * DAY)),
  },
  { ...PEBIBYTE, name: 'fast', about: '4 GiB/s: bounded by 100 TiB a day', line: line(4 * GiB, 1000, steady) },
  {
    ...PEBIBYTE,
    name: 'throttled',
    about: 'Glacier takes 5 requests a second for twelve hours, then one a second in one minute of five',
    acceptsPerSecond: (time) => (time % DAY < 12 * HOUR ? 5 : time % (5 * MINUTE) < MINUTE ? 1 : 0),
  },
  {
    ...PEBIBYTE,
    name: 'tiny-archives',
    about: '100,000,000 archives, by hundreds and in steps of five minutes',
    archives: 100_000_000,
    lotCount: 100,
    stepMs: 5 * MINUTE,
    goals: GOOD_LINE,
  },
  {
    ...PEBIBYTE,
    name: 'home',
    about: '2 TiB at 50 Mbit/s',
    bytes: 2 * TiB,
    archives: 100_000,
    line: line(6 * MiB, 20, steady),
  },
  {
    ...PEBIBYTE,
    name: 'medium',
    about: '10 TiB at 4 Gbit/s',
    bytes: 10 * TiB,
    archives: 100_000,
    line: line(480 * MiB, 200, steady),
  },
  {
    ...PEBIBYTE,
    name: 'small',
    about: '200 GiB at 1 Gbit/s',
    bytes: 200 * GiB,
    archives: 20_000,
    line: line(120 * MiB, 100, steady),
  },
  {
    ...PEBIBYTE,
    name: 'reads-throttled',
    about: 'Glacier takes 80 reads a second, and 4 a second in a quarter of an hour of every two hours',
    readsPerSecond: (time) => (time % (2 * HOUR) < 15 * MINUTE ? 4 : 80),
    goals: GOOD_LINE,
  },
  {
    ...PEBIBYTE,
    name: 'expedited',
    about:
      '20 TiB at 2 Gbit/s by Expedited; three calls of five are refused for want of capacity in ten minutes an hour',
    tier: 'Expedited',
    bytes: 20 * TiB,
    archives: 200_000,
    line: line(240 * MiB, 200, steady),
    refusing: (time) => (time % HOUR < 10 * MINUTE ? 0.6 : 0.01),
    goals: GOOD_LINE,
  },
  {
    ...PEBIBYTE,
    name: 'misjudged',
    about: '20 TiB over a line that copies half of what it uploads',
    bytes: 20 * TiB,
    archives: 100_000,
    line: line(100 * MiB, 200, steady),
    uploads: 2,
  },
  {
    ...PEBIBYTE,
    name: 'unmeasured',
    about:
      'as steady, but the line could not be measured: it starts careful, and waits for jobs once where the fixed policy has asked for more than it knows it can fetch',
    uploads: 0,
    goals: { ...GOOD_LINE, mayBeSlower: true },
  },
];
