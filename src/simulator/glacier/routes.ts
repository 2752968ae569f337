/** What a request's method and path ask for. Names are decoded. */
export interface Route {
  readonly operation: string;
  readonly accountId: string;
  readonly vaultName?: string;
  readonly jobId?: string;
}

const ROUTES: readonly (readonly [method: string, path: RegExp, operation: string])[] = [
  ['GET', /^\/([^/]+)\/vaults\/?$/, 'ListVaults'],
  ['PUT', /^\/([^/]+)\/vaults\/([^/]+)$/, 'CreateVault'],
  ['GET', /^\/([^/]+)\/vaults\/([^/]+)$/, 'DescribeVault'],
  ['POST', /^\/([^/]+)\/vaults\/([^/]+)\/jobs$/, 'InitiateJob'],
  ['GET', /^\/([^/]+)\/vaults\/([^/]+)\/jobs$/, 'ListJobs'],
  ['GET', /^\/([^/]+)\/vaults\/([^/]+)\/jobs\/([^/]+)$/, 'DescribeJob'],
  ['GET', /^\/([^/]+)\/vaults\/([^/]+)\/jobs\/([^/]+)\/output$/, 'GetJobOutput'],
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
    const [accountId = '', vaultName, jobId] = match.slice(1).map(decoded);
    return {
      operation,
      accountId,
      ...(vaultName === undefined ? {} : { vaultName }),
      ...(jobId === undefined ? {} : { jobId }),
    };
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
