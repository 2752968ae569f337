/**
 * S3's answer to what it does not take: status, code, message and the fields that some codes add
 * (S3 API reference, error responses; which fields come with which code is as seen in real replies).
 */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly fields: Readonly<Record<string, string | number>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: string,
    message: string,
    fields: Readonly<Record<string, string | number>> = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.fields = fields;
    this.headers = headers;
  }
}

export function invalidRequest(message: string): Refusal {
  return new Refusal(400, 'InvalidRequest', message);
}

export function invalidArgument(message: string, name: string, value: string): Refusal {
  return new Refusal(400, 'InvalidArgument', message, { ArgumentName: name, ArgumentValue: value });
}

export function malformedXml(): Refusal {
  const message = 'The XML you provided was not well-formed or did not validate against our published schema';
  return new Refusal(400, 'MalformedXML', message);
}

export function noSuchKey(key: string): Refusal {
  return new Refusal(404, 'NoSuchKey', 'The specified key does not exist.', { Key: key });
}

export function noSuchUpload(uploadId: string): Refusal {
  const message =
    'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.';
  return new Refusal(404, 'NoSuchUpload', message, { UploadId: uploadId });
}

export function preconditionFailed(condition: 'If-Match' | 'If-None-Match'): Refusal {
  const message = 'At least one of the pre-conditions you specified did not hold';
  return new Refusal(412, 'PreconditionFailed', message, { Condition: condition });
}

export function conditionalRequestConflict(key: string): Refusal {
  const message = 'The conditional request cannot succeed due to a conflicting operation against this resource.';
  return new Refusal(409, 'ConditionalRequestConflict', message, { Condition: 'If-None-Match', Key: key });
}

export function incompleteBody(): Refusal {
  const message = 'You did not provide the number of bytes specified by the Content-Length HTTP header';
  return new Refusal(400, 'IncompleteBody', message);
}

export function entityTooLarge(proposed: number, allowed: number): Refusal {
  const message = 'Your proposed upload exceeds the maximum allowed size';
  return new Refusal(400, 'EntityTooLarge', message, { ProposedSize: proposed, MaxSizeAllowed: allowed });
}

/** What real S3 can do and this simulator leaves out: said aloud, so that no test passes by being ignored. */
export function notSimulated(what: string): Refusal {
  return new Refusal(501, 'NotImplemented', `The simulator leaves this part of S3 out: ${what}`);
}
