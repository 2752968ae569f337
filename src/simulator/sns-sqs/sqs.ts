import type { Exchange, Reply, SimulatedService } from '../service.ts';
import { queryError, queryReply } from './query-protocol.ts';
import type { Queues } from './queues.ts';
import { Refusal } from './refusal.ts';
import { formOf, originOf, readBody } from './request.ts';
import { isObject, type JsonObject, SqsInput } from './sqs-input.ts';
import { SQS_OPERATIONS } from './sqs-operations.ts';
import { inputFromQuery, resultToXml } from './sqs-query.ts';

const NAMESPACE = 'http://queue.amazonaws.com/doc/2012-11-05/';
const TARGET_PREFIX = 'AmazonSQS.';

/** SQS over HTTP: AWS JSON 1.0, as current clients speak it, and the query protocol of older ones. */
export function sqsService(queues: Queues): SimulatedService {
  return {
    name: 'sqs',
    async handle(exchange) {
      const body = await readBody(exchange);
      const target = exchange.headers['x-amz-target'];
      if (typeof target === 'string') return answerJson(queues, exchange, target, body);
      return answerQuery(queues, exchange, formOf(exchange, body));
    },
  };
}

async function answerJson(queues: Queues, exchange: Exchange, target: string, body: string): Promise<Reply> {
  const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': exchange.requestId };
  try {
    const operation = target.startsWith(TARGET_PREFIX) ? target.slice(TARGET_PREFIX.length) : '';
    const output = await perform(queues, exchange, operation, parseJson(body));
    return { status: 200, headers, body: JSON.stringify(output ?? {}) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const namespace = error.shape.endsWith('Exception') ? 'com.amazon.coral.service' : 'com.amazonaws.sqs';
    return {
      status: error.shape === 'AccessDeniedException' ? 403 : 400,
      headers: { ...headers, 'x-amzn-query-error': `${error.code};Sender` },
      body: JSON.stringify({ __type: `${namespace}#${error.shape}`, message: error.message }),
    };
  }
}

async function answerQuery(queues: Queues, exchange: Exchange, form: URLSearchParams): Promise<Reply> {
  const { requestId } = exchange;
  const headers = { 'content-type': 'text/xml', 'x-amzn-requestid': requestId };
  const operation = form.get('Action') ?? '';
  try {
    const input = { QueueUrl: exchange.rawPath, ...inputFromQuery(operation, form) };
    const output = await perform(queues, exchange, operation, input);
    const result = output && resultToXml(operation, output);
    return { status: 200, headers, body: queryReply(NAMESPACE, operation, requestId, result) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { code, message, status } = error;
    return { status, headers, body: queryError(NAMESPACE, requestId, { code, message, fault: 'Sender' }) };
  }
}

async function perform(
  queues: Queues,
  exchange: Exchange,
  operation: string,
  input: JsonObject,
): Promise<JsonObject | undefined> {
  const carryOut = Object.hasOwn(SQS_OPERATIONS, operation) ? SQS_OPERATIONS[operation] : undefined;
  if (!carryOut) {
    throw new Refusal('InvalidAction', `The action ${operation} is not valid for this endpoint.`, {
      shape: 'UnknownOperationException',
    });
  }
  return carryOut({ queues, caller: exchange.caller, origin: originOf(exchange), input: new SqsInput(input) });
}

/** @throws {Refusal} */
function parseJson(body: string): JsonObject {
  try {
    const json: unknown = JSON.parse(body === '' ? '{}' : body);
    if (isObject(json)) return json;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new Refusal('SerializationException', 'The body is not a JSON object.', { shape: 'SerializationException' });
}
