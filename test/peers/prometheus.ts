import { areInstalled } from './daemon.ts';

/** Debian's package holds both. */
export const hasPrometheus = areInstalled('prometheus', 'promtool');
