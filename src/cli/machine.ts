import { availableParallelism, totalmem } from 'node:os';
import { MiB } from '../lib/size.ts';

/**
 * Bytes of memory that the program may come to have: the machine's, or less in a container that is held to less.
 * @param constrained nothing, 0 and more than the machine has all mean that no limit is set.
 */
export function memoryOfMachine(
  total: number = totalmem(),
  constrained: number | undefined = process.constrainedMemory(),
): number {
  return Math.min(total, constrained || total);
}

/** Of `--memory` where it is not said, in whole MiB: a default must not be more than the machine has. */
export function defaultMemory(machine: number = memoryOfMachine()): number {
  return Math.min(512, Math.floor(machine / 2 / MiB)) * MiB;
}

/** How many threads copy parts: of those beyond `--concurrency` none would ever have a part. */
export function threadsOf(
  flags: { readonly memory: number; readonly threads?: number; readonly concurrency: number },
  cores: number = availableParallelism(),
): number {
  return Math.min(flags.threads ?? threadsFor(flags.memory, cores), flags.concurrency);
}

/** A thread that has less holds no two parts of 16 MiB beside what it takes itself, and streams them at a higher cost. */
function threadsFor(memory: number, cores: number): number {
  return Math.max(1, Math.min(cores, Math.floor(memory / (64 * MiB))));
}
