/**
 * Picks exactly `wanted` of `total` that come by one after another, each as likely as the other (selection sampling). The same seed
 * picks the same ones.
 * @param seed a whole number.
 * @returns whether the next one is picked; called once for each, in order.
 */
export function sampler(total: number, wanted: number, seed: number): () => boolean {
  const random = randomOf(seed);
  let left = total;
  let needed = Math.min(wanted, total);
  return () => {
    const picked = random() * left < needed;
    left -= 1;
    if (picked) needed -= 1;
    return picked;
  };
}

/** A linear congruential generator over 48 bits, of the constants of `drand48`: no secret, but the same on every machine. */
function randomOf(seed: number): () => number {
  const mask = (1n << 48n) - 1n;
  let state = ((BigInt(seed) << 16n) + 0x330en) & mask;
  return () => {
    state = (state * 0x5deece66dn + 0xbn) & mask;
    return Number(state) / 2 ** 48;
  };
}
