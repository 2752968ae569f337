import { DAY, HOUR, MINUTE } from '../../src/lib/duration.ts';
import { noiseAt, normal } from './random.ts';

/** The way from Glacier to S3: what it could copy at a time, in units a second, as a share of its best. */
export interface Line {
  readonly bytesPerSecond: number;
  readonly archivesPerSecond: number;
  /** From 0 to 1, or more for noise. */
  share(time: number): number;
  /** While it is true the program is off: nothing is asked for, copied or measured. */
  off(time: number): boolean;
}

type Shape = Partial<Pick<Line, 'share' | 'off'>>;

export const steady: Shape = {};

/** Its mean is 1 and the deviation one half; another draw every ten minutes, each correlated with the one before. */
export function noisy(seed: number): Shape {
  const draw = (index: number): number => normal(noiseAt(seed, index * 2), noiseAt(seed, index * 2 + 1));
  return {
    share: (time) => {
      const index = Math.floor(time / (10 * MINUTE));
      const mixed = (draw(index) + draw(index - 1)) / Math.SQRT2;
      return Math.exp(0.47 * mixed - 0.47 ** 2 / 2);
    },
  };
}

/** All of it for twelve hours, three tenths for the next twelve. */
export const dayAndNight: Shape = { share: (time) => (time % DAY < 12 * HOUR ? 1 : 0.3) };

/** Nothing comes through for `length`; the program is running and sees it. */
export function outage(from: number, length: number): Shape {
  return { share: (time) => (time >= from && time < from + length ? 0 : 1) };
}

/** The program is off for `length`. */
export function crash(from: number, length: number): Shape {
  return { off: (time) => time >= from && time < from + length };
}

/** A tenth of it from `from` on, for good. */
export function dropsToATenth(from: number): Shape {
  return { share: (time) => (time >= from ? 0.1 : 1) };
}

export function line(bytesPerSecond: number, archivesPerSecond: number, shape: Shape): Line {
  return { bytesPerSecond, archivesPerSecond, share: () => 1, off: () => false, ...shape };
}
