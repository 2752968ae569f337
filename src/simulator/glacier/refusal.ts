import type { AwsError } from '../error-reply.ts';

/** What Glacier answers instead of a result. Thrown inside the simulated service, written as a reply at its edge. */
export class Refusal extends Error implements AwsError {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export function notFound(message: string): Refusal {
  return new Refusal(404, 'ResourceNotFoundException', message);
}

export function jobNotFound(jobId: string): Refusal {
  return notFound(`The job ID was not found: ${jobId}`);
}

export function invalid(message: string): Refusal {
  return new Refusal(400, 'InvalidParameterValueException', message);
}

export function missing(name: string): Refusal {
  return new Refusal(400, 'MissingParameterValueException', `Required parameter missing: ${name}`);
}
