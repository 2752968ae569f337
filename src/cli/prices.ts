import { readFile } from 'node:fs/promises';
import { parsePrices } from '../domain/price/parse-prices.ts';
import { type Prices, SHIPPED_PRICES } from '../domain/price/prices.ts';
import { FatalError, messageOf } from '../lib/errors.ts';

/**
 * The price list of `--prices`, or the one that comes with the program.
 * @throws {FatalError} `bad_prices`.
 */
export async function readPrices(path: string | undefined): Promise<Prices> {
  if (path === undefined) return SHIPPED_PRICES;
  try {
    return parsePrices(JSON.parse((await readFile(path, 'utf8')).replace(/^\ufeff/, '')));
  } catch (error) {
    if (!(error instanceof SyntaxError || (error instanceof Error && 'syscall' in error))) throw error;
    throw new FatalError('bad_prices', `the price list ${path} can't be read (${messageOf(error)})`, { cause: error });
  }
}
