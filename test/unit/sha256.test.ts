import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Sha256 } from '../../src/aws/sha256.ts';

const text = fc.string({ unit: 'binary', maxLength: 40 });
const view = fc.uint8Array({ minLength: 1, maxLength: 80 });
const source = fc.oneof(
  text,
  view,
  view.map((bytes) => bytes.slice().buffer),
  view.map((bytes) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)),
);

const bytesOf = (data: string | ArrayBuffer | ArrayBufferView): Buffer => {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data) ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : Buffer.from(data);
};

const digestOf = async (data: readonly (string | ArrayBuffer | ArrayBufferView)[], secret?: string | Uint8Array) => {
  const hash = new Sha256(secret);
  for (const piece of data) hash.update(piece);
  return Buffer.from(await hash.digest()).toString('hex');
};

it('is the SHA-256 of all that it was given, in whatever form', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(source, { maxLength: 4 }), async (data) => {
      const expected = createHash('sha256').update(Buffer.concat(data.map(bytesOf)));
      expect(await digestOf(data)).toBe(expected.digest('hex'));
    }),
  );
});

it('is the HMAC by the secret of the moment, whichever came before', async () => {
  const secrets = fc.array(fc.oneof(text.filter(Boolean), view), { minLength: 2, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(secrets, fc.array(source, { minLength: 1, maxLength: 3 }), async (some, data) => {
      for (const secret of [...some, ...some]) {
        const expected = createHmac('sha256', secret).update(Buffer.concat(data.map(bytesOf)));
        expect(await digestOf(data, secret)).toBe(expected.digest('hex'));
      }
    }),
  );
});

it('forgets what it was given when it is reset', async () => {
  const hash = new Sha256();
  hash.update('before');
  hash.reset();
  hash.update('after');

  expect(Buffer.from(await hash.digest())).toEqual(createHash('sha256').update('after').digest());
});
