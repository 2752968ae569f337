import { namesOf, summaryOfNames } from '../../steps/names.ts';
import type { Io } from '../io.ts';
import { type NamesRunFlags, withNames } from '../names-run.ts';
import { type NamesFormat, namesPieces, renderNamesSummary } from '../output/names.ts';
import { writeStdout } from '../output/write-out.ts';

export interface NamesFlags extends NamesRunFlags {
  readonly format: NamesFormat;
  readonly summary?: boolean;
}

/** Shows what each archive is called, or how many there are of each kind. @returns the exit code. */
export function names(flags: NamesFlags, io: Io): Promise<number> {
  const { prefix, format, summary, json } = flags;
  return withNames(flags, io, async (deps) => {
    if (summary) {
      const counts = await summaryOfNames(deps, prefix);
      await writeStdout([json ? `${JSON.stringify(counts)}\n` : renderNamesSummary(counts)], io.stop);
    } else await writeStdout(namesPieces(namesOf(deps.state, prefix), json ? 'jsonl' : format), io.stop);
    return 0;
  });
}
