export interface VersionFlags {
  readonly json?: boolean;
}

/** Says which version this is. @returns the exit code. */
export function showVersion(flags: VersionFlags, version: string): number {
  const { version: node, platform, arch } = process;
  const about = { name: 'glacier2s3', version, node: node.slice('v'.length), platform, arch };
  process.stdout.write(flags.json ? `${JSON.stringify(about)}\n` : `glacier2s3 ${version}\n`);
  return 0;
}
