import type { Command, Option } from 'commander';
import type { Io } from './io.ts';
import { doctorOptions, iamPolicyOptions, setupOptions, teardownOptions } from './operate-options.ts';

type Add = (parent: Command, name: string, description: string, options: readonly Option[]) => Command;

/** The commands before and around a transfer. */
export function addOperateCommands(program: Command, io: Io, setExitCode: (code: number) => void, add: Add): void {
  add(
    program,
    'doctor',
    "look for all that would stand in a transfer's way; changes and costs nothing",
    doctorOptions,
  ).action(async (options) => {
    (await import('./check-flags.ts')).checkPlaceFlags(options);
    setExitCode(await (await import('./commands/doctor.ts')).doctor(options, io));
  });
  add(program, 'iam-policy', 'print the least policy for a task', iamPolicyOptions).action(async (options) =>
    setExitCode(await (await import('./commands/iam-policy.ts')).iamPolicy(options, io)),
  );
  add(program, 'setup', 'make a topic and queues that last, and what else is asked for', setupOptions).action(
    async (options) => setExitCode(await (await import('./commands/setup.ts')).setup(options, io)),
  );
  add(program, 'teardown', 'remove what setup has made', teardownOptions).action(async (options) =>
    setExitCode(await (await import('./commands/setup.ts')).teardown(options, io)),
  );
}
