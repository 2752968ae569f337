import { DAY } from '../lib/duration.ts';
import type { ArchiveSpec, SimulatedVault } from './glacier/vault.ts';
import type { GlacierRegion } from './glacier/world.ts';

/** A vault that is there when the simulator starts. */
export interface VaultSpec {
  readonly name: string;
  readonly region?: string;
  readonly archives?: Iterable<ArchiveSpec>;
  /** Whether its inventory has been made; where not, the first one is a day away. True by default. */
  readonly inventoried?: boolean;
  /** When the vault was made, in milliseconds since 1970; three years ago by default. */
  readonly createdAt?: number;
}

/** Makes the vault, or adds to the one of the same name. */
export function seedVault(
  region: GlacierRegion,
  { name, archives = [], inventoried = true, createdAt }: VaultSpec,
  now: number,
): SimulatedVault {
  const vault = region.createVault(name, createdAt ?? (inventoried ? now - 3 * 365 * DAY : now));
  for (const archive of archives) vault.add(archive);
  if (inventoried) vault.takeInventory(now - DAY / 4);
  return vault;
}
