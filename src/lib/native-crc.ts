import { createRequire } from 'node:module';
import { crc32 } from 'node:zlib';

/** CRCs of bytes that go on from the CRC of those before them; 0 to begin with. */
export interface NativeCrcs {
  crc32(bytes: Uint8Array, before: number): number;
  /** Absent where it is not to be had. */
  readonly crc32c?: (bytes: Uint8Array, before: number) => number;
}

/** The bytes that catalogues of CRCs give the values of, and those values (CRC RevEng catalogue). */
const CHECK = Buffer.from('123456789');
const CHECK_CRC32 = 0xcbf43926;
const CHECK_CRC32C = 0xe3069283;

/**
 * The fastest CRCs that are to be had here. Measured, CPU seconds a GiB: 0.07 by the addon, which multiplies carryless
 * where the processor can; 0.16 by Node's zlib, which looks up tables in the builds for x64. Where the addon has no
 * build for the machine or was not installed (npm leaves it out with `--omit=optional`), zlib does as well.
 */
export function nativeCrcs(load: () => Required<NativeCrcs> = addon): NativeCrcs {
  try {
    const native = load();
    if (native.crc32(CHECK, 0) === CHECK_CRC32 && native.crc32c(CHECK, 0) === CHECK_CRC32C) return native;
  } catch {
    // no addon, or another one, for which a variable of its loader is enough
  }
  return { crc32 };
}

function addon(): Required<NativeCrcs> {
  return createRequire(import.meta.url)('@node-rs/crc32') as typeof import('@node-rs/crc32');
}
