import { expect, it } from 'vitest';
import { run } from '../support/program.ts';

it('the demo copies a vault and shows its objects and the account of all its archives', async () => {
  const { code, stdout, stderr } = await run(['demo', '--archives', '10', '--speed', '36000', '-q', '--no-progress'], {
    // what the user has set up for a real transfer is none of its business
    env: { GLACIER2S3_BUCKET: 'production', AWS_REGION: 'eu-west-1', GLACIER2S3_CONFIG: '/nowhere/config.toml' },
  });

  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/10 objects in demo-bucket:\n(.+DEEP_ARCHIVE\n){10}/);
  expect(stdout).toMatch(/\n {2}glacier2s3 report --vault demo --bucket demo-bucket /);
  expect(stdout).toMatch(/copied and verified +10 .*\nall of the inventory +10 /);
});
