/**
 * What this program writes into a job's Description, so that a job can be told to be its own when its answer was lost or its
 * state file is gone. At most 60 printable ASCII characters.
 */
export type Correlation =
  | { readonly kind: 'inventory'; readonly transferId: string }
  | { readonly kind: 'archive'; readonly transferId: string };

const FORM = /^glacier2s3 (inventory|archive) ([0-9a-f]{12})$/;

export function descriptionFor({ kind, transferId }: Correlation): string {
  return `glacier2s3 ${kind} ${transferId}`;
}

/** Undefined for the Description of anybody else. */
export function correlationOf(description: string | undefined): Correlation | undefined {
  const match = FORM.exec(description ?? '');
  return match ? { kind: match[1] as Correlation['kind'], transferId: match[2] as string } : undefined;
}
