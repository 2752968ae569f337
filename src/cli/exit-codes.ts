/** Each exit code and what it means: for help, manual and README. */
export const EXIT_CODES: readonly (readonly [code: string, meaning: string])[] = [
  ['0', 'all is accounted for and copied, or nothing to do'],
  ['1', 'fatal: said in one line, with what to do about it; of doctor: there is a problem'],
  ['2', 'usage: the command line, a variable or the config file is wrong'],
  ['3', 'finished, but some archives failed, differ (verify) or were kept (purge)'],
  ['8', 'a cap was reached: --max-cost, --max-transfer'],
  ['10', '--max-duration was reached'],
  ['11', 'another run holds this transfer'],
  ['75', 'work is pending at Glacier: run it again (--once under cron)'],
  ['130', 'SIGINT: no new work, what is in flight is recorded; a second signal ends at once'],
  ['141', 'whoever read stdout has closed it, as | head does'],
  ['143', 'SIGTERM: as SIGINT'],
];
