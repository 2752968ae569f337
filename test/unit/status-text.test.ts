import { describe, expect, it } from 'vitest';
import { blockLines, statusLine } from '../../src/cli/output/progress.ts';
import { bar, renderStatus, renderSurvey, shareOf } from '../../src/cli/output/status-text.ts';
import { STATES, type State } from '../../src/domain/progress.ts';
import type { TransferStatus } from '../../src/steps/status.ts';

const MiB = 2 ** 20;

function statusWith(
  change: Partial<TransferStatus> & { states?: Partial<Record<State, number>> } = {},
): TransferStatus {
  const { states = { requested: 1, staged: 2, verified: 1000, failed: 1 }, ...rest } = change;
  const sum = (count: number) => ({ count, bytes: count * MiB });
  const archives = Object.fromEntries(STATES.map((state) => [state, sum(states[state] ?? 0)])) as Record<
    State,
    ReturnType<typeof sum>
  >;
  const total = sum(Object.values(states).reduce((all, count) => all + count, 0));
  return {
    ...{
      vault: 'photos',
      bucket: 'copies',
      prefix: 'old/',
      region: 'eu-west-1',
      storageClass: 'GLACIER_IR',
      tier: 'Bulk',
    },
    phase: 'transferring',
    running: { pid: 4711, since: '2026-11-21T10:00:30.000Z' },
    inventoryDate: '2026-11-20T04:11:00.000Z',
    archives: { total, ...archives },
    purged: { count: 0, bytes: 0 },
    failures: [{ code: 'archive_not_found', count: 1 }],
    rate: { bytesPerSecond: 3 * MiB, archivesPerSecond: 3 },
    etaSeconds: 3723,
    nextExpiry: '2026-11-22T04:05:06.000Z',
    cost: { spentUsd: 1.2, plannedUsd: 4.24, committedUsd: 0.5 },
    hold: { code: 'window_full', text: '3 MiB outstanding' },
    paces: null,
    lineRate: null,
    lineUpload: null,
    ...rest,
  };
}

it('shows at a glance how a transfer stands', () => {
  expect(renderStatus(statusWith())).toBe(
    [
      'photos to copies/old/: transferring',
      '  eu-west-1, by Bulk retrieval to GLACIER_IR, inventory of 2026-11-20 04:11 UTC',
      '  running as process 4711 since 2026-11-21 10:00 UTC',
      '  ███████████████████░  99% 1,001 of 1,004 archives, 1001 MiB of 1004 MiB, 3 MiB/s, 1h 2m left',
      '  requested 1  staged 2  verified 1,000  failed 1',
      '  spent $1.20 of $4.24 planned, as estimated',
      '  failed: archive_not_found 1',
      '  next output expires 2026-11-22 04:05 UTC',
      '  nothing is being requested: 3 MiB outstanding',
      '',
    ].join('\n'),
  );
});

it('says little of a transfer that has just begun', () => {
  const begun = statusWith({
    ...{ states: {}, phase: 'inventory', running: null, inventoryDate: null, storageClass: null, tier: null },
    ...{
      failures: [],
      rate: { bytesPerSecond: 0, archivesPerSecond: 0 },
      etaSeconds: null,
      nextExpiry: null,
      hold: null,
    },
    cost: { spentUsd: 0, plannedUsd: 0, committedUsd: 0 },
    prefix: '',
  });

  expect(renderStatus(begun)).toBe('photos to copies: inventory\n  eu-west-1\n  not running\n');
  expect(statusLine(begun)).toBe('inventory, 0 of 0 archives, 0 B of 0 B');
});

it('says what an upload has measured until copies tell', () => {
  const lineUpload = { bytesPerSecond: 412 * MiB };
  const lineRate = { bytesPerSecond: 330 * MiB, archivesPerSecond: 20 };

  expect(renderStatus(statusWith({ lineUpload, lineRate }))).toContain(
    '\n  line measured: 412 MiB/s up; 330 MiB/s counted on until copies tell\n',
  );
  expect(renderStatus(statusWith({ lineUpload: null, lineRate }))).not.toContain('line measured');
});

it('lets nothing that comes from outside command the terminal', () => {
  const text = renderStatus(statusWith({ prefix: '\x1b[2J/', failures: [{ code: 'a\nb', count: 1 }] }));

  expect(text.split('\n').filter((line) => /[^\P{Cc}\n]/u.test(line))).toEqual([]);
  expect(text).toContain('\\x1b[2J');
  expect(text).toContain('a\\x0ab 1');
});

it('names inventories and files that cannot be read beside the transfers', () => {
  const text = renderSurvey(
    {
      transfers: [],
      inventories: [
        {
          ...{ vault: 'photos', region: 'eu-west-1', inventoryDate: null, stateFile: 'a', complete: true },
          archives: { count: 1, bytes: 5 },
        },
        {
          ...{ vault: 'films', region: 'eu-west-1', inventoryDate: null, stateFile: 'b', complete: false },
          archives: { count: 0, bytes: 0 },
        },
      ],
      unreadable: [{ stateFile: 'c', code: 'state_corrupt', message: 'c is damaged' }],
    },
    'dir',
  );

  expect(text).toBe(
    "photos in eu-west-1: inventory, 1 archive, 5 B\nfilms in eu-west-1: inventory, on its way\n\ncan't be read: c is damaged\n",
  );
});

describe('the bar', () => {
  it.each([
    [0, '░░░░░░░░░░   0%'],
    [0.999, '█████████░  99%'],
    [1, '██████████ 100%'],
  ])('is full, and 100%%, only when all is done: %d', (share, text) => {
    expect(bar(share, 10)).toBe(text);
  });

  it('goes by bytes, by archives where there are no bytes, and stands at nothing without archives', () => {
    const noBytes = { count: 4, bytes: 0 };
    const { archives } = statusWith({ states: { verified: 1, planned: 3 } });

    expect(shareOf(statusWith({ states: { verified: 1, planned: 3 } }))).toBe(0.25);
    expect(shareOf({ ...statusWith(), archives: { ...archives, total: noBytes } })).toBe(0.25);
    expect(shareOf(statusWith({ states: {} }))).toBe(0);
  });
});

describe('the live block', () => {
  it('has as many lines at each moment', () => {
    for (const status of [statusWith(), statusWith({ states: {} }), statusWith({ failures: [], nextExpiry: null })]) {
      expect(blockLines(status, undefined)).toHaveLength(5);
    }
  });

  it('shows phase, amounts, rate, time left, states, failures and the next expiry', () => {
    expect(blockLines(statusWith(), undefined)).toEqual([
      'photos to copies: transferring',
      '███████████████████░  99%  3 MiB/s, 1h 2m left',
      '1,001 of 1,004 archives, 1001 MiB of 1004 MiB',
      'requested 1  staged 2  verified 1,000  failed 1',
      'failed: archive_not_found 1; next output expires 2026-11-22 04:05 UTC',
    ]);
  });

  it('tells why nothing is requested only while something is to be', () => {
    const last = (states: Partial<Record<State, number>>) =>
      blockLines(statusWith({ states, failures: [], nextExpiry: null }), 'the line is full').at(-1);

    expect(last({ planned: 1, staged: 1 })).toBe('nothing is being requested: the line is full');
    expect(last({ staged: 1 })).toBe('');
  });
});
