import { errorReply } from './error-reply.ts';
import type { Exchange, Reply, SimulatedService, SimulatedWorld } from './service.ts';
import { queryReply } from './sns-sqs/query-protocol.ts';

const NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';

/** STS, as far as it tells a caller who they are. */
export function createSts(world: Pick<SimulatedWorld, 'accountId'>): SimulatedService {
  return {
    name: 'sts',
    async handle(exchange: Exchange): Promise<Reply> {
      const { requestId, operation = 'Unknown' } = exchange;
      if (operation !== 'GetCallerIdentity') {
        const message = `Could not find operation ${operation} for version 2011-06-15`;
        return errorReply('sts', { status: 400, code: 'InvalidAction', message }, { requestId, form: true });
      }
      const { accountId } = world;
      const identity = {
        Arn: `arn:aws:iam::${accountId}:user/simulator`,
        UserId: 'AIDASIMULATOR0000USER',
        Account: accountId,
      };
      return {
        status: 200,
        headers: { 'content-type': 'text/xml' },
        body: queryReply(NAMESPACE, operation, requestId, identity),
      };
    },
  };
}
