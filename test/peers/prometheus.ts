import { areInstalled } from './daemon.ts';

export const PROMTOOL = 'promtool';

/** Debian's package holds both. */
export const hasPrometheus = areInstalled('prometheus', PROMTOOL);
