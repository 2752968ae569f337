import { formatSize, KiB, MiB } from '../../lib/size.ts';
import { type Check, ok, problem, warning } from './finding.ts';

/**
 * Measured: 0.7 KiB an archive with a description of 60 characters, 20,000 archives. This leaves room for longer ones, for the proofs, for
 * SQLite's own log and for the copy that a backup is.
 */
const STATE_BYTES_AN_ARCHIVE = 3 * KiB;
const STATE_BYTES = 64 * MiB;
/** Connections beside those of the data, and the files and pipes of a process. */
const SPARE_FILES = 128;
/** Clients that keep so many connections each. */
const CLIENTS = 4;

export const MACHINE_CHECKS: readonly Check[] = [
  {
    name: 'node',
    needs: [],
    async run({ machine: { nodeVersion } }) {
      const major = Number(nodeVersion.split('.')[0]);
      // the odd ones are cared for for half a year
      if (major % 2 === 1) {
        return warning(
          `Node.js ${nodeVersion} is of a short-lived line`,
          'take one of an even number for a run of months',
        );
      }
      return ok(`Node.js ${nodeVersion}`);
    },
  },
  {
    name: 'open files',
    needs: [],
    async run({ machine: { openFiles } }, { concurrency }) {
      const needed = CLIENTS * concurrency + SPARE_FILES;
      if (openFiles === undefined) return ok('the system names no limit');
      if (openFiles >= needed) return ok(`${openFiles} may be open, some ${needed} are needed`);
      return problem(
        `${openFiles} may be open, --concurrency ${concurrency} needs some ${needed}`,
        `ulimit -n ${needed}, LimitNOFILE=${needed} in a systemd service, or a lower --concurrency`,
      );
    },
  },
  {
    name: 'state directory',
    needs: [],
    async run({ machine }, { stateDir }, { archives = 0 }) {
      const { freeBytes, kind, unwritable } = await machine.directory(stateDir);
      if (unwritable !== undefined) {
        return problem(`${stateDir} can't be written (${unwritable})`, 'choose another with --state-dir');
      }
      if (kind === 'network') {
        return problem(
          `${stateDir} is on a network file system, where SQLite's locks do not hold`,
          'choose a local disk with --state-dir',
        );
      }
      const needed = STATE_BYTES + archives * STATE_BYTES_AN_ARCHIVE;
      const room = `${formatSize(freeBytes)} free in ${stateDir}, up to ${formatSize(needed)} needed`;
      if (freeBytes < needed) return problem(room, 'make room, or choose another with --state-dir');
      if (kind === 'memory') {
        return warning(
          `${stateDir} is in memory: it is lost when the machine starts anew`,
          'choose a disk that stays with --state-dir',
        );
      }
      return ok(room);
    },
  },
];
