/** What SNS or SQS answers instead of a result. Thrown inside the simulated services, written as a reply at their edge. */
export class Refusal extends Error {
  /** The code of the query protocol, such as `AWS.SimpleQueueService.NonExistentQueue`. */
  readonly code: string;
  /** The name of the shape, as the JSON protocol has it in `__type`. */
  readonly shape: string;
  /** The status of the query protocol; SQS's JSON protocol knows 400 and 403 only. */
  readonly status: number;

  constructor(code: string, message: string, { shape = code, status = 400 } = {}) {
    super(message);
    this.code = code;
    this.shape = shape;
    this.status = status;
  }
}

export function queueDoesNotExist(): Refusal {
  return new Refusal('AWS.SimpleQueueService.NonExistentQueue', 'The specified queue does not exist.', {
    shape: 'QueueDoesNotExist',
  });
}

export function invalidParameterValue(message: string): Refusal {
  return new Refusal('InvalidParameterValue', message, { shape: 'InvalidParameterValueException' });
}

export function missingParameter(name: string): Refusal {
  return new Refusal('MissingParameter', `The request must contain the parameter ${name}.`, {
    shape: 'MissingRequiredParameterException',
  });
}

export function invalidReceiptHandle(receipt: string): Refusal {
  return new Refusal('ReceiptHandleIsInvalid', `The input receipt handle "${receipt}" is not a valid receipt handle.`, {
    status: 404,
  });
}

/** A refusal of SQS whose query code is its shape with the service's prefix. */
export function sqsRefusal(shape: string, message: string, status = 400): Refusal {
  return new Refusal(`AWS.SimpleQueueService.${shape}`, message, { shape, status });
}

/** SNS's one code for all that it does not like about a request. */
export function invalidParameter(what: string): Refusal {
  return new Refusal('InvalidParameter', `Invalid parameter: ${what}`);
}
