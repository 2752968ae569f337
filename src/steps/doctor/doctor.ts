import { KnownError } from '../../lib/errors.ts';
import { ACCOUNT_CHECKS } from './account-checks.ts';
import { BUCKET_CHECKS } from './bucket-checks.ts';
import { CHANNEL_CHECKS } from './channel-checks.ts';
import type { Check, DoctorDeps, DoctorOptions, Finding, Known } from './finding.ts';
import { MACHINE_CHECKS } from './machine-checks.ts';
import { VAULT_CHECKS } from './vault-checks.ts';

export type NamedFinding = Finding & { readonly check: string };

/** In the order in which they are told; the state directory comes after the vault, which says how much will go into it. */
const CHECKS: readonly Check[] = [
  ...ACCOUNT_CHECKS,
  ...VAULT_CHECKS,
  ...BUCKET_CHECKS,
  ...CHANNEL_CHECKS,
  ...MACHINE_CHECKS,
];

/**
 * Looks for all that would stand in a transfer's way, one finding a check, each told as soon as it is there. Leaves nothing
 * behind, and asks nothing of Glacier that costs.
 */
export async function examine(
  deps: DoctorDeps,
  options: DoctorOptions,
  tell: (finding: NamedFinding) => void,
): Promise<readonly NamedFinding[]> {
  const known: Known = {};
  const findings: NamedFinding[] = [];
  const failed = new Set<string>();
  for (const check of CHECKS) {
    const missing = check.needs.find((name) => failed.has(name));
    const found = missing === undefined ? await outcome(check, deps, options, known) : notLookedAt(missing);
    // what could not be looked at for a reason leaves the next ones in the same case
    if (found.status === 'problem' || missing !== undefined) failed.add(check.name);
    const finding = { check: check.name, ...found };
    findings.push(finding);
    tell(finding);
  }
  return findings;
}

async function outcome(check: Check, deps: DoctorDeps, options: DoctorOptions, known: Known): Promise<Finding> {
  try {
    return await check.run(deps, options, known);
  } catch (error) {
    deps.signal.throwIfAborted();
    if (!(error instanceof KnownError)) throw error;
    return { status: 'problem', message: error.message };
  }
}

function notLookedAt(missing: string): Finding {
  return { status: 'warning', message: `not looked at: first see to the ${missing}` };
}
