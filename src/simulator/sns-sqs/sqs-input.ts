import type { MessageAttribute } from './queue.ts';
import { invalidParameterValue, missingParameter, Refusal } from './refusal.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** An operation's input as the JSON protocol has it, read member by member. Each reader throws the refusal of SQS. */
export class SqsInput {
  readonly #json: JsonObject;

  constructor(json: JsonObject) {
    this.#json = json;
  }

  text(name: string): string {
    const value = this.optionalText(name);
    if (value === undefined || value === '') throw missingParameter(name);
    return value;
  }

  optionalText(name: string): string | undefined {
    return this.#typed(name, (value): value is string => typeof value === 'string');
  }

  optionalNumber(name: string, least: number, most: number): number | undefined {
    const value = this.#typed(name, (each): each is number => Number.isInteger(each));
    if (value !== undefined && (value < least || value > most)) {
      throw invalidParameterValue(
        `Value ${value} for parameter ${name} is invalid. Reason: Must be >= ${least} and <= ${most}, if provided.`,
      );
    }
    return value;
  }

  number(name: string, least: number, most: number): number {
    const value = this.optionalNumber(name, least, most);
    if (value === undefined) throw missingParameter(name);
    return value;
  }

  texts(name: string): readonly string[] {
    const isTexts = (value: unknown): value is string[] =>
      Array.isArray(value) && value.every((each) => typeof each === 'string');
    return this.#typed(name, isTexts) ?? [];
  }

  map(name: string): Readonly<Record<string, string>> {
    const isMap = (value: unknown): value is Record<string, string> =>
      isObject(value) && Object.values(value).every((each) => typeof each === 'string');
    return this.#typed(name, isMap) ?? {};
  }

  messageAttributes(): Readonly<Record<string, MessageAttribute>> {
    const attributes = this.#typed('MessageAttributes', isObject) ?? {};
    for (const [name, value] of Object.entries(attributes)) {
      const content = isObject(value) ? (value.StringValue ?? value.BinaryValue) : undefined;
      if (!isObject(value) || !/^(String|Number|Binary)(\..+)?$/.test(String(value.DataType)) || !content) {
        throw invalidParameterValue(
          `The message attribute '${name}' must contain a non-empty message attribute value.`,
        );
      }
    }
    return attributes as Readonly<Record<string, MessageAttribute>>;
  }

  objects(name: string): readonly JsonObject[] {
    const isObjects = (value: unknown): value is JsonObject[] => Array.isArray(value) && value.every(isObject);
    return this.#typed(name, isObjects) ?? [];
  }

  #typed<T>(name: string, is: (value: unknown) => value is T): T | undefined {
    const value = this.#json[name] ?? undefined;
    if (value === undefined || is(value)) return value;
    throw new Refusal('SerializationException', `${name} can not be read from ${JSON.stringify(value)}`, {
      shape: 'SerializationException',
    });
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
