import type { Stub } from './children.ts';

export interface Row {
  readonly name: string;
  readonly value: string;
  readonly goal?: string;
  readonly isMet?: boolean;
}

export interface Table {
  readonly title: string;
  readonly note?: string;
  readonly rows: readonly Row[];
}

export function urlOf({ http }: Stub): string {
  return `http://127.0.0.1:${http}`;
}

export function tlsOf({ tls }: Stub): string {
  return `https://127.0.0.1:${tls}`;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
