import { describe, expect, it } from 'vitest';
import { queuePolicy, topicPolicy } from '../../src/aws/policies.ts';
import { type AccessRequest, evaluate, parsePolicy } from '../../src/domain/access-policy.ts';
import { Queues } from '../../src/simulator/sns-sqs/queues.ts';

const ACCOUNT = '111122223333';
const TOPIC = `arn:aws:sns:eu-west-1:${ACCOUNT}:jobs`;
const QUEUE = `arn:aws:sqs:eu-west-1:${ACCOUNT}:jobs`;

const publish: AccessRequest = {
  principal: { service: 'glacier.amazonaws.com' },
  action: 'SNS:Publish',
  resource: TOPIC,
  context: { 'aws:SourceAccount': ACCOUNT },
};
const send: AccessRequest = {
  principal: { service: 'sns.amazonaws.com' },
  action: 'SQS:SendMessage',
  resource: QUEUE,
  context: { 'aws:SourceArn': TOPIC },
};

function decide(statement: object, request: AccessRequest): string {
  const policy = parsePolicy(JSON.stringify({ Statement: [statement] }));
  return policy ? evaluate(policy, request) : 'not understood';
}

describe('the policies that this program writes', () => {
  const topic = parsePolicy(topicPolicy(TOPIC))!;
  const queue = parsePolicy(queuePolicy(QUEUE, TOPIC))!;

  it.each(['aws:SourceAccount', 'AWS:SourceOwner'])('let Glacier publish where %s is the only key it sends', (key) => {
    expect(evaluate(topic, { ...publish, context: { [key]: ACCOUNT } })).toBe('allow');
  });

  it.each<[string, Partial<AccessRequest>]>([
    ['Glacier for another account', { context: { 'aws:SourceAccount': '999988887777' } }],
    ['Glacier for nobody', { context: {} }],
    ['another service', { principal: { service: 's3.amazonaws.com' } }],
    ['another account', { principal: { accountId: '999988887777' } }],
    ['Glacier doing anything else', { action: 'SNS:DeleteTopic' }],
  ])('do not let in %s', (_, changed) => {
    expect(evaluate(topic, { ...publish, ...changed })).toBe('none');
  });

  it('let the one topic send to the queue, and no other', () => {
    expect(evaluate(queue, send)).toBe('allow');
    expect(evaluate(queue, { ...send, context: { 'aws:SourceArn': `${TOPIC}2` } })).toBe('none');
    expect(evaluate(queue, { ...send, resource: `${QUEUE}2` })).toBe('none');
    expect(evaluate(queue, { ...send, action: 'SQS:ReceiveMessage' })).toBe('none');
  });
});

describe('the policy evaluator', () => {
  const allow = { Effect: 'Allow', Principal: '*', Action: 'sns:Publish', Resource: '*' };

  it('lets a Deny win over any Allow', () => {
    const policy = parsePolicy(JSON.stringify({ Statement: [allow, { ...allow, Effect: 'Deny' }] }))!;

    expect(evaluate(policy, publish)).toBe('deny');
  });

  it.each<[string, object, string]>([
    ['a service that is named in a list', { Principal: { Service: ['a.com', 'glacier.amazonaws.com'] } }, 'allow'],
    ['everybody', { Principal: { AWS: '*' } }, 'allow'],
    ['an account only', { Principal: { AWS: ACCOUNT } }, 'none'],
    ['a wildcard in the action', { Action: 'SNS:Pub*' }, 'allow'],
    ['another action', { Action: ['SNS:Subscribe'] }, 'none'],
    ['a wildcard in the resource', { Resource: 'arn:aws:sns:*:*:j?bs' }, 'allow'],
    [
      'StringEquals with one of several values',
      { Condition: { StringEquals: { 'aws:SourceAccount': ['1', ACCOUNT] } } },
      'allow',
    ],
    ['StringNotEquals on an absent key', { Condition: { StringNotEquals: { 'aws:other': 'x' } } }, 'allow'],
    ['StringEqualsIfExists on an absent key', { Condition: { StringEqualsIfExists: { 'aws:other': 'x' } } }, 'allow'],
    ['StringEquals on an absent key', { Condition: { StringEquals: { 'aws:other': 'x' } } }, 'none'],
    ['StringLike', { Condition: { StringLike: { 'aws:sourceaccount': '1111*' } } }, 'allow'],
    [
      'two conditions of which one fails',
      { Condition: { StringLike: { 'aws:SourceAccount': '1*', 'aws:x': '*' } } },
      'none',
    ],
    ['a number that is less', { Condition: { NumericLessThan: { 'aws:SourceAccount': '2e12' } } }, 'allow'],
    ['a number that is not less', { Condition: { NumericLessThan: { 'aws:SourceAccount': 1 } } }, 'none'],
    ['an operator that it does not know', { Condition: { DateLessThan: { 'aws:x': '1' } } }, 'not understood'],
    ['a member that it does not know', { NotAction: 'sns:Publish' }, 'not understood'],
    ['no principal', { Principal: undefined }, 'not understood'],
  ])('knows %s', (_, changed, verdict) => {
    expect(decide({ ...allow, ...changed }, publish)).toBe(verdict);
  });

  it('does not let a wildcard of an ARN reach over a colon', () => {
    const statement = { ...allow, Action: 'sqs:SendMessage' };
    const like = (arn: string) => decide({ ...statement, Condition: { ArnLike: { 'aws:SourceArn': arn } } }, send);

    expect(like(`arn:aws:sns:*:${ACCOUNT}:*`)).toBe('allow');
    expect(like('arn:aws:sns:*:jobs')).toBe('none');
  });

  it('keeps another account out of a queue until the policy lets it in', () => {
    const queues = new Queues({ now: () => 0, accountId: ACCOUNT, region: 'eu-west-1' });
    const queue = queues.create({ accountId: ACCOUNT, region: 'eu-west-1' }, 'jobs', {});
    const stranger = { accountId: '444455556666', region: 'eu-west-1' };
    const reach = () => queues.byUrl(`/${ACCOUNT}/jobs`, stranger, 'ReceiveMessage');

    expect(reach).toThrow('denied');
    const statement = { Effect: 'Allow', Principal: { AWS: '444455556666' }, Action: 'sqs:Receive*', Resource: QUEUE };
    queues.set(queue, { Policy: JSON.stringify({ Statement: statement }) });

    expect(reach()).toBe(queue);
  });
});
