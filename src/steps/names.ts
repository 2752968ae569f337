import type { ArchiveId } from '../domain/ids.ts';
import type { NameFormat } from '../domain/names/decoded-name.ts';
import type { KnownNames } from '../domain/names/name-of.ts';
import { disambiguate, type KeyChange } from '../domain/object-key.ts';
import { keepYoungGenerationSmall } from '../lib/young-generation.ts';
import type { Listed } from '../state/planning.ts';
import type { StateFile } from '../state/state-file.ts';
import { wantedKey } from './2-plan.ts';
import type { Deps } from './deps.ts';
import { knownNames } from './given-names.ts';
import { eachArchive } from './plan-figures.ts';

/** What made a key differ from the name; `kept`: newer names came when it was copied, or being copied, already. */
export type NameChange = KeyChange | 'kept';

/** What an archive is called, and why. */
export interface NamedArchive {
  readonly archiveId: ArchiveId;
  /** As it is in the inventory. */
  readonly description: string;
  readonly format: NameFormat;
  /** Without the prefix: given back with `--names`, it comes out the same. */
  readonly key: string;
  readonly changes: readonly NameChange[];
}

/** Counts over all archives. `formats` and `changes` by name; `compressed` and `encrypted`: the originals are. */
export interface NamesSummary {
  readonly archives: number;
  readonly formats: Readonly<Record<string, number>>;
  readonly unnamed: number;
  /** Told apart from others of the same name. */
  readonly collided: number;
  readonly cut: number;
  readonly changes: Readonly<Record<string, number>>;
  readonly compressed: number;
  readonly encrypted: number;
}

const PAGE = 300;

/** All archives, in the order of the inventory. Holds a page of them. */
export function* namesOf(state: StateFile, prefix: string): Generator<NamedArchive> {
  keepYoungGenerationSmall();
  const names = knownNames(state);
  for (let after = 0; ; ) {
    const page = state.planning.page(after, PAGE);
    const last = page.at(-1);
    if (!last) return;
    for (const archive of page) yield named(archive, prefix, names).archive;
    after = last.id;
  }
}

/** One pass over the archives. */
export async function summaryOfNames(
  deps: Pick<Deps, 'state' | 'log' | 'signals'>,
  prefix: string,
): Promise<NamesSummary> {
  const names = knownNames(deps.state);
  const formats = new Map<string, number>();
  const changes = new Map<string, number>();
  const count = (counts: Map<string, number>, name: string) => void counts.set(name, (counts.get(name) ?? 0) + 1);
  let archives = 0;
  let compressed = 0;
  let encrypted = 0;
  await eachArchive(deps, 'the names are being counted', (row) => {
    const { archive, flags } = named(row, prefix, names);
    archives += 1;
    if (flags.compressed) compressed += 1;
    if (flags.encrypted) encrypted += 1;
    count(formats, archive.format);
    for (const change of archive.changes) count(changes, change);
  });
  return {
    archives,
    formats: byFrequency(formats),
    unnamed: changes.get('unnamed') ?? 0,
    collided: changes.get('duplicate') ?? 0,
    cut: changes.get('cut') ?? 0,
    changes: byFrequency(changes),
    compressed,
    encrypted,
  };
}

function named(archive: Listed, prefix: string, names: KnownNames | undefined) {
  const { archiveId, description } = archive;
  const wanted = wantedKey(archive, prefix, names);
  const key = archive.key ?? wanted.key;
  const changes: readonly NameChange[] =
    key === wanted.key
      ? wanted.changes
      : [...wanted.changes, isToldApart(archive, wanted.key) ? ('duplicate' as const) : ('kept' as const)];
  return {
    archive: { archiveId, description, format: wanted.name.format, key: key.slice(prefix.length), changes },
    flags: wanted.name.flags,
  };
}

/** Attempts that are looked at: a third one would take two archives of one hash. */
const ATTEMPTS = [1, 2, 3];

function isToldApart({ archiveId, createdAt, key }: Listed, wanted: Parameters<typeof disambiguate>[0]['key']) {
  return ATTEMPTS.some((attempt) => key === disambiguate({ key: wanted, creationDate: createdAt, archiveId, attempt }));
}

function byFrequency(counts: ReadonlyMap<string, number>): Readonly<Record<string, number>> {
  return Object.fromEntries([...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)));
}
