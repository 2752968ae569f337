import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PieceRing } from '../../src/aws/piece-ring.ts';

const bytesOf = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 255);

/** Feeds a ring as a connection does: into its room, or from elsewhere; no more after a no, but for what is on its way. */
function feeder(room: Uint8Array, bytes: Uint8Array, sizes: readonly number[], stubborn: boolean) {
  let at = 0;
  let turn = 0;
  let wanted = true;
  const ring: PieceRing = new PieceRing(room, () => {
    wanted = true;
  });
  const feed = () => {
    if (at === bytes.length) return false;
    if (!wanted && !stubborn) return false;
    const size = sizes[turn % sizes.length] ?? 1;
    turn += 1;
    const place = turn % 3 === 0 ? undefined : ring.roomFor();
    const length = Math.min(size, bytes.length - at, place?.length ?? Number.POSITIVE_INFINITY);
    const part = bytes.slice(at, at + length);
    at += length;
    if (place) {
      place.set(part);
      wanted = ring.accept(place.subarray(0, length));
    } else wanted = ring.accept(part);
    // what was read elsewhere is overwritten at once
    part.fill(0xee);
    return true;
  };
  return { ring, feed, isOver: () => at === bytes.length };
}

it('gives out all bytes in order, and leaves a piece alone until the next but one is asked for', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 12 });
  const room = fc.integer({ min: 1, max: 200 }).map((quarter) => quarter * 4);
  const history = fc.asyncProperty(fc.nat({ max: 5000 }), sizes, room, fc.boolean(), async (...given) => {
    const [length, chunks, space, stubborn] = given;
    const bytes = bytesOf(length);
    const { ring, feed, isOver } = feeder(new Uint8Array(space), bytes, chunks, stubborn);
    const pieces = ring.read();
    const got: number[] = [];
    let kept: { readonly piece: Uint8Array; readonly was: readonly number[] } | undefined;
    for (;;) {
      const asked = pieces.next();
      let result: IteratorResult<Uint8Array> | undefined;
      while (!result) {
        feed();
        if (isOver()) ring.end();
        result = await Promise.race([asked, new Promise<undefined>((resolve) => setImmediate(resolve, undefined))]);
      }
      if (kept) expect([...kept.piece]).toEqual(kept.was);
      if (result.done) break;
      const { value } = result;
      // as much as it takes while the reader works
      for (let more = true; more; ) more = feed();
      if (kept) expect([...kept.piece]).toEqual(kept.was);
      kept = { piece: value, was: [...value] };
      got.push(...value);
    }
    expect(got).toEqual([...bytes]);
  });
  await fc.assert(history);
});

it('gives out what came before an error, and then the error', async () => {
  const ring = new PieceRing(new Uint8Array(16), () => undefined);
  ring.accept(bytesOf(6));
  ring.end(new Error('cut'));
  ring.end();
  const pieces = ring.read();

  expect((await pieces.next()).value).toEqual(bytesOf(6).subarray(0, 4));
  await expect(pieces.next()).rejects.toThrow('cut');
});

it('writes nothing to its memory any more once it has ended with an error', async () => {
  const room = new Uint8Array(16);
  const ring = new PieceRing(room, () => undefined);
  ring.accept(bytesOf(16));
  ring.accept(bytesOf(4));
  const pieces = ring.read();
  await pieces.next();
  await pieces.next();
  ring.end(new Error('cut'));
  room.fill(0xee);
  for (let i = 0; i < 2; i += 1) await pieces.next();

  await expect(pieces.next()).rejects.toThrow('cut');
  expect(room).toEqual(new Uint8Array(16).fill(0xee));
});

it('says no when its room is full, and asks for more when there is some again', async () => {
  let asked = 0;
  const ring = new PieceRing(new Uint8Array(16), () => {
    asked += 1;
  });

  expect(ring.accept(bytesOf(12))).toBe(true);
  expect(ring.accept(bytesOf(4))).toBe(false);
  expect(ring.roomFor()).toBeUndefined();
  const pieces = ring.read();
  await pieces.next();
  expect(asked).toBe(0);
  await pieces.next();
  expect(asked).toBe(0);
  await pieces.next();
  expect(asked).toBe(1);
  expect(ring.roomFor()).toHaveLength(4);
});
