import { randomBytes } from 'node:crypto';
import { actionsOf, evaluate, type Policy, parsePolicy } from '../../domain/access-policy.ts';
import { DAY } from '../../lib/duration.ts';
import type { Exchange, Reply } from '../service.ts';
import { isoDate } from './inventory-text.ts';
import { isObject, parseObject } from './job-request.ts';
import { invalid, missing, notFound, Refusal } from './refusal.ts';
import type { Archive, SimulatedVault } from './vault.ts';

/** A vault lock: tried for a day, then completed and there for good, or forgotten (developer guide, vault-lock). */
const LOCK_TRIAL_MS = DAY;
/** Bytes of a policy (developer guide, api-InitiateVaultLock). */
const LARGEST_POLICY = 20_480;

interface WrittenPolicy {
  readonly text: string;
  readonly policy: Policy;
}

interface Lock extends WrittenPolicy {
  readonly id: string;
  readonly createdAt: number;
  locked: boolean;
}

/** What a vault's own policies say: the access policy, which may be changed, and the lock, which may not. */
export class VaultPolicies {
  readonly #vaultArn: string;
  readonly #now: () => number;
  #access: WrittenPolicy | undefined;
  #lock: Lock | undefined;

  constructor(vaultArn: string, now: () => number) {
    this.#vaultArn = vaultArn;
    this.#now = now;
  }

  get access(): string | undefined {
    return this.#access?.text;
  }

  /** @throws {Refusal} */
  setAccess(text: string | undefined): void {
    this.#access = text === undefined ? undefined : written(text, this.#vaultArn);
  }

  /** The lock in force: one that was not completed within a day is gone. */
  get lock(): Lock | undefined {
    const lock = this.#lock;
    if (lock && !lock.locked && this.#now() >= lock.createdAt + LOCK_TRIAL_MS) this.#lock = undefined;
    return this.#lock;
  }

  /** @throws {Refusal} where there is one already. */
  initiateLock(text: string): string {
    if (this.lock) throw denied(`a vault lock is set already for: ${this.#vaultArn}`);
    const id = randomBytes(24).toString('base64url');
    this.#lock = { ...written(text, this.#vaultArn), id, createdAt: this.#now(), locked: false };
    return id;
  }

  /** Idempotent with the same id. @throws {Refusal} */
  completeLock(id: string): void {
    const { lock } = this;
    if (!lock) throw notFound(`No vault lock is set for vault: ${this.#vaultArn}`);
    if (lock.id !== id) {
      throw lock.locked ? invalid(`Invalid lock ID: ${id}`) : notFound(`The lock ID was not found: ${id}`);
    }
    lock.locked = true;
  }

  /** Nothing to abort is no error. @throws {Refusal} once it is completed. */
  abortLock(): void {
    if (this.lock?.locked) throw denied(`the vault lock is locked: ${this.#vaultArn}`);
    this.#lock = undefined;
  }

  /** @throws {Refusal} AccessDeniedException where a policy of the vault denies the caller this. */
  admit(action: string, { caller }: Pick<Exchange, 'caller'>, archive?: Pick<Archive, 'createdAt'>): void {
    const context: Record<string, string> = {};
    if (archive) context['glacier:ArchiveAgeInDays'] = String(Math.floor((this.#now() - archive.createdAt) / DAY));
    const request = {
      principal: { accountId: caller.accountId },
      action: `glacier:${action}`,
      resource: this.#vaultArn,
      context,
    };
    for (const source of [this.#access, this.lock]) {
      if (source && evaluate(source.policy, request) === 'deny') {
        const user = `arn:aws:iam::${caller.accountId}:user/simulator`;
        throw denied(
          `User: ${user} is not authorized to perform: glacier:${action} on resource: ${this.#vaultArn} with an explicit deny`,
        );
      }
    }
  }
}

/** Answers the calls about a vault's policies; undefined for every other call. */
export function policyReply(
  vault: SimulatedVault,
  { operation, id = '' }: { readonly operation: string; readonly id: string | undefined },
  { body, accountId }: { readonly body: Buffer; readonly accountId: string },
): Reply | undefined {
  const { policies } = vault;
  switch (operation) {
    case 'SetVaultAccessPolicy':
      policies.setAccess(policyIn(body));
      return { status: 204 };
    case 'GetVaultAccessPolicy': {
      const { access } = policies;
      if (access === undefined) throw notFound(`No vault access policy is set for: ${vault.arn}`);
      return json({ Policy: access });
    }
    case 'DeleteVaultAccessPolicy':
      policies.setAccess(undefined);
      return { status: 204 };
    case 'InitiateVaultLock': {
      const lockId = policies.initiateLock(policyIn(body));
      const location = `/${accountId}/vaults/${vault.name}/lock-policy/${lockId}`;
      return { status: 201, headers: { location, 'x-amz-lock-id': lockId } };
    }
    case 'CompleteVaultLock':
      policies.completeLock(id);
      return { status: 204 };
    case 'AbortVaultLock':
      policies.abortLock();
      return { status: 204 };
    case 'GetVaultLock': {
      const { lock } = policies;
      if (!lock) throw notFound(`No vault lock is set for vault: ${vault.arn}`);
      return json({
        CreationDate: isoDate(lock.createdAt),
        ExpirationDate: lock.locked ? null : isoDate(lock.createdAt + LOCK_TRIAL_MS),
        Policy: lock.text,
        State: lock.locked ? 'Locked' : 'InProgress',
      });
    }
    default:
      return undefined;
  }
}

function policyIn(body: Buffer): string {
  const json = parseObject(body);
  const { Policy: policy } = isObject(json.policy) ? json.policy : json;
  if (typeof policy !== 'string' || policy === '') throw missing('Policy');
  return policy;
}

/** Only what is understood here is taken: a policy that is followed half would prove nothing. */
function written(text: string, vaultArn: string): WrittenPolicy {
  if (Buffer.byteLength(text) > LARGEST_POLICY) throw invalid('The policy is too large.');
  const policy = parsePolicy(text);
  if (!policy) throw invalid('Invalid policy document.');
  if (actionsOf(policy).some((action) => !/^(glacier:|\*$)/i.test(action))) {
    throw invalid(`Invalid action in the policy of ${vaultArn}`);
  }
  return { text, policy };
}

function denied(message: string): Refusal {
  return new Refusal(403, 'AccessDeniedException', message);
}

function json(value: unknown): Reply {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) };
}
