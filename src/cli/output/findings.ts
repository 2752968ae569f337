import type { NamedFinding } from '../../steps/doctor/doctor.ts';

/** The longest name of a check, and the longest status. */
const NAME_WIDTH = 21;
const STATUS_WIDTH = 7;

/** One line: status, check, what was found, what to do about it. */
export function findingLine({ status, check, message, fix }: NamedFinding): string {
  const text = fix === undefined ? message : `${message}; ${fix}`;
  // what comes from AWS must not command the terminal
  const visible = text.replace(/\p{Cc}/gu, ' ');
  return `${status.padEnd(STATUS_WIDTH)}  ${check.padEnd(NAME_WIDTH)}  ${visible}\n`;
}

export function findingsSummary(findings: readonly NamedFinding[]): string {
  const count = (status: NamedFinding['status'], word: string): string => {
    const number = findings.filter((finding) => finding.status === status).length;
    return `${number} ${word}${number === 1 ? '' : 's'}`;
  };
  return `\n${findings.length} checks: ${count('problem', 'problem')}, ${count('warning', 'warning')}\n`;
}
