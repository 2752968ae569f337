/** What S3 can keep as an object's checksum, of those this program offers. */
export const CHECKSUM_ALGORITHMS = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA256'] as const;
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number];

/** A checksum as S3 writes it: base64, with `-<parts>` behind it where it is composite. */
export interface ObjectChecksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly type: 'FULL_OBJECT' | 'COMPOSITE';
  readonly value: string;
}

/** A checksum over bytes as they arrive. `digest` is base64 as S3 writes it (big-endian for the CRCs); call it once. */
export interface RunningChecksum {
  update(bytes: Uint8Array): void;
  digest(): string;
}
