import { existsSync } from 'node:fs';
import { areInstalled, runToEnd } from './daemon.ts';

/** Debian's, even where another one comes first on the PATH. */
const command = existsSync('/usr/bin/aws') ? '/usr/bin/aws' : 'aws';

export const hasAwsCli = areInstalled(command);

/** The AWS CLI as a user of that endpoint has it set up. Gives its JSON, undefined where it prints nothing. */
export function awsCli(endpoint: string, environment: Readonly<Record<string, string>>) {
  return async (...args: readonly string[]): Promise<unknown> => {
    // --endpoint-url and not AWS_ENDPOINT_URL, which Debian's 2.9 does not know yet.
    const output = await runToEnd(command, ['--endpoint-url', endpoint, '--output', 'json', ...args], {
      env: { ...environment, AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null', AWS_PAGER: '' },
    });
    return output.trim() === '' ? undefined : JSON.parse(output);
  };
}
