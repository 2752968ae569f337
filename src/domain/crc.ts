import { type NativeCrcs, nativeCrcs } from '../lib/native-crc.ts';

/** A CRC as S3 keeps them: reflected, register and result inverted. The polynomial is in reflected notation. */
interface Crc {
  readonly bits: 32 | 64;
  readonly polynomial: bigint;
}

export type CrcName = 'CRC32' | 'CRC32C' | 'CRC64NVME';

/** Polynomials: CRC RevEng catalogue, entries CRC-32/ISO-HDLC, CRC-32/ISCSI, CRC-64/NVME. */
const CRCS: Readonly<Record<CrcName, Crc>> = {
  CRC32: { bits: 32, polynomial: 0xedb88320n },
  CRC32C: { bits: 32, polynomial: 0x82f63b78n },
  CRC64NVME: { bits: 64, polynomial: 0x9a6c9329ac4bc9b5n },
};

/** A CRC over bytes as they arrive. */
export interface RunningCrc {
  update(bytes: Uint8Array): void;
  /** The CRC of the bytes so far. */
  value(): bigint;
}

/** Loaded with the first CRC: most commands need none. */
let found: NativeCrcs | undefined;

function findNative(): NativeCrcs {
  found ??= nativeCrcs();
  return found;
}

export function newCrc(name: CrcName, native = findNative()): RunningCrc {
  const { crc32, crc32c } = native;
  switch (name) {
    case 'CRC32':
      return newNativeCrc(crc32);
    case 'CRC32C':
      return crc32c ? newNativeCrc(crc32c) : newCrc32c();
    case 'CRC64NVME':
      return newCrc64();
    default:
      name satisfies never;
      throw new TypeError(`no such CRC: ${name}`);
  }
}

/** The CRC's bytes, most significant first. */
export function crcBytes(name: CrcName, value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(CRCS[name].bits / 4, '0'), 'hex');
}

/** The CRC of these bytes, most significant first; undefined where their number is wrong. */
export function crcFromBytes(name: CrcName, bytes: Buffer): bigint | undefined {
  return bytes.length * 8 === CRCS[name].bits ? BigInt(`0x${bytes.toString('hex')}`) : undefined;
}

/**
 * The CRC of pieces laid end to end, from the CRC and the length of each: one multiplication in GF(2) modulo the
 * polynomial for a piece of a length seen before, one for each bit that is set in the length otherwise.
 */
export function combineCrcs(
  name: CrcName,
  pieces: Iterable<{ readonly value: bigint; readonly length: number }>,
): bigint {
  const crc = CRCS[name];
  const shifts = new Map<number, bigint>();
  let combined = 0n;
  for (const { value, length } of pieces) {
    let shift = shifts.get(length);
    if (shift === undefined) {
      shift = powerOfX(crc, 8n * BigInt(length));
      shifts.set(length, shift);
    }
    combined = multiply(crc, shift, combined) ^ value;
  }
  return combined;
}

/** a * b modulo the polynomial. Reflected: the highest bit is x^0. */
function multiply({ bits, polynomial }: Crc, a: bigint, b: bigint): bigint {
  let product = 0n;
  let factor = b;
  for (let mask = 1n << BigInt(bits - 1); mask > 0n; mask >>= 1n) {
    if (a & mask) product ^= factor;
    factor = factor & 1n ? (factor >> 1n) ^ polynomial : factor >> 1n;
  }
  return product;
}

/** x^exponent modulo the polynomial. */
function powerOfX(crc: Crc, exponent: bigint): bigint {
  const one = 1n << BigInt(crc.bits - 1);
  let power = one;
  let square = one >> 1n;
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) power = multiply(crc, power, square);
    square = multiply(crc, square, square);
  }
  return power;
}

function newNativeCrc(crc: (bytes: Uint8Array, before: number) => number): RunningCrc {
  let state = 0;
  return {
    update: (bytes) => {
      state = crc(bytes, state);
    },
    value: () => BigInt(state),
  };
}

