/*
 * Policies as far as vaults, topics, queues and the users of this program need them: Effect, Principal, Action,
 * Resource and the string, ARN and numeric operators of Condition. What AWS knows and this does not makes a policy one
 * that is not understood, so that none is ever half understood.
 */

/** Who asks: a service on behalf of an account, or an account's own credentials, of a user or role where it is known. */
export type Principal = { readonly service: string } | { readonly accountId: string; readonly arn?: string };

export interface AccessRequest {
  readonly principal: Principal;
  /** As policies write it, such as `SNS:Publish`; compared without regard to case. */
  readonly action: string;
  readonly resource: string;
  /** Condition keys, such as `aws:SourceArn`; compared without regard to case. */
  readonly context: Readonly<Record<string, string>>;
}

interface Statement {
  readonly effect: 'Allow' | 'Deny';
  readonly principals: readonly { readonly kind: string; readonly value: string }[];
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions: readonly {
    readonly operator: string;
    readonly key: string;
    readonly values: readonly string[];
  }[];
}

export type Policy = readonly Statement[];

type Matcher = (actual: string, wanted: string) => boolean;

const OPERATORS: Readonly<Record<string, { readonly matches: Matcher; readonly negated: boolean }>> = {
  stringequals: { matches: (actual, wanted) => actual === wanted, negated: false },
  stringnotequals: { matches: (actual, wanted) => actual === wanted, negated: true },
  stringequalsignorecase: {
    matches: (actual, wanted) => actual.toLowerCase() === wanted.toLowerCase(),
    negated: false,
  },
  stringlike: { matches: glob, negated: false },
  stringnotlike: { matches: glob, negated: true },
  arnequals: { matches: arnLike, negated: false },
  arnlike: { matches: arnLike, negated: false },
  arnnotequals: { matches: arnLike, negated: true },
  arnnotlike: { matches: arnLike, negated: true },
  numericequals: { matches: (actual, wanted) => Number(actual) === Number(wanted), negated: false },
  numericnotequals: { matches: (actual, wanted) => Number(actual) === Number(wanted), negated: true },
  numericlessthan: { matches: (actual, wanted) => Number(actual) < Number(wanted), negated: false },
  numericlessthanequals: { matches: (actual, wanted) => Number(actual) <= Number(wanted), negated: false },
  numericgreaterthan: { matches: (actual, wanted) => Number(actual) > Number(wanted), negated: false },
  numericgreaterthanequals: { matches: (actual, wanted) => Number(actual) >= Number(wanted), negated: false },
  bool: { matches: (actual, wanted) => actual.toLowerCase() === wanted.toLowerCase(), negated: false },
};

/** A resource's policy, or undefined where the text is none or uses what is not understood here. */
export function parsePolicy(text: string): Policy | undefined {
  return parseStatements(text, (json) => parsePrincipals(json.Principal));
}

/** The policy of a user or a role, which names no principal: it holds for whoever asks. */
export function parseIdentityPolicy(text: string): Policy | undefined {
  return parseStatements(text, (json) => ('Principal' in json ? undefined : [{ kind: 'AWS', value: '*' }]));
}

type PrincipalsOf = (json: Record<string, unknown>) => Statement['principals'] | undefined;

function parseStatements(text: string, principalsOf: PrincipalsOf): Policy | undefined {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(document)) return undefined;
  const written = Array.isArray(document.Statement) ? document.Statement : [document.Statement];
  const statements = written.map((json) => parseStatement(json, principalsOf));
  return statements.every((statement) => statement !== undefined) ? statements : undefined;
}

/** What the policy says to a request. `none`: nothing; that denies everybody but the resource's owner. */
export function evaluate(policy: Policy, request: AccessRequest): 'allow' | 'deny' | 'none' {
  const effects = policy.filter((statement) => applies(statement, request)).map(({ effect }) => effect);
  if (effects.includes('Deny')) return 'deny';
  return effects.includes('Allow') ? 'allow' : 'none';
}

/** The distinct action names that the policy speaks of. */
export function actionsOf(policy: Policy): readonly string[] {
  return [...new Set(policy.flatMap(({ actions }) => actions))];
}

function applies(statement: Statement, { principal, action, resource, context }: AccessRequest): boolean {
  return (
    statement.principals.some(({ kind, value }) => isPrincipal(principal, kind, value)) &&
    statement.actions.some((wanted) => glob(action.toLowerCase(), wanted.toLowerCase())) &&
    statement.resources.some((wanted) => glob(resource, wanted)) &&
    statement.conditions.every((condition) => holds(condition, context))
  );
}

