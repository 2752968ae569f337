import { expect, it } from 'vitest';
import { type Copied, compareObject, type SeenObject } from '../../src/domain/comparison.ts';
import type { ArchiveId, TreeHash } from '../../src/domain/ids.ts';
import { provenanceOf } from '../../src/domain/provenance.ts';

const CHECKSUM = { algorithm: 'CRC32', type: 'FULL_OBJECT', value: 'AAAAAA==' } as const;
const COPIED: Copied = {
  archiveId: 'an-archive' as ArchiveId,
  size: 1000,
  treeHash: 'ab'.repeat(32) as TreeHash,
  createdAt: Date.UTC(2014, 1, 3, 4, 5, 6, 789),
  proof: { etag: '"e"', versionId: 'v1', checksum: CHECKSUM },
};
const PROVENANCE = { ...COPIED, description: 'a description', creationDate: COPIED.createdAt, vault: 'photos' };
const OBJECT: SeenObject = {
  etag: '"e"',
  versionId: 'v1',
  checksum: CHECKSUM,
  size: 1000,
  storageClass: 'DEEP_ARCHIVE',
  metadata: provenanceOf(PROVENANCE),
};
const WANTED = { vault: 'photos', storageClass: 'DEEP_ARCHIVE' };

it('finds an object to be what was copied', () => {
  expect(compareObject(COPIED, OBJECT, WANTED)).toEqual({ result: '=' });
  expect(
    compareObject(COPIED, { ...OBJECT, storageClass: 'STANDARD' }, { ...WANTED, storageClass: undefined }),
  ).toEqual({
    result: '=',
  });
});

it('says that there is no object', () => {
  expect(compareObject(COPIED, undefined, WANTED).result).toBe('-');
});

it.each<[string, Partial<SeenObject>, RegExp]>([
  ['another size', { size: 1001 }, /^size 1001, not 1000$/],
  ['another checksum', { checksum: { ...CHECKSUM, value: 'BBBBBB==' } }, /^CRC32 BBBBBB==, not CRC32 AAAAAA==$/],
  ['a checksum of another kind', { checksum: { ...CHECKSUM, type: 'COMPOSITE' } }, /^CRC32 /],
  ['no checksum any more', { checksum: undefined }, /^no checksum, not CRC32/],
  ['another ETag', { etag: '"f"' }, /^ETag "f", not "e"$/],
  ['another version', { versionId: 'v2' }, /^version v2, not v1$/],
  ['no version', { versionId: undefined }, /^version null, not v1$/],
  ['another class', { storageClass: 'STANDARD' }, /^storage class STANDARD, not DEEP_ARCHIVE$/],
  ['no provenance', { metadata: {} }, /^its metadata names no archive$/],
  [
    'the provenance of another archive',
    { metadata: provenanceOf({ ...PROVENANCE, archiveId: 'other' as ArchiveId }) },
    /\(archive id\)$/,
  ],
  [
    'the tree hash of other bytes',
    { metadata: provenanceOf({ ...PROVENANCE, treeHash: 'cd'.repeat(32) as TreeHash }) },
    /\(tree hash\)$/,
  ],
  ['another creation date', { metadata: provenanceOf({ ...PROVENANCE, creationDate: 0 }) }, /\(creation date\)$/],
  ['another vault', { metadata: provenanceOf({ ...PROVENANCE, vault: 'music' }) }, /\(vault\)$/],
])('sees %s, and says so', (_, change, detail) => {
  const { result, detail: said } = compareObject(COPIED, { ...OBJECT, ...change }, WANTED);

  expect(result).toBe('*');
  expect(said).toMatch(detail);
});

it('takes an object that was there before its bucket was versioned for the one it was', () => {
  const copied = { ...COPIED, proof: { etag: '"e"', checksum: CHECKSUM } };

  expect(compareObject(copied, { ...OBJECT, versionId: 'null' }, WANTED)).toEqual({ result: '=' });
  expect(compareObject(copied, { ...OBJECT, versionId: 'v1' }, WANTED).result).toBe('*');
});