/** Eight tables of 256 entries, one behind the other: entry n of table k is byte n followed by k zero bytes. */
interface SliceTables {
  readonly low: Int32Array;
  readonly high: Int32Array;
}

function sliceTables({ polynomial }: Crc): SliceTables {
  const tables = new BigUint64Array(8 * 256);
  for (let n = 0; n < 256; n += 1) {
    let entry = BigInt(n);
    for (let bit = 0; bit < 8; bit += 1) entry = entry & 1n ? (entry >> 1n) ^ polynomial : entry >> 1n;
    tables[n] = entry;
  }
  for (let i = 256; i < tables.length; i += 1) {
    const previous = tables[i - 256] as bigint;
    tables[i] = (previous >> 8n) ^ (tables[Number(previous & 0xffn)] as bigint);
  }
  return {
    low: Int32Array.from(tables, (entry) => Number(BigInt.asIntN(32, entry))),
    high: Int32Array.from(tables, (entry) => Number(BigInt.asIntN(32, entry >> 32n))),
  };
}

const CRC32C_TABLES = sliceTables(CRCS.CRC32C);
const CRC64_TABLES = sliceTables(CRCS.CRC64NVME);

function newCrc32c(): RunningCrc {
  const table = CRC32C_TABLES.low;
  let state = -1;
  return {
    update(bytes) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const whole = bytes.length - (bytes.length % 8);
      let crc = state;
      let i = 0;
      for (; i < whole; i += 8) {
        const low = crc ^ view.getInt32(i, true);
        const high = view.getInt32(i + 4, true);
        crc =
          (table[1792 + (low & 255)] as number) ^
          (table[1536 + ((low >>> 8) & 255)] as number) ^
          (table[1280 + ((low >>> 16) & 255)] as number) ^
          (table[1024 + (low >>> 24)] as number) ^
          (table[768 + (high & 255)] as number) ^
          (table[512 + ((high >>> 8) & 255)] as number) ^
          (table[256 + ((high >>> 16) & 255)] as number) ^
          (table[high >>> 24] as number);
      }
      for (; i < bytes.length; i += 1) crc = (crc >>> 8) ^ (table[(crc ^ (bytes[i] as number)) & 255] as number);
      state = crc;
    },
    value: () => BigInt(~state >>> 0),
  };
}

function newCrc64(): RunningCrc {
  const lows = CRC64_TABLES.low;
  const highs = CRC64_TABLES.high;
  let stateLow = -1;
  let stateHigh = -1;
  return {
    update(bytes) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const whole = bytes.length - (bytes.length % 8);
      let low = stateLow;
      let high = stateHigh;
      let i = 0;
      for (; i < whole; i += 8) {
        low ^= view.getInt32(i, true);
        high ^= view.getInt32(i + 4, true);
        const a = 1792 + (low & 255);
        const b = 1536 + ((low >>> 8) & 255);
        const c = 1280 + ((low >>> 16) & 255);
        const d = 1024 + (low >>> 24);
        const e = 768 + (high & 255);
        const f = 512 + ((high >>> 8) & 255);
        const g = 256 + ((high >>> 16) & 255);
        const h = high >>> 24;
        low =
          (lows[a] as number) ^
          (lows[b] as number) ^
          (lows[c] as number) ^
          (lows[d] as number) ^
          (lows[e] as number) ^
          (lows[f] as number) ^
          (lows[g] as number) ^
          (lows[h] as number);
        high =
          (highs[a] as number) ^
          (highs[b] as number) ^
          (highs[c] as number) ^
          (highs[d] as number) ^
          (highs[e] as number) ^
          (highs[f] as number) ^
          (highs[g] as number) ^
          (highs[h] as number);
      }
      for (; i < bytes.length; i += 1) {
        const n = (low ^ (bytes[i] as number)) & 255;
        low = ((low >>> 8) | (high << 24)) ^ (lows[n] as number);
        high = (high >>> 8) ^ (highs[n] as number);
      }
      stateLow = low;
      stateHigh = high;
    },
    value: () => (BigInt(~stateHigh >>> 0) << 32n) | BigInt(~stateLow >>> 0),
  };
}