function isPrincipal(principal: Principal, kind: string, value: string): boolean {
  if (value === '*') return kind === 'AWS';
  if ('service' in principal) return kind === 'Service' && value === principal.service;
  if (kind !== 'AWS') return false;
  const wholeAccount = value === principal.accountId || value.endsWith(`:${principal.accountId}:root`);
  if (wholeAccount || principal.arn === undefined) return wholeAccount || value.split(':')[4] === principal.accountId;
  return value === principal.arn || value === roleOf(principal.arn);
}

/** The role behind the session that a caller is: `arn:aws:sts::1:assumed-role/name/session` is `arn:aws:iam::1:role/name`. */
export function roleOf(arn: string): string {
  return arn.replace(/:sts::(\d{12}):assumed-role\/([^/]+)\/.*$/, ':iam::$1:role/$2');
}

function holds({ operator, key, values }: Statement['conditions'][number], context: AccessRequest['context']): boolean {
  const ifExists = operator.endsWith('ifexists');
  const rule = OPERATORS[ifExists ? operator.slice(0, -'ifexists'.length) : operator];
  if (!rule) return false;
  const actual = Object.entries(context).find(([name]) => name.toLowerCase() === key)?.[1];
  if (actual === undefined) return ifExists || rule.negated;
  return values.some((wanted) => rule.matches(actual, wanted)) !== rule.negated;
}

function parseStatement(json: unknown, principalsOf: PrincipalsOf): Statement | undefined {
  if (!isObject(json)) return undefined;
  if (
    Object.keys(json).some((name) => !['Sid', 'Effect', 'Principal', 'Action', 'Resource', 'Condition'].includes(name))
  ) {
    return undefined;
  }
  const principals = principalsOf(json);
  const actions = texts(json.Action);
  const resources = texts(json.Resource);
  const conditions = parseConditions(json.Condition ?? {});
  if (json.Effect !== 'Allow' && json.Effect !== 'Deny') return undefined;
  if (!principals || !actions || !resources || !conditions) return undefined;
  return { effect: json.Effect, principals, actions, resources, conditions };
}

function parsePrincipals(json: unknown): Statement['principals'] | undefined {
  if (json === '*') return [{ kind: 'AWS', value: '*' }];
  if (!isObject(json)) return undefined;
  const principals: { kind: string; value: string }[] = [];
  for (const [kind, value] of Object.entries(json)) {
    const values = texts(value);
    if (!values || (kind !== 'AWS' && kind !== 'Service')) return undefined;
    principals.push(...values.map((each) => ({ kind, value: each })));
  }
  return principals.length > 0 ? principals : undefined;
}

function parseConditions(json: unknown): Statement['conditions'] | undefined {
  if (!isObject(json)) return undefined;
  const conditions: Statement['conditions'][number][] = [];
  for (const [name, keys] of Object.entries(json)) {
    const operator = name.toLowerCase();
    if (!OPERATORS[operator.replace(/ifexists$/, '')] || !isObject(keys)) return undefined;
    for (const [key, value] of Object.entries(keys)) {
      const values = texts(typeof value === 'number' || typeof value === 'boolean' ? String(value) : value);
      if (!values) return undefined;
      conditions.push({ operator, key: key.toLowerCase(), values });
    }
  }
  return conditions;
}

function texts(json: unknown): readonly string[] | undefined {
  const list: unknown[] = Array.isArray(json) ? json : [json];
  return list.length > 0 && list.every((each) => typeof each === 'string') ? list : undefined;
}

/** `${*}`, `${?}` and `${$}` stand for themselves. */
function glob(actual: string, wanted: string): boolean {
  const pattern = wanted
    .split(/(\$\{[*?$]\}|[*?])/)
    .map((piece) => {
      if (piece === '*') return '.*';
      if (piece === '?') return '.';
      return piece.replace(/^\$\{([*?$])\}$/, '$1').replace(/[.*?+^${}()|[\]\\]/g, '\\$&');
    })
    .join('');
  return new RegExp(`^${pattern}$`, 's').test(actual);
}

/** Each of an ARN's six fields is compared by itself: a wildcard does not reach over a colon. */
function arnLike(actual: string, wanted: string): boolean {
  const [have, want] = [arnFields(actual), arnFields(wanted)];
  return have.length === 6 && want.length === 6 && want.every((field, i) => glob(have[i] ?? '', field));
}

function arnFields(arn: string): readonly string[] {
  const fields = arn.split(':');
  return fields.length <= 6 ? fields : [...fields.slice(0, 5), fields.slice(5).join(':')];
}

function isObject(json: unknown): json is Record<string, unknown> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
