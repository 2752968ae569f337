import { describe, expect, it } from 'vitest';
import { DAY, MINUTE, SECOND } from '../../src/lib/duration.ts';
import type { DirectoryState, Machine } from '../../src/lib/machine.ts';
import { thisMachine } from '../../src/lib/machine.ts';
import { GiB, MiB } from '../../src/lib/size.ts';
import type { AccountInspection } from '../../src/ports-operate.ts';
import { ACCOUNT_CHECKS } from '../../src/steps/doctor/account-checks.ts';
import type { DoctorDeps, DoctorOptions, Known } from '../../src/steps/doctor/finding.ts';
import { MACHINE_CHECKS } from '../../src/steps/doctor/machine-checks.ts';

const OPTIONS = { concurrency: 16, stateDir: '/state' } as DoctorOptions;

async function status(name: string, machine: Partial<Machine>, known: Known = {}): Promise<string> {
  const check = [...MACHINE_CHECKS, ...ACCOUNT_CHECKS].find((each) => each.name === name);
  const finding = await check?.run({ machine } as DoctorDeps, OPTIONS, known);
  return `${finding?.status}: ${finding?.message}`;
}

function on(state: Partial<DirectoryState>): Partial<Machine> {
  const whole: DirectoryState = { freeBytes: 100 * GiB, kind: 'disk', unwritable: undefined, ...state };
  return { directory: async () => whole };
}

describe('the check of the clock', () => {
  it.each([
    [0, 'ok'],
    [29 * SECOND, 'ok'],
    [-2 * MINUTE, "warning: this machine's clock is 2m ahead of"],
    [5 * MINUTE, "problem: this machine's clock is 5m behind"],
    [-DAY, "problem: this machine's clock is 1d ahead of"],
    [undefined, 'warning: AWS has not said'],
  ])('says of %d milliseconds that it is %s', async (skewMs, expected) => {
    const caller = { accountId: '1', arn: 'arn', skewMs };

    expect(await status('clock', {}, { caller })).toMatch(new RegExp(`^${expected}`));
  });
});

describe('the check of permissions', () => {
  const caller = { accountId: '1', arn: 'arn', skewMs: 0 };
  const check = ACCOUNT_CHECKS.find(({ name }) => name === 'iam');
  const options = { ...OPTIONS, tags: {}, region: 'eu-west-1', prefix: '', notifications: false } as DoctorOptions;

  it.each<[string, 'allowed' | 'denied' | 'unsure', RegExp]>([
    ['all is allowed', 'allowed', /^ok: IAM allows all \d+ actions/],
    ['something is not', 'denied', /^problem: IAM does not allow s3:PutObject on/],
    ['conditions decide that IAM was not told', 'unsure', /^warning: it depends on conditions .* s3:PutObject on/],
  ])('knows that %s', async (_, decision, expected) => {
    const account: AccountInspection = {
      caller: async () => caller,
      decisions: async (_principal, permissions) =>
        permissions.map((permission) => ({
          permission,
          decision: permission.action === 's3:PutObject' ? decision : 'allowed',
        })),
    };

    const finding = await check?.run({ account } as DoctorDeps, options, { caller });

    expect(`${finding?.status}: ${finding?.message}`).toMatch(expected);
  });
});

describe('the check of open files', () => {
  it.each([
    [192, 'ok: 192 may be open, some 192 are needed'],
    [191, 'problem: 191 may be open, --concurrency 16 needs some 192'],
    [undefined, 'ok: the system names no limit'],
  ])('with a limit of %s is %s', async (openFiles, expected) => {
    expect(await status('open files', { openFiles })).toBe(expected);
  });
});

describe('the check of Node', () => {
  it('warns of a short-lived line', async () => {
    expect(await status('node', { nodeVersion: '24.1.0' })).toBe('ok: Node.js 24.1.0');
    expect(await status('node', { nodeVersion: '25.0.0' })).toMatch(/^warning: .* short-lived/);
  });
});

describe('the check of the state directory', () => {
  it.each<[string, Partial<DirectoryState>, Known, RegExp]>([
    ['room on a disk', {}, {}, /^ok: 100 GiB free/],
    ['a directory that nothing can be written to', { unwritable: 'EACCES' }, {}, /^problem: .*EACCES/],
    ['a network file system', { kind: 'network' }, {}, /^problem: .*locks do not hold/],
    ['a directory in memory', { kind: 'memory' }, {}, /^warning: .*lost when the machine starts anew/],
    ['room for few archives', { freeBytes: GiB }, { archives: 1000 }, /^ok/],
    ['room for fewer archives than there are', { freeBytes: GiB }, { archives: 10_000_000 }, /^problem: 1 GiB free/],
    ['no room at all', { freeBytes: MiB }, {}, /^problem/],
  ])('sees %s', async (_, state, known, expected) => {
    expect(await status('state directory', on(state), known)).toMatch(expected);
  });
});

describe('this machine', () => {
  it('knows its Node, its limit, and a directory that is not there yet by the one it would be in', async () => {
    const machine = thisMachine();
    const state = await machine.directory('/tmp/glacier2s3-not-there/at/all');

    expect(machine.nodeVersion).toBe(process.versions.node);
    if (process.platform === 'linux') expect(machine.openFiles).toBeGreaterThan(0);
    expect(state.freeBytes).toBeGreaterThan(0);
    expect(state.unwritable).toBeUndefined();
  });
});
