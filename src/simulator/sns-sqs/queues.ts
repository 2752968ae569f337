import { evaluate, type Principal } from '../../domain/access-policy.ts';
import type { SimulatedWorld } from '../service.ts';
import { Queue } from './queue.ts';
import { parseRedrive } from './queue-attributes.ts';
import { invalidParameterValue, queueDoesNotExist, Refusal, sqsRefusal } from './refusal.ts';

/** For so long after its deletion a queue's name cannot be used again (API reference, DeleteQueue). */
const NAME_REST_MS = 60_000;

export interface Caller {
  readonly accountId: string;
  readonly region: string;
}

/** All queues, of every account and Region. */
export class Queues {
  readonly #queues = new Map<string, Queue>();
  /** Simulated time of deletion, by ARN. */
  readonly #deleted = new Map<string, number>();
  readonly #world: SimulatedWorld;

  constructor(world: SimulatedWorld) {
    this.#world = world;
  }

  now(): number {
    return this.#world.now();
  }

  find(arn: string): Queue | undefined {
    return this.#queues.get(arn);
  }

  of({ accountId, region }: Caller): readonly Queue[] {
    return [...this.#queues.values()].filter((queue) => queue.accountId === accountId && queue.region === region);
  }

  /** The new queue, or the one that is there with the same attributes. @throws {Refusal} */
  create({ accountId, region }: Caller, name: string, attributes: Readonly<Record<string, string>>): Queue {
    if (!/^[A-Za-z0-9_-]{1,80}$/.test(name)) {
      throw invalidParameterValue(
        'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length',
      );
    }
    const arn = `arn:aws:sqs:${region}:${accountId}:${name}`;
    const existing = this.#queues.get(arn);
    if (existing) {
      const other = existing.attributes.differenceFrom(attributes);
      if (other === undefined) return existing;
      throw new Refusal(
        'QueueAlreadyExists',
        `A queue already exists with the same name and a different value for attribute ${other}`,
        { shape: 'QueueNameExists' },
      );
    }
    if (this.now() - (this.#deleted.get(arn) ?? Number.NEGATIVE_INFINITY) < NAME_REST_MS) {
      throw sqsRefusal(
        'QueueDeletedRecently',
        'You must wait 60 seconds after deleting a queue before you can create another with the same name.',
      );
    }
    this.#checkRedrive({ accountId, region }, attributes);
    const queue = new Queue({ name, accountId, region }, attributes, this);
    this.#queues.set(arn, queue);
    return queue;
  }

  /** Takes all of them or none. @throws {Refusal} */
  set(queue: Queue, attributes: Readonly<Record<string, string>>): void {
    this.#checkRedrive(queue, attributes);
    queue.attributes.set(attributes);
    queue.modifiedAt = this.now();
  }

  delete(queue: Queue): void {
    this.#queues.delete(queue.arn);
    this.#deleted.set(queue.arn, this.now());
    queue.close();
  }

  /**
   * The queue of a URL, or of its path alone, in the caller's Region.
   * @throws {Refusal} where there is none, or where its policy does not let the caller do `action`.
   */
  byUrl(url: string, caller: Caller, action: string): Queue {
    const [, accountId, name] = /^(?:https?:\/\/[^/]+)?\/(\d{12})\/([A-Za-z0-9_.-]+)\/?$/.exec(url) ?? [];
    if (accountId === undefined) {
      throw new Refusal('InvalidAddress', `The address ${url} is not valid for this endpoint.`, { status: 404 });
    }
    const queue = this.#queues.get(`arn:aws:sqs:${caller.region}:${accountId}:${name}`);
    if (!queue) throw queueDoesNotExist();
    if (!this.allows(queue, { accountId: caller.accountId }, action, {})) {
      throw new Refusal('AccessDenied', `Access to the resource ${url} is denied.`, {
        shape: 'AccessDeniedException',
        status: 403,
      });
    }
    return queue;
  }

  /** Whether the queue's policy lets the principal do `action`; its own account may do all that is not denied. */
  allows(queue: Queue, principal: Principal, action: string, context: Readonly<Record<string, string>>): boolean {
    const verdict = evaluate(queue.attributes.policy, {
      principal,
      action: `SQS:${action}`,
      resource: queue.arn,
      context,
    });
    const isOwner = 'accountId' in principal && principal.accountId === queue.accountId;
    return verdict === 'allow' || (verdict === 'none' && isOwner);
  }

  #checkRedrive({ accountId, region }: Caller, { RedrivePolicy = '' }: Readonly<Record<string, string>>): void {
    const redrive = parseRedrive(RedrivePolicy);
    if (!redrive) return;
    const target = this.#queues.get(redrive.targetArn);
    if (target?.accountId === accountId && target.region === region) return;
    throw invalidParameterValue(
      `Value ${RedrivePolicy} for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist.`,
    );
  }
}
