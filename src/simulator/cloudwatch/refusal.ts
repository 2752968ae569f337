/** What CloudWatch answers instead of a result. */
export class CloudWatchRefusal extends Error {
  readonly status: number;
  /** Of the query protocol, which clients still see as the error's code. */
  readonly code: string;
  /** The shape's name, as the JSON protocol has it in `__type`. */
  readonly shape: string;
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(
    status: number,
    code: string,
    message: string,
    shape = code,
    fields: Readonly<Record<string, unknown>> = {},
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.shape = shape;
    this.fields = fields;
  }
}
