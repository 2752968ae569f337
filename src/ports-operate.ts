/*
 * What `doctor`, `setup` and `teardown` need from outside. As in ports.ts: what a service refuses is a `ServiceError`,
 * every call is made once, and what is asked for and is not set is `undefined`.
 */

/** Who calls, and by whose clock. */
export interface Caller {
  readonly accountId: string;
  /** Of the user, or of the role's session. */
  readonly arn: string;
  /** AWS's clock less this machine's, in milliseconds, to the second; undefined where no answer said its time. */
  readonly skewMs: number | undefined;
}

/** An action on a resource, as policies write them. */
export interface Permission {
  readonly action: string;
  readonly resource: string;
}

export interface AccountInspection {
  caller(signal: AbortSignal): Promise<Caller>;

  /**
   * What IAM says of each permission; `unsure` where a condition would decide whose values IAM was not told, such as the address
   * of the caller.
   * @throws {ServiceError} `access_denied`: not everybody may ask.
   */
  decisions(
    principalArn: string,
    permissions: readonly Permission[],
    signal: AbortSignal,
  ): Promise<readonly { readonly permission: Permission; readonly decision: 'allowed' | 'denied' | 'unsure' }[]>;
}

export interface VaultInspection {
  accessPolicy(signal: AbortSignal): Promise<string | undefined>;

  lock(signal: AbortSignal): Promise<{ readonly policy: string; readonly isLocked: boolean } | undefined>;

  /** The topic that the vault itself reports all jobs to. */
  notifications(signal: AbortSignal): Promise<{ readonly topicArn: string } | undefined>;

  /**
   * Asks for an archive that cannot be, so that no job can come of it: resolves where the call is allowed.
   * @throws {ServiceError} `access_denied`, and what else stands in the way of any request.
   */
  tryRequest(signal: AbortSignal): Promise<void>;

  /** Asks for a job that cannot be, and for its output. As `tryRequest`. */
  tryReading(signal: AbortSignal): Promise<void>;
}

export interface LifecycleRule {
  readonly id: string;
  readonly enabled: boolean;
  /** What keys begin with that the rule is for; tags and sizes may narrow it further. */
  readonly prefix: string;
  /** Whether tags or sizes narrow it. */
  readonly isNarrowed: boolean;
  readonly abortsUploadsAfterDays?: number;
  readonly expiresAfterDays?: number;
}

export interface BucketInspection {
  versioning(signal: AbortSignal): Promise<'Enabled' | 'Suspended' | undefined>;

  /** The retention that objects get without asking; `{}` where there is none but the lock is on. */
  objectLock(signal: AbortSignal): Promise<{ readonly mode?: string; readonly period?: string } | undefined>;

  encryption(signal: AbortSignal): Promise<{ readonly algorithm: string; readonly kmsKeyId?: string } | undefined>;

  lifecycle(signal: AbortSignal): Promise<readonly LifecycleRule[]>;

  /** Adds the rule, or replaces the one of its id; all others stay as they are. */
  putLifecycleRule(
    rule: { readonly id: string; readonly prefix: string; readonly abortsUploadsAfterDays: number },
    signal: AbortSignal,
  ): Promise<void>;

  /** Removes the rule and nothing else. @returns whether it was there. */
  removeLifecycleRule(id: string, signal: AbortSignal): Promise<boolean>;
}

export interface ChannelInspection {
  topic(topicArn: string, signal: AbortSignal): Promise<{ readonly policy: string; readonly isEncrypted: boolean }>;

  /** Sends a text through the topic, as whoever the credentials belong to. */
  publish(topicArn: string, text: string, signal: AbortSignal): Promise<void>;

  /** Gives messages back to the queue at once, for whoever they are meant. */
  giveBack(queueUrl: string, receipts: readonly string[], signal: AbortSignal): Promise<void>;
}

/** The names of what `setup` makes. */
export interface ChannelNames {
  readonly topic: string;
  readonly queue: string;
  readonly deadLetters: string;
}

/** What `setup` makes for good, and `teardown` removes. */
export interface Provision {
  /**
   * Topic, queue, dead-letter queue, their policies and the subscription. Idempotent: what is there is put right.
   * @throws {ServiceError} `unavailable` within a minute after a queue of the name was deleted.
   */
  makeChannel(
    names: ChannelNames,
    signal: AbortSignal,
  ): Promise<{ readonly topicArn: string; readonly queueUrl: string; readonly deadLettersUrl: string }>;

  /** @returns the names of what was there. */
  removeChannel(names: ChannelNames, topicArn: string, signal: AbortSignal): Promise<readonly string[]>;

  /** Makes the dashboard, or replaces the one of its name. */
  putDashboard(name: string, body: object, signal: AbortSignal): Promise<void>;

  /** @returns whether it was there. */
  removeDashboard(name: string, signal: AbortSignal): Promise<boolean>;
}
