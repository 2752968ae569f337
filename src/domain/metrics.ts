/** A figure that monitoring systems are told. */
export interface MetricDefinition {
  /** Its name for Prometheus: base units, `_total` on what only grows. */
  readonly prometheus: string;
  /** Its name in CloudWatch, where a counter is given as what was added since the last time. */
  readonly cloudwatch: string;
  readonly kind: 'gauge' | 'counter';
  readonly unit: 'Count' | 'Bytes' | 'Bytes/Second' | 'Seconds' | 'None';
  readonly help: string;
  /** What its values are told apart by: a label, or a CloudWatch dimension with a capital. */
  readonly label?: 'state' | 'operation' | 'code';
}

/** All there is to be told of a transfer. Every value has also the vault and the bucket to it. */
export const METRICS = {
  archives: {
    prometheus: 'glacier2s3_archives',
    cloudwatch: 'Archives',
    kind: 'gauge',
    unit: 'Count',
    help: 'Archives of the inventory by state; the states add up to all of them.',
    label: 'state',
  },
  bytes: {
    prometheus: 'glacier2s3_archive_bytes',
    cloudwatch: 'ArchiveBytes',
    kind: 'gauge',
    unit: 'Bytes',
    help: 'Bytes of the archives by state.',
    label: 'state',
  },
  failures: {
    prometheus: 'glacier2s3_failed_archives',
    cloudwatch: 'FailedArchives',
    kind: 'gauge',
    unit: 'Count',
    help: 'Failed archives by the code of the failure.',
    label: 'code',
  },
  copiedBytes: {
    prometheus: 'glacier2s3_copied_bytes_total',
    cloudwatch: 'CopiedBytes',
    kind: 'counter',
    unit: 'Bytes',
    help: 'Bytes that S3 has taken.',
  },
  requests: {
    prometheus: 'glacier2s3_requests_total',
    cloudwatch: 'Requests',
    kind: 'counter',
    unit: 'Count',
    help: 'Calls to AWS by operation.',
    label: 'operation',
  },
  throttles: {
    prometheus: 'glacier2s3_throttles_total',
    cloudwatch: 'Throttles',
    kind: 'counter',
    unit: 'Count',
    help: 'Calls to AWS that were answered by throttling, by operation.',
    label: 'operation',
  },
  throughput: {
    prometheus: 'glacier2s3_throughput_bytes_per_second',
    cloudwatch: 'Throughput',
    kind: 'gauge',
    unit: 'Bytes/Second',
    help: 'What is being copied, over the last half minute.',
  },
  eta: {
    prometheus: 'glacier2s3_eta_seconds',
    cloudwatch: 'SecondsLeft',
    kind: 'gauge',
    unit: 'Seconds',
    help: 'How long the rest is estimated to take; absent while nobody knows.',
  },
  expiry: {
    prometheus: 'glacier2s3_next_expiry_seconds',
    cloudwatch: 'SecondsToNextExpiry',
    kind: 'gauge',
    unit: 'Seconds',
    help: 'How long until Glacier withdraws the next staged archive; absent while none is staged.',
  },
  spent: {
    prometheus: 'glacier2s3_spent_usd',
    cloudwatch: 'SpentUsd',
    kind: 'gauge',
    unit: 'None',
    help: 'What was spent, estimated by the price list.',
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

export type MetricName = keyof typeof METRICS;

/** The value of a metric now; `label` where its definition has one. */
export interface MetricValue {
  readonly metric: MetricName;
  readonly label?: string;
  readonly value: number;
}
