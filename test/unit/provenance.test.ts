import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ArchiveId, TreeHash } from '../../src/domain/ids.ts';
import {
  CUT_MARK,
  MAX_METADATA_BYTES,
  type Provenance,
  parseProvenance,
  provenanceOf,
} from '../../src/domain/provenance.ts';

const idOf = (size: number) => fc.string({ unit: fc.constantFrom(...'abcXYZ019-_'), minLength: 1, maxLength: size });
const anyUnit = fc.oneof(
  fc.nat(0xffff).map((code) => String.fromCharCode(code)),
  fc.constantFrom('ж', '😀', 'a', '%', ' ', '%...', '=?', '\\'),
);
const archives = fc.record({
  archiveId: idOf(255).map((id) => id as ArchiveId),
  description: fc.oneof(
    fc.string({ unit: anyUnit, maxLength: 40 }),
    fc.string({ unit: anyUnit, minLength: 200, maxLength: 1100 }),
  ),
  creationDate: fc.integer({ min: 0, max: Date.UTC(2100, 0) }),
  treeHash: fc.constant('ab'.repeat(32) as TreeHash),
  vault: idOf(255),
  mtime: fc.option(fc.integer({ min: Date.UTC(1000, 0), max: Date.UTC(9999, 0) }), { nil: undefined }),
  flags: fc.constantFrom({}, { compressed: true }, { encrypted: true }, { compressed: true, encrypted: true }),
});
const sample: Provenance = {
  archiveId: 'an-archive-id' as ArchiveId,
  description: 'photos 2012',
  creationDate: Date.parse('2012-05-15T17:19:46.700Z'),
  treeHash: 'ab'.repeat(32) as TreeHash,
  vault: 'photos',
};
const described = (description: string) => provenanceOf({ ...sample, description })['glacier-description'] ?? '';

describe('the metadata of an object', () => {
  it('is printable ASCII of at most 2,048 bytes, whatever the description', () => {
    fc.assert(
      fc.property(archives, (archive) => {
        const metadata = Object.entries(provenanceOf(archive));
        const size = metadata.reduce((sum, [name, value]) => sum + Buffer.byteLength(name + value), 0);
        expect(size).toBeLessThanOrEqual(MAX_METADATA_BYTES);
        for (const [name, value] of metadata) {
          expect(name).toMatch(/^[a-z-]+$/);
          // nothing that a header would lose on the way
          expect(value).toMatch(/^(?! )(?!.* {2})(?!.* $)(?!.*=\?)[ -~]+$/);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('gives everything back, and of a description at least its start', () => {
    fc.assert(
      fc.property(archives, (archive) => {
        const { description, descriptionCut, ...rest } = parseProvenance(provenanceOf(archive)) ?? expect.unreachable();
        const { description: original, ...others } = archive;
        expect(rest).toEqual(others);
        if (descriptionCut) expect(original.toWellFormed().startsWith(description ?? '-')).toBe(true);
        else expect(description).toBe(original.toWellFormed());
      }),
      { numRuns: 1000 },
    );
  });

  it('has the names that rclone and people look for', () => {
    expect(provenanceOf({ ...sample, mtime: 1346072082000, flags: { compressed: true, encrypted: true } })).toEqual({
      'glacier-archive-id': 'an-archive-id',
      'glacier-tree-hash': 'ab'.repeat(32),
      'glacier-creation-date': '2012-05-15T17:19:46.700Z',
      'glacier-vault': 'photos',
      'glacier-flags': 'compressed,encrypted',
      mtime: '1346072082',
      'glacier-description': 'photos 2012',
    });
  });

  it('leaves out what there is not', () => {
    expect(Object.keys(provenanceOf({ ...sample, description: '' }))).toEqual([
      'glacier-archive-id',
      'glacier-tree-hash',
      'glacier-creation-date',
      'glacier-vault',
    ]);
  });

  it('encodes what a header or RFC 2047 would change, and nothing more', () => {
    expect(described(' a  b 100% =?x <m> é ')).toBe('%20a %20b 100%25 %3D?x <m> %C3%A9%20');
  });

  it('holds a description of 1,024 ASCII characters whole', () => {
    expect(described('x'.repeat(1024))).toBe('x'.repeat(1024));
  });

  it.each(['ж', 'я1', '😀', 'a😀', '€', ' €'])('cuts between two characters, with the mark: %s', (text) => {
    const value = described(text.repeat(1024));

    expect(value.endsWith(CUT_MARK)).toBe(true);
    const start = decodeURIComponent(value.slice(0, -CUT_MARK.length));
    expect(text.repeat(1024).startsWith(start)).toBe(true);
    const metadata = provenanceOf({ ...sample, description: text.repeat(1024) });
    const size = Object.entries(metadata).reduce((sum, entry) => sum + `x-amz-meta-${entry.join('')}`.length, 0);
    expect(size).toBeGreaterThan(MAX_METADATA_BYTES - '%F0%9F%98%80'.length);
    expect(size).toBeLessThanOrEqual(MAX_METADATA_BYTES);
  });
});

describe('metadata of others', () => {
  it('names no archive', () => {
    expect(parseProvenance({})).toBeUndefined();
    expect(parseProvenance({ mtime: '1346072082.5' })).toBeUndefined();
    expect(parseProvenance({ 'glacier-archive-id': 'no id!' })).toBeUndefined();
  });

  it('is read as far as it can be', () => {
    const found = parseProvenance({
      'glacier-archive-id': 'a',
      'glacier-creation-date': 'x',
      mtime: '1.5',
      'glacier-description': '50%',
    });

    expect(found).toEqual({ archiveId: 'a', description: '50%', descriptionCut: false, mtime: 1500, flags: {} });
  });
});
