import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The binary of that major version, which `node .ci/setup.mjs <major>` has installed. */
export function installedNode(major: string): string {
  return join(fileURLToPath(new URL(major, import.meta.url)), 'node_modules/.bin/node');
}
