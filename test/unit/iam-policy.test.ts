import { describe, expect, it } from 'vitest';
import { parseIdentityPolicy } from '../../src/domain/access-policy.ts';
import { leastPolicy, POLICY_TASKS, type PolicySubject } from '../../src/domain/iam-policy.ts';

const SUBJECT: PolicySubject = {
  region: 'eu-west-1',
  accountId: '111122223333',
  vault: 'photos',
  bucket: 'bucket',
  prefix: '',
  kmsKey: 'arn:aws:kms:eu-west-1:111122223333:key/mine',
  topicArn: undefined,
  queueUrl: undefined,
  notifications: true,
  tags: true,
  tier: 'Standard',
  namespace: 'Moves',
  notifyTopicArn: 'arn:aws:sns:eu-west-1:111122223333:people',
  stateBackup: { bucket: 'backups', prefix: 'state/' },
};

/** Actions that AWS knows no resource for. */
const FOR_ALL = ['cloudwatch:PutMetricData', 'glacier:GetDataRetrievalPolicy', 'sns:Unsubscribe'];

describe.each(POLICY_TASKS)('the policy for %s', (task) => {
  const { Statement } = leastPolicy(task, SUBJECT);

  it('is one that policies are read by', () => {
    expect(parseIdentityPolicy(JSON.stringify({ Statement }))).toHaveLength(Statement.length);
    expect(new Set(Statement.map(({ Sid }) => Sid)).size).toBe(Statement.length);
  });

  it('names every action by its own name, once for a resource, and every resource that there is', () => {
    const pairs = Statement.flatMap(({ Action, Resource }) => Action.map((action) => `${action} ${Resource}`));
    const wide = Statement.filter(({ Resource }) => Resource === '*').flatMap(({ Action }) => Action);

    expect(new Set(pairs).size).toBe(pairs.length);
    expect(pairs.filter((pair) => pair.split(' ')[0]?.includes('*'))).toEqual([]);
    expect(wide.filter((action) => !FOR_ALL.includes(action))).toEqual([]);
  });
});

it('lets only the policy for purge delete in the vault', () => {
  const deleting = POLICY_TASKS.filter((task) => /glacier:Delete/.test(JSON.stringify(leastPolicy(task, SUBJECT))));

  expect(deleting).toEqual(['purge']);
});

it("takes the vault to be another account's, and topic and queue to be one's own", () => {
  const { Statement } = leastPolicy('transfer', { ...SUBJECT, vaultAccountId: '444455556666' });
  const owners = Statement.map(({ Sid, Resource }) => [Sid, Resource.split(':')[4]]);

  expect(owners).toEqual(
    expect.arrayContaining([
      ['Vault', '444455556666'],
      ['Topic', '111122223333'],
      ['Queue', '111122223333'],
    ]),
  );
});

it('takes a backup and messages in where they are asked for', () => {
  const resources = (subject: PolicySubject) =>
    leastPolicy('transfer', subject).Statement.map(({ Resource }) => Resource);
  const asked = ['arn:aws:s3:::backups/state/*', 'arn:aws:sns:eu-west-1:111122223333:people'];

  expect(resources(SUBJECT)).toEqual(expect.arrayContaining(asked));
  const plain = resources({ ...SUBJECT, stateBackup: undefined, notifyTopicArn: undefined });
  expect(asked.some((resource) => plain.includes(resource))).toBe(false);
});
