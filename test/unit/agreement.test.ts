import { describe, expect, it } from 'vitest';
import { isTheArchive, sameChecksum } from '../../src/domain/agreement.ts';
import type { ObjectChecksum } from '../../src/domain/checksum.ts';
import { correlationOf, descriptionFor } from '../../src/domain/correlation.ts';
import type { ArchiveId, TreeHash } from '../../src/domain/ids.ts';
import { provenanceOf } from '../../src/domain/provenance.ts';
import {
  isFailure,
  type Scope,
  SERVICE_FAILURES,
  ServiceError,
  type ServiceFailure,
} from '../../src/domain/service-error.ts';
import type { Retry } from '../../src/lib/errors.ts';

const archive = { archiveId: '-id' as ArchiveId, size: 12, treeHash: 'ab'.repeat(32) as TreeHash };
const ours: ObjectChecksum = { algorithm: 'CRC32', type: 'FULL_OBJECT', value: 'AAAA' };
const metadata = provenanceOf({ ...archive, description: 'x', creationDate: 5, vault: 'v', mtime: undefined });
const object = { size: 12, metadata, checksum: ours };

describe('an object', () => {
  it('is the archive where size, id, tree hash and checksum are the same', () => {
    expect(isTheArchive(archive, object)).toBe(true);
    expect(isTheArchive(archive, object, ours)).toBe(true);
    expect(isTheArchive(archive, { size: 12, metadata })).toBe(true);
  });

  it.each([
    ['of another size', { ...object, size: 13 }],
    ['without provenance', { ...object, metadata: {} }],
    [
      'of another archive',
      {
        ...object,
        metadata: provenanceOf({
          ...archive,
          archiveId: 'id' as ArchiveId,
          description: 'x',
          creationDate: 5,
          vault: 'v',
          mtime: undefined,
        }),
      },
    ],
    [
      'of another tree hash',
      {
        ...object,
        metadata: provenanceOf({
          ...archive,
          treeHash: 'cd'.repeat(32) as TreeHash,
          description: 'x',
          creationDate: 5,
          vault: 'v',
          mtime: undefined,
        }),
      },
    ],
    ['of another checksum', { ...object, checksum: { ...ours, value: 'BBBB' } }],
    ['of which S3 gives no checksum', { size: 12, metadata }],
  ])('%s is not what was sent', (_what, other) => {
    expect(isTheArchive(archive, other, ours)).toBe(false);
  });

  it('has the same checksum only by the same algorithm, over the same', () => {
    expect(sameChecksum(ours, { ...ours })).toBe(true);
    expect(sameChecksum(undefined, ours)).toBe(false);
    expect(sameChecksum({ ...ours, algorithm: 'CRC32C' }, ours)).toBe(false);
    expect(sameChecksum({ ...ours, type: 'COMPOSITE' }, ours)).toBe(false);
  });
});

describe('the Description of a job', () => {
  it('tells a transfer its own jobs', () => {
    for (const kind of ['inventory', 'archive'] as const) {
      const text = descriptionFor({ kind, transferId: '0123456789ab' });
      expect(text).toMatch(/^[ -~]{1,60}$/);
      expect(correlationOf(text)).toEqual({ kind, transferId: '0123456789ab' });
    }
  });

  it.each([
    undefined,
    '',
    'my retrieval',
    'glacier2s3 archive',
    'glacier2s3 archive 0123456789AB',
    'glacier2s3 archive 0123456789abc',
    'glacier2s3 select 0123456789ab',
    ' glacier2s3 archive 0123456789ab',
    'glacier2s3 archive 0123456789ab\n',
  ])('of anybody else, such as %j, is not taken for one', (text) => {
    expect(correlationOf(text)).toBeUndefined();
  });
});

describe('a failure of a service', () => {
  it.each(Object.keys(SERVICE_FAILURES) as ServiceFailure[])(
    '%s says when to call again, and for what it counts',
    (code) => {
      const error = new ServiceError(code, 'one line', { operation: 'InitiateJob' });

      expect(error).toMatchObject({ code, exitCode: 1, outcomeUnknown: false, ...SERVICE_FAILURES[code] });
      expect(isFailure(error, code)).toBe(true);
      expect(isFailure(error)).toBe(false);
    },
  );

  it('is told from anything else that is thrown', () => {
    expect(isFailure(new Error('throttled'), 'throttled')).toBe(false);
    expect(isFailure({ code: 'throttled' }, 'throttled')).toBe(false);
    expect(isFailure(undefined, 'throttled')).toBe(false);
  });

  it('that may be made good soon never ends the run', () => {
    const all: readonly { readonly retry: Retry; readonly scope: Scope }[] = Object.values(SERVICE_FAILURES);
    const wrong = all.filter(({ retry, scope }) => retry === 'soon' && scope === 'run');

    expect(wrong).toEqual([]);
  });
});
