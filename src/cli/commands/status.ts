import { setTimeout as sleep } from 'node:timers/promises';
import { speedFrom } from '../../lib/clock.ts';
import { SECOND } from '../../lib/duration.ts';
import { defaultStateDir } from '../../state/directory.ts';
import { type Survey, surveyOf } from '../../steps/survey.ts';
import type { Io } from '../io.ts';
import { renderSurvey } from '../output/status-text.ts';
import { writeStdout } from '../output/write-out.ts';

export interface StatusFlags {
  readonly vault?: string;
  readonly bucket?: string;
  readonly json?: boolean;
  readonly watch?: boolean;
  readonly stateDir?: string;
}

const WATCH_EVERY = 2 * SECOND;
/** Home, and what was there below is erased: without the flicker of an erased screen. */
const HOME = '\x1b[H';
const ERASE_LINE_END = '\x1b[K\n';
const ERASE_BELOW = '\x1b[J';

/** Says how all that is in the state directory stands. @returns 1 where there is something, but nothing that could be read. */
export async function status(flags: StatusFlags, io: Io): Promise<number> {
  const dir = flags.stateDir ?? defaultStateDir(process.env);
  const look = () =>
    surveyOf(dir, {
      vault: flags.vault,
      bucket: flags.bucket,
      now: Date.now(),
      speed: speedFrom(process.env.GLACIER2S3_CLOCK),
    });
  if (!flags.watch) {
    const survey = look();
    await writeStdout([textOf(survey, flags, dir)], io.stop);
    return survey.unreadable.length > 0 && survey.transfers.length + survey.inventories.length === 0 ? 1 : 0;
  }
  const redraws = process.stdout.isTTY && !flags.json;
  for (;;) {
    const text = textOf(look(), flags, dir);
    const drawn = redraws ? `${HOME}${text.replaceAll('\n', ERASE_LINE_END)}${ERASE_BELOW}` : text;
    await writeStdout([drawn], io.stop);
    await sleep(WATCH_EVERY, undefined, { signal: io.stop });
  }
}

function textOf(survey: Survey, { json }: StatusFlags, dir: string): string {
  return json ? `${JSON.stringify(survey)}\n` : renderSurvey(survey, dir);
}
