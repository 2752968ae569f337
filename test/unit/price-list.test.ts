import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePrices } from '../../src/domain/price/parse-prices.ts';
import { SHIPPED_PRICES } from '../../src/domain/price/prices.ts';
import { KnownError } from '../../src/lib/errors.ts';

const text = await readFile(new URL('../../src/domain/price/prices.json', import.meta.url), 'utf8');

/** The shipped list with the value at `path` replaced, or left out where it is undefined. */
function changed(path: readonly (string | number)[], value: unknown): unknown {
  const list = JSON.parse(text) as Record<string | number, unknown>;
  let node = list;
  for (const step of path.slice(0, -1)) node = node[step] as Record<string | number, unknown>;
  node[path.at(-1) ?? ''] = value;
  return JSON.parse(JSON.stringify(list)) as unknown;
}

const vault = ['regions', 'us-east-1', 'vault'];
const deep = ['regions', 'us-east-1', 's3', 'DEEP_ARCHIVE'];
const standard = ['regions', 'us-east-1', 's3', 'STANDARD'];

describe('a price list', () => {
  it('that comes with the program is dated, and keeps both readings where sources disagree', () => {
    expect(SHIPPED_PRICES.asOf).toBe('2026-11-21');
    expect(Object.keys(SHIPPED_PRICES.regions)).toEqual(['us-east-1']);
    const retrieval = SHIPPED_PRICES.regions['us-east-1']?.vault.retrieval;
    expect(retrieval?.Bulk.map(({ perGb }) => perGb.usd)).toEqual([0, 0.0025]);
    expect(retrieval?.Standard.map(({ perThousandRequests }) => perThousandRequests.usd)).toEqual([0.03, 0.05]);
  });

  it('of the user replaces figures and adds Regions', () => {
    const region = (JSON.parse(text) as { regions: Record<string, unknown> }).regions['us-east-1'];
    expect(Object.keys(parsePrices(changed(['regions', 'eu-west-1'], region)).regions)).toEqual([
      'us-east-1',
      'eu-west-1',
    ]);
    const free = parsePrices(changed([...deep, 'requestsPerThousand', 'usd'], 0));
    expect(free.regions['us-east-1']?.s3.DEEP_ARCHIVE.requestsPerThousand.usd).toBe(0);
  });

  it.each([
    [['currency'], 'EUR', 'currency must be "USD", but is "EUR"'],
    [['asOf'], 'yesterday', 'asOf must be a date such as 2026-11-21, but is "yesterday"'],
    [['asOf'], '2026-02-30', 'asOf must be a date such as 2026-11-21, but is "2026-02-30"'],
    [['asOf'], '2026-13-01', 'asOf must be a date such as 2026-11-21, but is "2026-13-01"'],
    [['fallbackRegion'], 'mars-1', 'fallbackRegion must be one of the regions, but is "mars-1"'],
    [['bytesPerGb', 'value'], 0, 'bytesPerGb.value must be at least 1, but is 0'],
    [['regions'], [], 'regions must be an object, but is []'],
    [
      [...vault, 'retrieval', 'Bulk'],
      [],
      'regions.us-east-1.vault.retrieval.Bulk must be a list with at least one entry, but is []',
    ],
    [
      [...vault, 'retrieval', 'Bulk', 1, 'perGb', 'usd'],
      '0.0025',
      'regions.us-east-1.vault.retrieval.Bulk[1].perGb.usd must be a number of 0 or more, but is "0.0025"',
    ],
    [
      [...vault, 'storagePerGbMonth', 'usd'],
      -1,
      'vault.storagePerGbMonth.usd must be a number of 0 or more, but is -1',
    ],
    [[...vault, 'storagePerGbMonth', 'source'], ' ', 'vault.storagePerGbMonth.source must be a text, but is " "'],
    [
      [...vault, 'storagePerGbMonth', 'confidence'],
      'D',
      'storagePerGbMonth.confidence must be "A", "B" or "C", but is "D"',
    ],
    [[...deep], undefined, 'regions.us-east-1.s3.DEEP_ARCHIVE must be an object, but is missing'],
    [
      [...standard, 'storagePerGbMonth', 1, 'upToGb'],
      10,
      'storagePerGbMonth[1].upToGb must be a number above 51200, but is 10',
    ],
    [
      [...standard, 'storagePerGbMonth', 0, 'upToGb'],
      undefined,
      'storagePerGbMonth[0].upToGb must be a number above 0, but is missing',
    ],
    [
      [...standard, 'storagePerGbMonth', 2, 'upToGb'],
      1e9,
      'storagePerGbMonth[2].upToGb must be left out of the last step',
    ],
    [
      ['awsSolution', 'examples', 1],
      { archives: 1, gb: 1, usd: 5 },
      'awsSolution.examples must be two examples that differ',
    ],
  ])('that is wrong at %j is refused in one line that names the place', (path, value, message) => {
    const parse = () => parsePrices(changed(path, value));
    expect(parse).toThrow(message);
    expect(parse).toThrow(/^price list: [^\n]{1,160}$/);
  });

  it('of anything at all is either read or refused as a known error', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.constantFrom(vault, deep, ['regions'], ['awsSolution'], ['bytesPerGb']),
        (value, path) => {
          for (const json of [value, changed(path, value)]) {
            try {
              parsePrices(json);
            } catch (error) {
              expect(error).toBeInstanceOf(KnownError);
            }
          }
        },
      ),
    );
  });
});
