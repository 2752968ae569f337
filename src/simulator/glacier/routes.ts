/** What a request's method and path ask for. Names are decoded. */
export interface Route {
  readonly operation: string;
  readonly accountId: string;
  readonly vaultName?: string;
  readonly jobId?: string;
  /** Of an archive that is deleted. */
  readonly archiveId?: string;
  readonly lockId?: string;
}

const ROUTES: readonly (readonly [method: string, path: RegExp, operation: string])[] = [
  ['GET', /^\/([^/]+)\/vaults\/?$/, 'ListVaults'],
  ['PUT', /^\/([^/]+)\/vaults\/([^/]+)$/, 'CreateVault'],
  ['GET', /^\/([^/]+)\/vaults\/([^/]+)$/, 'DescribeVault'],
  ['DELETE', /^\/([^/]+)\/vaults\/([^/]+)$/, 'DeleteVault'],
  ['DELETE', /^\/([^/]+)\/vaults\/([^/]+)\/archives\/(?<archiveId>[^/]+)$/, 'DeleteArchive'],
  ['PUT', /^\/([^/]+)\/vaults\/([^/]+)\/access-policy$/, 'SetVaultAccessPolicy'],
  ['GET', /^\/([^/]+)\/vaults\/([^/]+)\/access-policy$/, 'GetVaultAccessPolicy'],
  ['DELETE', /^\/([^/]+)\/vaults\/([^/]+)\/access-policy$/, 'DeleteVaultAccessPolicy'],
  ['POST', /^\/([^/]+)\/vaults\/([^/]+)\/lock-policy$/, 'InitiateVaultLock'],
  ['GET', /^\/([^/]+)\/vaults\/([^/]+)\/lock-policy$/, 'GetVaultLock'],
  ['DELETE', /^\/([^/]+)\/vaults\/([^/]+)\/lock-policy$/, 'AbortVaultLock'],
  ['POST', /^\/([^/]+)\/vaults\/([^/]+)\/lock-policy\/(?<lockId>[^/]+)$/, 'CompleteVaultLock'],
  ['POST', /^\/([^/]+)\/vaults\/([^/]+)\/jobs$/, 'InitiateJob'],
  ['GET', /^\/([^/]+)\/vaults\/([^/]+)\/jobs$/, 'ListJobs'],
  ['GET', /^\/([^/]+)\/vaults\/([^/]+)\/jobs\/(?<jobId>[^/]+)$/, 'DescribeJob'],
  ['GET', /^\/([^/]+)\/vaults\/([^/]+)\/jobs\/(?<jobId>[^/]+)\/output$/, 'GetJobOutput'],
  ['PUT', /^\/([^/]+)\/vaults\/([^/]+)\/notification-configuration$/, 'SetVaultNotifications'],
  ['GET', /^\/([^/]+)\/vaults\/([^/]+)\/notification-configuration$/, 'GetVaultNotifications'],
  ['DELETE', /^\/([^/]+)\/vaults\/([^/]+)\/notification-configuration$/, 'DeleteVaultNotifications'],
  ['GET', /^\/([^/]+)\/policies\/data-retrieval$/, 'GetDataRetrievalPolicy'],
  ['PUT', /^\/([^/]+)\/policies\/data-retrieval$/, 'SetDataRetrievalPolicy'],
];

export function routeOf(method: string, rawPath: string): Route | undefined {
  for (const [verb, path, operation] of ROUTES) {
    const match = verb === method ? path.exec(rawPath) : null;
    if (!match) continue;
    const [accountId = '', vaultName] = match.slice(1).map(decoded);
    const ids = Object.entries(match.groups ?? {}).map(([name, value]) => [name, decoded(value)]);
    return { operation, accountId, ...(vaultName === undefined ? {} : { vaultName }), ...Object.fromEntries(ids) };
  }
  return undefined;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
