import type { Decision } from './authentication.ts';
import { errorReply } from './error-reply.ts';
import type { Permission } from './permissions.ts';
import type { Exchange, Reply, SimulatedService } from './service.ts';
import { numbered, queryReply } from './sns-sqs/query-protocol.ts';

const NAMESPACE = 'https://iam.amazonaws.com/doc/2010-05-08/';

type Decide = (accessKeyId: string, permission: Permission) => Decision;

/** IAM, as far as it tells a caller what they may do. It knows one user: the caller. */
export function createIam({
  accountId,
  decide,
}: {
  readonly accountId: string;
  readonly decide: Decide;
}): SimulatedService {
  return {
    name: 'iam',
    async handle(exchange: Exchange): Promise<Reply> {
      const { requestId, operation = 'Unknown', caller } = exchange;
      const form = new URLSearchParams(Buffer.concat(await Array.fromAsync(exchange.body)).toString());
      const refuse = (status: number, code: string, message: string): Reply =>
        errorReply('iam', { status, code, message }, { requestId, form: true });
      if (operation !== 'SimulatePrincipalPolicy') {
        return refuse(400, 'InvalidAction', `Could not find operation ${operation} for version 2010-05-08`);
      }
      const source = form.get('PolicySourceArn') ?? '';
      if (source !== `arn:aws:iam::${accountId}:user/simulator`) {
        return refuse(404, 'NoSuchEntity', `The entity ${source} cannot be found.`);
      }
      const actions = numbered(form, 'ActionNames.member').map((member) => member.get('') ?? '');
      const resources = numbered(form, 'ResourceArns.member').map((member) => member.get('') ?? '');
      if (actions.length === 0) return refuse(400, 'ValidationError', 'ActionNames must have at least one member');
      if (actions.some((action) => !/^[a-z0-9-]+:[A-Za-z0-9]+$/.test(action))) {
        return refuse(400, 'InvalidInput', 'ActionNames has a member that is no action');
      }
      const results = actions.flatMap((action) =>
        (resources.length > 0 ? resources : ['*']).map((resource) => ({
          EvalActionName: action,
          EvalResourceName: resource,
          EvalDecision: decide(caller.accessKeyId, { action, resource }),
        })),
      );
      const result = { IsTruncated: false, EvaluationResults: { member: results } };
      return {
        status: 200,
        headers: { 'content-type': 'text/xml' },
        body: queryReply(NAMESPACE, operation, requestId, result),
      };
    },
  };
}
