import fc from 'fast-check';
import { expect, it } from 'vitest';
import { STATES } from '../../src/domain/progress.ts';
import { lockOn, type PurgeCandidate, type PurgeRules, purgeVerdict } from '../../src/domain/purge.ts';
import { sampler } from '../../src/domain/sample.ts';
import { DAY, HOUR } from '../../src/lib/duration.ts';

const NOW = Date.UTC(2026, 10, 21);
const OLD = NOW - 400 * DAY;
const RULES: PurgeRules = { now: NOW, proofAge: DAY, acceptEarlyDeleteFee: false, isLocked: () => false };
const PROVEN: PurgeCandidate = {
  state: 'verified',
  createdAt: OLD,
  verifiedAt: NOW - 2 * DAY,
  check: { result: '=', at: NOW - HOUR },
  purgedAt: undefined,
};

it.each<[string, string, Partial<PurgeCandidate>, Partial<PurgeRules>]>([
  ['purge', 'all is right', {}, {}],
  ['purged', 'it was deleted before', { purgedAt: NOW - 1 }, {}],
  ['not_copied', 'its copy failed', { state: 'failed', verifiedAt: undefined }, {}],
  ['not_copied', 'it is still being copied', { state: 'transferring', verifiedAt: undefined }, {}],
  ['not_proven', 'nobody has looked', { check: undefined }, {}],
  ['not_proven', 'the object is missing', { check: { result: '-', at: NOW } }, {}],
  ['not_proven', 'the object differs', { check: { result: '*', at: NOW } }, {}],
  ['not_proven', 'the object could not be looked at', { check: { result: '!', at: NOW } }, {}],
  ['not_proven', 'it was copied again since', { verifiedAt: NOW - 1 }, {}],
  ['proof_too_old', 'the proof is a day and a bit old', { check: { result: '=', at: NOW - DAY - 1 } }, {}],
  ['purge', 'the proof is just a day old', { check: { result: '=', at: NOW - DAY } }, {}],
  ['proof_too_old', 'the proof is of the future', { check: { result: '=', at: NOW + 1 } }, {}],
  ['purge', 'an older proof will do', { check: { result: '=', at: NOW - DAY - 1 } }, { proofAge: 2 * DAY }],
  ['locked', 'the vault lock forbids it', {}, { isLocked: (createdAt) => createdAt === OLD }],
  ['too_young', 'it is 89 days old', { createdAt: NOW - 89 * DAY }, {}],
  ['purge', 'it is 90 days old', { createdAt: NOW - 90 * DAY }, {}],
  ['purge', 'it is young, and the fee is accepted', { createdAt: NOW - DAY }, { acceptEarlyDeleteFee: true }],
])('says %s where %s', (verdict, _, candidate, rules) => {
  expect(purgeVerdict({ ...PROVEN, ...candidate }, { ...RULES, ...rules })).toBe(verdict);
});

const times = fc.integer({ min: -100 * DAY, max: 100 * DAY }).map((ms) => NOW + ms);

it('never lets an archive be deleted that is not copied, proven, in time, unlocked and old enough', () => {
  const candidates = fc.record({
    state: fc.constantFrom(...STATES),
    createdAt: times,
    verifiedAt: fc.option(times, { nil: undefined }),
    check: fc.option(fc.record({ result: fc.constantFrom('=', '-', '*', '!'), at: times }), { nil: undefined }),
    purgedAt: fc.option(times, { nil: undefined, freq: 3 }),
  });
  fc.assert(
    fc.property(candidates, fc.boolean(), fc.boolean(), fc.nat(50 * DAY), (candidate, locked, fee, proofAge) => {
      const rules = { now: NOW, proofAge, acceptEarlyDeleteFee: fee, isLocked: () => locked };
      const { state, createdAt, verifiedAt, check, purgedAt } = candidate;
      const may =
        purgedAt === undefined &&
        state === 'verified' &&
        verifiedAt !== undefined &&
        check?.result === '=' &&
        check.at >= verifiedAt &&
        check.at <= NOW &&
        NOW - check.at <= proofAge &&
        !locked &&
        (fee || NOW - createdAt >= 90 * DAY);
      expect(purgeVerdict(candidate, rules) === 'purge').toBe(may);
    }),
    { numRuns: 5000 },
  );
});

const VAULT = 'arn:aws:glacier:eu-west-1:111122223333:vaults/photos';
const ask = (policy: string | undefined, days: number) =>
  lockOn(policy, { accountId: '111122223333', vaultArn: VAULT, now: NOW })(NOW - days * DAY);
const policyOf = (condition?: object, action: string | string[] = 'glacier:DeleteArchive') =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Deny', Principal: '*', Action: action, Resource: VAULT, Condition: condition }],
  });

it('takes a vault lock at its word, and one that it does not understand for one that forbids all', () => {
  const year = policyOf({ NumericLessThan: { 'glacier:ArchiveAgeInDays': '365' } });

  expect(ask(undefined, 1)).toBe(false);
  expect([ask(year, 364), ask(year, 365)]).toEqual([true, false]);
  expect(ask(policyOf(), 4000)).toBe(true);
  expect(ask(policyOf(undefined, ['glacier:*']), 4000)).toBe(true);
  expect(ask(policyOf(undefined, 'glacier:InitiateJob'), 4000)).toBe(false);
  expect(ask(policyOf({ StringLike: { 'glacier:ResourceTag/LegalHold': ['true'] } }), 4000)).toBe(true);
  expect(ask('{"Statement":', 4000)).toBe(true);
  expect(ask(JSON.stringify({ Statement: [{ Effect: 'Deny', NotAction: 'glacier:ListJobs' }] }), 4000)).toBe(true);
});

it('picks exactly as many as a sample is to have, the same ones for a seed, and each as likely', () => {
  fc.assert(
    fc.property(fc.nat(300), fc.nat(300), fc.nat(2 ** 32 - 1), (total, wanted, seed) => {
      const pick = () => {
        const next = sampler(total, wanted, seed);
        return Array.from({ length: total }, next);
      };
      const picked = pick();
      expect(picked.filter(Boolean)).toHaveLength(Math.min(total, wanted));
      expect(pick()).toEqual(picked);
    }),
  );
  const hits = Array.from({ length: 20 }, () => 0);
  for (let seed = 0; seed < 4000; seed += 1) {
    const next = sampler(20, 5, seed * 7919);
    for (let i = 0; i < 20; i += 1) if (next()) hits[i]! += 1;
  }
  // 1000 each; four standard deviations
  expect(hits.every((count) => Math.abs(count - 1000) < 110)).toBe(true);
});
