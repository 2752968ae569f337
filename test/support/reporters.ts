import { join } from 'node:path';

/** For a vitest config: results on the terminal and, where `G2S3_TEST_REPORTS` names a folder, in `<suite>.json` there. */
export function reporters(suite: string) {
  const folder = process.env.G2S3_TEST_REPORTS;
  if (folder === undefined) return {};
  return { reporters: ['default', 'json'], outputFile: { json: join(folder, `${suite}.json`) } };
}
