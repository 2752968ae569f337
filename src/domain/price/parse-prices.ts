import { FatalError } from '../../lib/errors.ts';
import type {
  AwsSolutionExample,
  ClassPrices,
  Confidence,
  Figure,
  Prices,
  RegionPrices,
  RetrievalPrice,
  StorageStep,
} from './prices.ts';
import { STORAGE_CLASSES, type StorageClass } from './storage-class.ts';

/**
 * A price list from parsed JSON. Fields that it does not know are left alone.
 * @throws {FatalError} `bad_prices`: one line with the path of the first value that is wrong.
 */
export function parsePrices(json: unknown): Prices {
  const top = objectAt(json, 'the file');
  if (top.currency !== 'USD') refuse('currency', 'must be "USD"', top.currency);
  const asOf = textAt(top.asOf, 'asOf');
  if (!isDate(asOf)) refuse('asOf', 'must be a date such as 2026-11-21', asOf);
  const regions = mapAt(top.regions, 'regions', parseRegion);
  const fallbackRegion = textAt(top.fallbackRegion, 'fallbackRegion');
  if (!Object.hasOwn(regions, fallbackRegion)) refuse('fallbackRegion', 'must be one of the regions', fallbackRegion);
  return {
    asOf,
    currency: 'USD',
    bytesPerGb: parseBytesPerGb(top.bytesPerGb, 'bytesPerGb'),
    fallbackRegion,
    awsSolution: parseAwsSolution(top.awsSolution, 'awsSolution'),
    regions,
  };
}

function parseRegion(json: unknown, path: string): RegionPrices {
  const region = objectAt(json, path);
  const vault = objectAt(region.vault, `${path}.vault`);
  const retrieval = objectAt(vault.retrieval, `${path}.vault.retrieval`);
  const retrievalOf = (tier: string) => listAt(retrieval[tier], `${path}.vault.retrieval.${tier}`, parseRetrieval);
  const transfer = objectAt(region.transfer, `${path}.transfer`);
  return {
    vault: {
      storagePerGbMonth: parseFigure(vault.storagePerGbMonth, `${path}.vault.storagePerGbMonth`),
      retrieval: {
        Bulk: retrievalOf('Bulk'),
        Standard: retrievalOf('Standard'),
        Expedited: retrievalOf('Expedited'),
      },
    },
    s3: parseClasses(region.s3, `${path}.s3`),
    transfer: {
      otherRegionPerGb: parseFigure(transfer.otherRegionPerGb, `${path}.transfer.otherRegionPerGb`),
      toRegion: mapAt(transfer.toRegion, `${path}.transfer.toRegion`, parseFigure),
      internetPerGb: parseFigure(transfer.internetPerGb, `${path}.transfer.internetPerGb`),
    },
  };
}

function parseClasses(json: unknown, path: string): Record<StorageClass, ClassPrices> {
  const classes = objectAt(json, path);
  const parsed = STORAGE_CLASSES.map((name) => [name, parseClass(classes[name], `${path}.${name}`)] as const);
  return Object.fromEntries(parsed) as Record<StorageClass, ClassPrices>;
}

function parseClass(json: unknown, path: string): ClassPrices {
  const prices = objectAt(json, path);
  const steps = listAt(prices.storagePerGbMonth, `${path}.storagePerGbMonth`, parseStep);
  let end = 0;
  for (const [index, { upToGb = Number.POSITIVE_INFINITY }] of steps.entries()) {
    const at = `${path}.storagePerGbMonth[${index}].upToGb`;
    if (index === steps.length - 1) {
      if (upToGb !== Number.POSITIVE_INFINITY) refuse(at, 'must be left out of the last step', upToGb);
    } else if (upToGb <= end || upToGb === Number.POSITIVE_INFINITY) {
      refuse(at, `must be a number above ${end}`, steps[index]?.upToGb);
    }
    end = upToGb;
  }
  return {
    storagePerGbMonth: steps,
    requestsPerThousand: parseFigure(prices.requestsPerThousand, `${path}.requestsPerThousand`),
    ...(prices.monitoringPerThousandObjects !== undefined && {
      monitoringPerThousandObjects: parseFigure(
        prices.monitoringPerThousandObjects,
        `${path}.monitoringPerThousandObjects`,
      ),
    }),
  };
}

