import { expect, it, onTestFinished, vi } from 'vitest';
import { main } from '../../src/cli/main.ts';
import { temporaryFolder } from '../support/program.ts';

/** A transfer that has been told to stop, and in which something is thrown before anything is called. */
async function thrownAfter(reason: string, thrown: unknown): Promise<{ code: number; stderr: string }> {
  let stderr = '';
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += String(text);
    return true;
  });
  onTestFinished(() => write.mockRestore());
  const given = { vault: 'photos', bucket: 'copies', region: 'us-east-1', 'state-dir': temporaryFolder(), config: '' };
  const args = Object.entries(given).map(([name, value]) => `--${name}=${value}`);
  const code = await main(['transfer', '--quiet', ...args], {
    stop: AbortSignal.abort(reason),
    onStatusSignal() {
      throw thrown;
    },
  });
  return { code, stderr };
}

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('ends quietly after %s, with its code', async (signal, code) => {
  expect(await thrownAfter(signal, signal)).toEqual({ code, stderr: '' });
  expect(await thrownAfter(signal, new DOMException('aborted', 'AbortError'))).toEqual({ code, stderr: '' });
});

it('calls a bug a bug, after a signal too, and keeps its stack', async () => {
  const { code, stderr } = await thrownAfter('SIGINT', new TypeError('nothing that a signal does'));

  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^glacier2s3: this is a bug, please report it:\nTypeError: nothing that a signal does\n\s+at /,
  );
});
