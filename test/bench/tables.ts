import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { MiB } from '../../src/lib/size.ts';
import { rest, run, runJson, type Stub } from './children.ts';
import { copySmall, type SmallRun } from './small.ts';
import { median, type Row, type Table, tlsOf, urlOf } from './table.ts';

interface PartsRun {
  readonly cpuPerGiB: number;
  readonly mibPerSecond: number;
}

const BUDGET = 256 * MiB;
/** Jobs that a page of ListJobs has at most. */
const LISTED_AT_ONCE = 50;
/** Calls that two runs may make for themselves, of whatever kind: looks at the vault and at the bucket. */
const CALLS_OF_RUNS = 10;

/** Table 1: what a byte costs, against one hash, one read and one write of it. */
export async function costTable(stub: Stub, quick: boolean): Promise<readonly Table[]> {
  const kinds = [
    { name: '16 MiB parts over HTTP', args: [urlOf(stub), 16], goal: 1.3 },
    { name: '64 MiB parts over HTTP', args: [urlOf(stub), 64], goal: 1.3 },
    { name: '16 MiB parts over TLS', args: [tlsOf(stub), 16] },
    { name: '64 MiB parts over TLS', args: [tlsOf(stub), 64] },
  ];
  const otherChecksums = ['CRC32C', 'CRC64NVME', 'SHA256'];
  const floors: number[] = [];
  const costs = kinds.map((): number[] => []);
  for (let round = 0; round < (quick ? 1 : 5); round += 1) {
    const floor = async () => {
      let sum = 0;
      for (const what of ['sha', 'read', 'write']) sum += Number((await run('floor.ts', [what, stub.raw])).stdout);
      floors.push(sum);
    };
    const parts = async (i: number) => {
      const more = [quick ? 512 : 2048, 4, 1, BUDGET / MiB];
      costs[i]?.push((await copyParts(stub, [...(kinds[i]?.args ?? []), ...more])).cpuPerGiB);
    };
    const steps = [floor, ...kinds.map((_, i) => () => parts(i))];
    for (const step of round % 2 === 0 ? steps : steps.reverse()) {
      await step();
      await rest();
    }
  }
  const floor = median(floors);
  const ratioOf = (cost: number) => `${(cost / floor).toFixed(2)} x the floor (${cost.toFixed(2)} CPU s/GiB)`;
  const rows = kinds.map(({ name, goal }, i) => {
    const cost = median(costs[i] ?? []);
    const ratio = cost / floor;
    return {
      name,
      value: ratioOf(cost),
      ...(goal !== undefined && { goal: `at most ${goal}`, isMet: ratio <= goal }),
    };
  });
  // what S3's other checksums cost: one round, to be read, not to be held to
  const summed: Row[] = [];
  for (const checksum of otherChecksums) {
    const { cpuPerGiB } = await copyParts(stub, [urlOf(stub), 16, 512, 4, 1, BUDGET / MiB, checksum]);
    summed.push({ name: `16 MiB parts over HTTP, --checksum ${checksum}`, value: ratioOf(cpuPerGiB) });
    await rest();
  }
  const first = { name: 'floor: SHA-256 + raw read + raw write', value: `${floor.toFixed(2)} CPU s/GiB` };
  return [{ title: '1. Cost of a byte', rows: [first, ...rows, ...summed] }];
}

/** Table 2: one thread and two. */
export async function scalingTable(stub: Stub, quick: boolean): Promise<readonly Table[]> {
  const runs: Record<1 | 2, PartsRun[]> = { 1: [], 2: [] };
  for (let round = 0; round < (quick ? 1 : 5); round += 1) {
    for (const threads of round % 2 === 0 ? ([1, 2] as const) : ([2, 1] as const)) {
      runs[threads].push(await copyParts(stub, [urlOf(stub), 16, quick ? 512 : 2048, 8, threads, BUDGET / MiB]));
      await rest();
    }
  }
  const of = (threads: 1 | 2, field: keyof PartsRun) => median(runs[threads].map((one) => one[field]));
  const cost = of(2, 'cpuPerGiB') / of(1, 'cpuPerGiB');
  const speed = of(2, 'mibPerSecond') / of(1, 'mibPerSecond');
  const goal = { goal: 'at most 1.10', isMet: cost <= 1.1 };
  return [
    {
      title: '2. Scaling from one thread to two',
      note: 'The stub shares the cores: on two of them, throughput can not double.',
      rows: [
        { name: 'throughput', value: `${speed.toFixed(2)} x (${of(2, 'mibPerSecond').toFixed(0)} MiB/s)` },
        { name: 'CPU a GiB', value: `${cost.toFixed(2)} x (${of(2, 'cpuPerGiB').toFixed(2)} s)`, ...goal },
      ],
    },
  ];
}