function parseStep(json: unknown, path: string): StorageStep {
  const { upToGb } = objectAt(json, path);
  const figure = parseFigure(json, path);
  return upToGb === undefined ? figure : { ...figure, upToGb: numberAt(upToGb, `${path}.upToGb`) };
}

function parseRetrieval(json: unknown, path: string): RetrievalPrice {
  const price = objectAt(json, path);
  return {
    variant: textAt(price.variant, `${path}.variant`),
    perGb: parseFigure(price.perGb, `${path}.perGb`),
    perThousandRequests: parseFigure(price.perThousandRequests, `${path}.perThousandRequests`),
  };
}

function parseBytesPerGb(json: unknown, path: string): Prices['bytesPerGb'] {
  const given = objectAt(json, path);
  const value = numberAt(given.value, `${path}.value`);
  if (value < 1) refuse(`${path}.value`, 'must be at least 1', value);
  return { value, ...provenanceAt(given, path) };
}

function parseAwsSolution(json: unknown, path: string): Prices['awsSolution'] {
  const solution = objectAt(json, path);
  const [first, second, ...more] = listAt(solution.examples, `${path}.examples`, parseExample);
  if (!first || !second || more.length > 0 || first.archives * second.gb === second.archives * first.gb) {
    return refuse(`${path}.examples`, 'must be two examples that differ in GB per archive', solution.examples);
  }
  return { ...provenanceAt(solution, path), examples: [first, second] };
}

function parseExample(json: unknown, path: string): AwsSolutionExample {
  const example = objectAt(json, path);
  return {
    archives: numberAt(example.archives, `${path}.archives`),
    gb: numberAt(example.gb, `${path}.gb`),
    usd: numberAt(example.usd, `${path}.usd`),
  };
}

function parseFigure(json: unknown, path: string): Figure {
  const figure = objectAt(json, path);
  return { usd: numberAt(figure.usd, `${path}.usd`), ...provenanceAt(figure, path) };
}

function provenanceAt(json: Record<string, unknown>, path: string): { source: string; confidence: Confidence } {
  const { confidence } = json;
  if (confidence !== 'A' && confidence !== 'B' && confidence !== 'C') {
    return refuse(`${path}.confidence`, 'must be "A", "B" or "C"', confidence);
  }
  return { source: textAt(json.source, `${path}.source`), confidence };
}

function objectAt(json: unknown, path: string): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return refuse(path, 'must be an object', json);
  return json as Record<string, unknown>;
}

function mapAt<T>(json: unknown, path: string, parse: (json: unknown, path: string) => T): Record<string, T> {
  return Object.fromEntries(
    Object.entries(objectAt(json, path)).map(([name, value]) => [name, parse(value, `${path}.${name}`)]),
  );
}

function listAt<T>(json: unknown, path: string, parse: (json: unknown, path: string) => T): readonly [T, ...T[]] {
  if (!Array.isArray(json) || json.length === 0) return refuse(path, 'must be a list with at least one entry', json);
  const [first, ...others]: readonly unknown[] = json;
  return [parse(first, `${path}[0]`), ...others.map((entry, index) => parse(entry, `${path}[${index + 1}]`))];
}

function numberAt(json: unknown, path: string): number {
  if (typeof json !== 'number' || !Number.isFinite(json) || json < 0) {
    return refuse(path, 'must be a number of 0 or more', json);
  }
  return json;
}

function isDate(text: string): boolean {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(text) : Number.NaN;
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

function textAt(json: unknown, path: string): string {
  if (typeof json !== 'string' || json.trim() === '') return refuse(path, 'must be a text', json);
  return json;
}

/** Stays one short line, whatever the value is. */
const SHOWN_CHARACTERS = 40;

function refuse(path: string, rule: string, found: unknown): never {
  const text = found === undefined ? 'missing' : JSON.stringify(found);
  const shown = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}...` : text;
  throw new FatalError('bad_prices', `price list: ${path} ${rule}, but is ${shown}`);
}
