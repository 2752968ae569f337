import { chmodSync } from 'node:fs';

/** Any account without rights serves; this is `nobody` on most systems. */
const NOBODY = 65_534;

/** Runs `work` as an account that file permissions hold for: root, as whom containers run tests, may do everything. */
export function unprivileged<T>(folder: string, work: () => T): T {
  if (process.geteuid?.() !== 0) return work();
  chmodSync(folder, 0o755);
  process.seteuid?.(NOBODY);
  try {
    return work();
  } finally {
    process.seteuid?.(0);
  }
}
