import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { run } from '../support/program.ts';

const ARGS = [
  'transfer',
  '--vault',
  'v',
  '--bucket',
  'bucket',
  '--yes',
  '--region',
  'us-east-1',
  '--max-duration',
  '2s',
];
const KEYS = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' };

it('an endpoint in the environment that is no URL is said in one line', async () => {
  const ended = await run(ARGS, { env: { ...KEYS, AWS_ENDPOINT_URL: 'nonsense' } });

  expect(ended.code).toBe(1);
  expect(ended.stderr).toContain('the endpoint is not a URL');
  expect(ended.stderr).not.toContain('    at ');
});

it('an endpoint that speaks no HTTP is a network that is away, not a bug', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end('SSH-2.0-OpenSSH_9.2\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;

  const ended = await run([...ARGS, '--endpoint-url', `http://127.0.0.1:${port}`], { env: KEYS });

  expect(ended.code).not.toBe(0);
  expect(ended.stderr).not.toContain('this is a bug');
  expect(ended.stderr).not.toContain('    at ');
});
