/**
 * Serves those who stand in line, the longest waiting first, and takes them out of it. Those behind the first who can't be
 * served go past, but not to what is kept for it.
 * @param serve @returns whether there was enough beside what is kept; undefined: nothing is.
 * @param keepFor what the first who can't be served will be given.
 */
export function serveLine<One, Kept>(
  line: One[],
  serve: (one: One, kept: Kept | undefined) => boolean,
  keepFor: (one: One) => Kept,
): void {
  let kept: Kept | undefined;
  for (let at = 0; at < line.length; ) {
    const one = line[at] as One;
    if (serve(one, kept)) line.splice(at, 1);
    else {
      kept ??= keepFor(one);
      at += 1;
    }
  }
}
