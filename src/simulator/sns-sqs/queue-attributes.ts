import { type Policy, parsePolicy } from '../../domain/access-policy.ts';
import { invalidParameterValue, Refusal } from './refusal.ts';

/** Whole numbers, with the bounds and defaults of SQS (API reference, SetQueueAttributes; 1 MiB messages since August 2025). */
const NUMBERS: Readonly<Record<string, { readonly least: number; readonly most: number; readonly initial: number }>> = {
  DelaySeconds: { least: 0, most: 900, initial: 0 },
  MaximumMessageSize: { least: 1024, most: 1_048_576, initial: 1_048_576 },
  MessageRetentionPeriod: { least: 60, most: 1_209_600, initial: 345_600 },
  ReceiveMessageWaitTimeSeconds: { least: 0, most: 20, initial: 0 },
  VisibilityTimeout: { least: 0, most: 43_200, initial: 30 },
};

/** Those that GetQueueAttributes gives and nobody can set. */
export const READ_ONLY_ATTRIBUTES = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesDelayed',
  'ApproximateNumberOfMessagesNotVisible',
  'CreatedTimestamp',
  'LastModifiedTimestamp',
  'QueueArn',
] as const;

export const SETTABLE_ATTRIBUTES: readonly string[] = [
  ...Object.keys(NUMBERS),
  'Policy',
  'RedrivePolicy',
  'SqsManagedSseEnabled',
  'KmsMasterKeyId',
  'KmsDataKeyReusePeriodSeconds',
];

export interface Redrive {
  readonly targetArn: string;
  readonly maxReceiveCount: number;
}

/** What a queue is set to. Values stay texts, as SQS gives them back. */
export class QueueAttributes {
  readonly #values = new Map<string, string>();
  #policy: Policy = [];
  #redrive: Redrive | undefined;

  constructor(values: Readonly<Record<string, string>>) {
    for (const [name, { initial }] of Object.entries(NUMBERS)) this.#values.set(name, String(initial));
    if (!values.KmsMasterKeyId) this.#values.set('SqsManagedSseEnabled', 'true');
    this.set(values);
  }

  get policy(): Policy {
    return this.#policy;
  }

  get redrive(): Redrive | undefined {
    return this.#redrive;
  }

  /** Seconds, or bytes. */
  number(name: keyof typeof NUMBERS): number {
    return Number(this.#values.get(name));
  }

  get encryptedByKms(): boolean {
    return this.#values.has('KmsMasterKeyId');
  }

  entries(): Iterable<readonly [string, string]> {
    return this.#values.entries();
  }

  /** The first of these names whose value is another one here. */
  differenceFrom(values: Readonly<Record<string, string>>): string | undefined {
    return Object.keys(values).find((name) => normal(this.#values.get(name)) !== normal(values[name]));
  }

  /** Takes all of them or none. An empty text unsets policies and keys. @throws {Refusal} */
  set(values: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(values)) check(name, value);
    if (values.KmsMasterKeyId && values.SqsManagedSseEnabled === 'true') {
      throw invalidValue('SqsManagedSseEnabled', 'You can use one type of server-side encryption (SSE) at one time.');
    }
    for (const [name, value] of Object.entries(values)) {
      if (value === '') this.#values.delete(name);
      else this.#values.set(name, value);
    }
    if (values.KmsMasterKeyId) this.#values.set('SqsManagedSseEnabled', 'false');
    if (values.SqsManagedSseEnabled === 'true') this.#values.delete('KmsMasterKeyId');
    this.#policy = parsePolicy(this.#values.get('Policy') ?? '') ?? [];
    this.#redrive = parseRedrive(this.#values.get('RedrivePolicy') ?? '');
  }
}

/** @throws {Refusal} where SQS refuses the value. */
function check(name: string, value: string): void {
  const bounds = NUMBERS[name];
  if (bounds) {
    const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN;
    if (!(number >= bounds.least && number <= bounds.most)) throw invalidValue(name);
    return;
  }
  switch (name) {
    case 'Policy':
      if (value !== '' && !parsePolicy(value)) throw invalidValue(name);
      return;
    case 'RedrivePolicy':
      if (value !== '' && !parseRedrive(value)) {
        throw invalidParameterValue(
          `Value ${value} for parameter RedrivePolicy is invalid. Reason: Redrive policy is not a valid JSON map.`,
        );
      }
      return;
    case 'SqsManagedSseEnabled':
      if (value !== 'true' && value !== 'false') throw invalidValue(name);
      return;
    case 'KmsMasterKeyId':
      return;
    case 'KmsDataKeyReusePeriodSeconds':
      if (!(Number(value) >= 60 && Number(value) <= 86_400)) throw invalidValue(name);
      return;
    default:
      throw new Refusal('InvalidAttributeName', `Unknown Attribute ${name}.`);
  }
}

/** The redrive policy, or undefined where the text is none. */
export function parseRedrive(text: string): Redrive | undefined {
  if (text === '') return undefined;
  let json: { deadLetterTargetArn?: unknown; maxReceiveCount?: unknown };
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const count = Number(json?.maxReceiveCount);
  if (typeof json?.deadLetterTargetArn !== 'string' || !Number.isInteger(count)) return undefined;
  return count >= 1 && count <= 1000 ? { targetArn: json.deadLetterTargetArn, maxReceiveCount: count } : undefined;
}

function invalidValue(name: string, reason = ''): Refusal {
  return new Refusal(
    'InvalidAttributeValue',
    `Invalid value for the parameter ${name}.${reason && ` Reason: ${reason}`}`,
  );
}

/** Policies are the same whatever their white space. */
function normal(value: string | undefined): string {
  if (!value?.startsWith('{')) return value ?? '';
  try {
    return JSON.stringify(JSON.parse(value));
  } catch {
    return value;
  }
}
