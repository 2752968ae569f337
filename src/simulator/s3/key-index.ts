/** Where a UTF-16 code unit stands among the others once text is written in UTF-8: surrogates come last there. */
function rank(unit: number): number {
  if (unit >= 0xe000) return unit - 0x800;
  return unit >= 0xd800 ? unit + 0x2000 : unit;
}

/** Order of the texts' UTF-8 bytes, S3's order of keys. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const difference = rank(a.charCodeAt(i)) - rank(b.charCodeAt(i));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Keys in order of their UTF-8 bytes. */
export class KeyIndex {
  readonly #keys: string[] = [];

  /** The place of the first key that is not before `key`. */
  #place(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareUtf8(this.#keys[middle] as string, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  add(key: string): void {
    const place = this.#place(key);
    if (this.#keys[place] !== key) this.#keys.splice(place, 0, key);
  }

  delete(key: string): void {
    const place = this.#place(key);
    if (this.#keys[place] === key) this.#keys.splice(place, 1);
  }

  /** The keys that are not before `key`, in order. */
  *from(key: string): Generator<string> {
    for (let i = this.#place(key); i < this.#keys.length; i += 1) yield this.#keys[i] as string;
  }
}
