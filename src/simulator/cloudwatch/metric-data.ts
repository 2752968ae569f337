import { DAY, HOUR } from '../../lib/duration.ts';
import { CloudWatchRefusal } from './refusal.ts';

/** One value that was put. */
export interface Datum {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly value: number;
  readonly unit: string;
}

/** CloudWatch API reference, PutMetricData and MetricDatum. */
const MOST_METRICS = 1000;
const MOST_DIMENSIONS = 30;
const LARGEST_VALUE = 2 ** 360;
const UNITS =
  /^(Seconds|Microseconds|Milliseconds|(Kilo|Mega|Giga|Tera)?(bytes|bits)(\/Second)?|Bytes(\/Second)?|Bits(\/Second)?|Percent|Count(\/Second)?|None)$/i;

/** @throws {CloudWatchRefusal} */
export function parseMetricData(input: Readonly<Record<string, unknown>>, now: number): readonly Datum[] {
  const { Namespace: namespace, MetricData: data } = input;
  if (typeof namespace !== 'string' || namespace === '') throw missing('Namespace');
  if (!/^[^:][\w ./#:-]{0,254}$/.test(namespace)) throw invalid('Namespace');
  if (namespace.startsWith('AWS/')) throw invalid('Namespace: names that begin with "AWS/" are AWS’s own');
  if (!Array.isArray(data) || data.length === 0) throw missing('MetricData');
  if (data.length > MOST_METRICS) {
    throw new CloudWatchRefusal(
      400,
      'InvalidParameterValue',
      `The collection MetricData must not have a size greater than ${MOST_METRICS}.`,
    );
  }
  return data.map((each: unknown) => parseDatum(namespace, each as Record<string, unknown>, now));
}

function parseDatum(namespace: string, json: Record<string, unknown>, now: number): Datum {
  const {
    MetricName: name,
    Value: value,
    Unit: unit = 'None',
    Timestamp: timestamp,
    Dimensions: dimensions = [],
  } = json;
  if (typeof name !== 'string' || name === '' || name.length > 255) throw missing('MetricData.member.MetricName');
  if (typeof value !== 'number') throw missing(`the value of ${name}`);
  if (!Number.isFinite(value) || Math.abs(value) > LARGEST_VALUE) throw invalid(`the value of ${name}`);
  if (typeof unit !== 'string' || !UNITS.test(unit)) throw invalid(`the unit of ${name}`);
  if (!Array.isArray(dimensions) || dimensions.length > MOST_DIMENSIONS) throw invalid(`the dimensions of ${name}`);
  const at = typeof timestamp === 'number' ? timestamp * 1000 : now;
  if (at < now - 14 * DAY || at > now + 2 * HOUR) throw invalid(`the timestamp of ${name}`);
  return { namespace, name, dimensions: dimensionsOf(dimensions), at, value, unit };
}

/** @throws {CloudWatchRefusal} */
export function dimensionsOf(list: readonly unknown[]): Record<string, string> {
  const named = list.map((each) => each as { readonly Name?: unknown; readonly Value?: unknown });
  for (const { Name, Value } of named) {
    const wellFormed = [Name, Value].every((text) => typeof text === 'string' && /^[\x20-\x7e]{1,1024}$/.test(text));
    if (!wellFormed) throw invalid(`the dimension ${String(Name)}`);
  }
  return Object.fromEntries(named.map(({ Name, Value }) => [String(Name), String(Value)]));
}

function missing(name: string): CloudWatchRefusal {
  return new CloudWatchRefusal(
    400,
    'MissingParameter',
    `The parameter ${name} is required.`,
    'MissingRequiredParameterException',
  );
}

function invalid(name: string): CloudWatchRefusal {
  return new CloudWatchRefusal(
    400,
    'InvalidParameterValue',
    `The value for parameter ${name} is invalid.`,
    'InvalidParameterValueException',
  );
}
