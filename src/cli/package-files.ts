import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { completionFor } from './commands/completion.ts';
import { SHELLS } from './completion/shells.ts';
import { ConfiguredCommand } from './configured-command.ts';
import { manualPages } from './manual/pages.ts';
import { addCommands, versionOf } from './program.ts';

/*
 * Run by the build: puts beside the compiled program what a package brings along and what is made from the commands.
 * dist/man, dist/completions, and the files of src/packaging as they are.
 */
const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const packaging = fileURLToPath(new URL('../../src/packaging/', import.meta.url));

const program = addCommands(
  new ConfiguredCommand('glacier2s3'),
  { stop: new AbortController().signal, onStatusSignal: () => undefined },
  () => undefined,
);
const seconds = process.env.SOURCE_DATE_EPOCH;
const now = seconds === undefined ? new Date() : new Date(Number(seconds) * 1000);
const date = now.toISOString().slice(0, 'YYYY-MM-DD'.length);

writeFolder(
  'man',
  manualPages(program, { version: versionOf(), date }).map(({ file, text }) => [file, text]),
);
const names = { bash: 'glacier2s3.bash', zsh: '_glacier2s3', fish: 'glacier2s3.fish' } as const;
writeFolder(
  'completions',
  SHELLS.map((shell) => [names[shell], completionFor(shell, program)]),
);
for (const folder of readdirSync(packaging)) {
  const from = join(packaging, folder);
  writeFolder(
    folder,
    readdirSync(from).map((file) => [file, readFileSync(join(from, file), 'utf8')]),
  );
}

/** The folder then holds these files and no others. */
function writeFolder(name: string, files: readonly (readonly [file: string, text: string])[]): void {
  const folder = join(dist, name);
  mkdirSync(folder, { recursive: true });
  for (const old of readdirSync(folder)) {
    if (!files.some(([file]) => file === old)) rmSync(join(folder, old), { recursive: true });
  }
  for (const [file, text] of files) writeFileSync(join(folder, file), text);
}
