import type { Destination, Source } from './app.ts';
import { glacierClient, s3Client } from './aws/clients.ts';
import { objectReader } from './aws/object-reader.ts';
import { vaultDeletion } from './aws/vault-deletion.ts';
import { vaultInspection } from './aws/vault-inspection.ts';
import type { ObjectReader, VaultDeletion } from './ports-finish.ts';
import type { VaultInspection } from './ports-operate.ts';

export interface VaultEnding {
  readonly deletion: VaultDeletion;
  readonly inspection: Pick<VaultInspection, 'lock'>;
}

type Located = Omit<Source, 'region'> & { readonly region: string };

/** What deletes in the vault. Calls nothing yet. */
export function connectDeletion({ vault: vaultName, accountId, ...where }: Located, concurrency: number): VaultEnding {
  const options = { client: glacierClient({ ...where, concurrency }), vaultName, accountId };
  return { deletion: vaultDeletion(options), inspection: vaultInspection(options) };
}

/** What reads the bucket back. Calls nothing yet. */
export function connectReader(
  { region, profile, endpointUrl }: Pick<Located, 'region' | 'profile' | 'endpointUrl'>,
  { bucket, expectedBucketOwner, ...destination }: Destination,
  concurrency: number,
): ObjectReader {
  const client = s3Client({
    region: destination.region ?? region,
    profile: destination.profile ?? profile,
    endpointUrl: destination.endpointUrl ?? endpointUrl,
    concurrency,
  });
  return objectReader({ client, bucket, expectedBucketOwner });
}
