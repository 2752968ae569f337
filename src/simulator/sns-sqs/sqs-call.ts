import type { Queue } from './queue.ts';
import type { Caller, Queues } from './queues.ts';
import type { JsonObject, SqsInput } from './sqs-input.ts';

export interface SqsCall {
  readonly queues: Queues;
  readonly caller: Caller;
  /** Where the queue's URL points: this simulator. */
  readonly origin: string;
  readonly input: SqsInput;
}

/** An operation, on input and output as the JSON protocol has them; undefined where it never has any output. @throws {Refusal} */
export type SqsOperation = (call: SqsCall) => JsonObject | undefined | Promise<JsonObject>;

/** The queue that a call names, where the caller may do `action` on it. @throws {Refusal} */
export function queueOf({ queues, caller, input }: SqsCall, action: string): Queue {
  return queues.byUrl(input.text('QueueUrl'), caller, action);
}
