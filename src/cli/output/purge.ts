import type { Keeping } from '../../domain/purge.ts';
import { formatDuration } from '../../lib/duration.ts';
import { formatSize } from '../../lib/size.ts';
import type { PurgeReport } from '../../steps/purge-archives.ts';
import type { PurgePlan } from '../../steps/purge-plan.ts';
import type { PurgeFlags } from '../commands/purge.ts';
import { archivesOf, formatCount, formatUsd } from './amounts.ts';

/** Why archives that are copied stay, and what to do about it. */
const KEPT: Readonly<Record<Keeping, (flags: PurgeFlags) => string>> = {
  purged: () => 'deleted already',
  not_copied: () => 'not copied',
  not_proven: () => 'not proven to be in the bucket as they were copied: run verify',
  proof_too_old: ({ proofAge }) => `proven longer than ${formatDuration(proofAge)} ago: run verify`,
  locked: () => 'held by the vault lock',
  too_young: () => 'younger than 90 days: wait, or say --accept-early-delete-fee',
};

/** What would be deleted, what would stay and why, and what it costs. */
export function renderPurgePlan({ purge, kept, young }: PurgePlan, flags: PurgeFlags): string {
  const limit =
    flags.limit === undefined || flags.limit >= purge.count ? '' : `, ${formatCount(flags.limit)} at most now`;
  const head = `${flags.vault}: ${archivesOf(purge.count)} (${formatSize(purge.bytes)}) to be deleted from the vault${limit}\n`;
  const rows = Object.entries(kept)
    .filter(([, { count }]) => count > 0)
    .map(
      ([why, { count, bytes }]) =>
        `  ${archivesOf(count)} (${formatSize(bytes)}) ${why === 'purged' ? '' : 'kept, '}${KEPT[why as Keeping](flags)}\n`,
    );
  const fee =
    young.archives === 0
      ? ''
      : `  early-delete fee for ${archivesOf(young.archives)} below 90 days: ${formatUsd(young.usd)}${flags.acceptEarlyDeleteFee ? ', accepted' : ' if they were deleted today'}\n`;
  return `${head}${rows.join('')}${fee}`;
}

export function renderPurge({ purged, disproved, failed }: PurgeReport, auditLog: string): string {
  const rows = [
    `${archivesOf(purged.archives)} (${formatSize(purged.bytes)}) deleted from the vault\n`,
    disproved > 0 ? `  ${archivesOf(disproved)} kept: the object is no longer what was proven\n` : '',
    failed > 0 ? `  ${archivesOf(failed)} could not be deleted, or no answer came\n` : '',
    `each is written down in ${auditLog}\n`,
  ];
  return rows.join('');
}

/** One document. */
export function purgeJson(flags: PurgeFlags, { purge, kept, young }: PurgePlan, report?: PurgeReport): string {
  return `${JSON.stringify({
    type: 'purge',
    vault: flags.vault,
    bucket: flags.bucket,
    dryRun: report === undefined,
    planned: purge,
    kept,
    earlyDelete: young,
    purged: report?.purged ?? null,
    disproved: report?.disproved ?? null,
    failed: report?.failed ?? null,
  })}\n`;
}

/** Whether all that is copied is deleted, but for what `--limit` has left for another time. */
export function isEmptied({ kept }: PurgePlan, report: PurgeReport | undefined): boolean {
  const { not_proven: unproven, proof_too_old: old, locked, too_young: young } = kept;
  return (
    unproven.count + old.count + locked.count + young.count + (report ? report.disproved + report.failed : 0) === 0
  );
}