/** Tables 4 and 5: small archives end to end, and the main thread meanwhile. */
export async function smallTable(stub: Stub, quick: boolean): Promise<readonly Table[]> {
  const count = quick ? 2000 : 20_000;
  const concurrency = 16;
  const ours: SmallRun[] = [];
  const bare: { perSecond: number; cpuMs: number }[] = [];
  for (let round = 0; round < (quick ? 1 : 3); round += 1) {
    const steps = [
      async () => void ours.push(await copySmall(stub, count, concurrency)),
      async () => void bare.push(await runJson('bare.ts', [urlOf(stub), count, concurrency, round])),
    ];
    for (const step of round % 2 === 0 ? steps : steps.reverse()) {
      await step();
      await rest();
    }
  }
  const rate = median(ours.map(({ perSecond }) => perSecond));
  const bareRate = median(bare.map(({ perSecond }) => perSecond));
  const calls = ours.map((one) => split(one.calls));
  const p99 = median(ours.map((one) => one.p99));
  return [
    {
      title: `4. ${count} archives of 1 to 64 KiB, end to end with state`,
      rows: [
        {
          name: 'archives a second',
          value: `${(rate / bareRate).toFixed(2)} x the bare loop (${rate.toFixed(0)} to ${bareRate.toFixed(0)})`,
          goal: 'at least 0.70',
          isMet: rate / bareRate >= 0.7,
        },
        {
          name: 'CPU an archive',
          value: `${median(ours.map((one) => one.cpuMs)).toFixed(2)} ms, bare ${median(bare.map((one) => one.cpuMs)).toFixed(2)} ms`,
        },
        {
          name: 'calls that each archive needs',
          value: toldOf(calls.map(([needed]) => needed)),
          goal: 'one each an archive',
          isMet: calls.every(([needed]) => Object.values(needed).every((made) => made === count)),
        },
        {
          name: 'all other calls',
          value: toldOf(calls.map(([, other]) => other)),
          goal: `a ListJobs for ${LISTED_AT_ONCE} archives, ${CALLS_OF_RUNS} more`,
          isMet: calls.every(([, other]) => {
            const { ListJobs = 0, ...rest } = other;
            const sum = Object.values(rest).reduce((a, b) => a + b, 0);
            return ListJobs <= Math.ceil(count / LISTED_AT_ONCE) + CALLS_OF_RUNS && sum <= CALLS_OF_RUNS;
          }),
        },
      ],
    },
    {
      title: '5. The main thread under that load',
      rows: [
        { name: 'delay of the event loop, p99', value: `${p99.toFixed(1)} ms`, goal: 'below 50 ms', isMet: p99 < 50 },
        { name: 'longest delay', value: `${median(ours.map((one) => one.max)).toFixed(0)} ms` },
        { name: 'status from another process', value: `${median(ours.map((one) => one.status)).toFixed(0)} ms` },
      ],
    },
  ];
}

/** The calls that every archive needs, and all others. */
function split({ InitiateJob = 0, GetJobOutput = 0, PutObject = 0, ...other }: SmallRun['calls']) {
  return [{ InitiateJob, GetJobOutput, PutObject }, other] as const;
}

/** @param rounds of which one is told where all are alike. */
function toldOf(rounds: readonly SmallRun['calls'][]): string {
  const told = rounds.map((calls) =>
    Object.entries(calls)
      .map(([operation, made]) => `${operation} ${made}`)
      .join(', '),
  );
  return [...new Set(told)].join('; ') || 'none';
}

/** Table 6: from the start of the process to the first GetJobOutput, with a large state file. */
export async function resumeTable(stub: Stub, quick: boolean): Promise<readonly Table[]> {
  const count = quick ? 100_000 : 1_000_000;
  const dir = mkdtempSync(join(tmpdir(), 'glacier2s3-resume-'));
  try {
    await run('state.ts', [dir, count]);
    const seconds: number[] = [];
    for (let round = 0; round < (quick ? 1 : 3); round += 1) {
      await stub.reset();
      const begunAt = Date.now();
      const flags = [
        '--vault',
        'bench',
        '--bucket',
        'bench',
        '--state-dir',
        dir,
        '--no-notifications',
        '--yes',
        '--quiet',
      ];
      const ended = run('../../bin/glacier2s3.js', ['transfer', ...flags, '--max-transfer', '64MiB'], {
        env: { AWS_ENDPOINT_URL: urlOf(stub) },
        onSpawn: (child) => {
          void firstRead(stub).then(() => child.kill('SIGKILL'));
        },
      }).catch(() => undefined);
      const first = await firstRead(stub);
      await ended;
      seconds.push((first - begunAt) / 1000);
      await rest();
    }
    const time = median(seconds);
    const row = {
      name: 'to the first GetJobOutput',
      value: `${time.toFixed(2)} s`,
      goal: 'below 3 s',
      isMet: time < 3,
    };
    return [{ title: `6. Resuming with ${count.toLocaleString('en')} archives in the state file`, rows: [row] }];
  } finally {
    rmSync(dir, { recursive: true });
  }
}

async function firstRead(stub: Stub): Promise<number> {
  for (let tries = 0; tries < 600; tries += 1) {
    const at = (await stub.stats()).first.GetJobOutput;
    if (at !== undefined) return at;
    await delay(50);
  }
  throw new Error('nothing was read for half a minute');
}

function copyParts(stub: Stub, args: readonly (string | number)[]): Promise<PartsRun> {
  return runJson<PartsRun>('parts.ts', args, { env: { NODE_EXTRA_CA_CERTS: stub.certificate } });
}
