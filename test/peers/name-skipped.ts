import { hasAwsCli } from './aws-cli.ts';
import { hasMoto } from './moto.ts';
import { hasPrometheus } from './prometheus.ts';
import { hasRadosgw } from './radosgw.ts';
import { hasFish, hasManual, hasSystemd, hasZsh } from './shells.ts';
import { hasVersitygw } from './versitygw.ts';

const peers = {
  "Ceph's radosgw": hasRadosgw,
  versitygw: hasVersitygw,
  moto: hasMoto,
  'the AWS CLI': hasAwsCli,
  Prometheus: hasPrometheus,
  zsh: hasZsh,
  fish: hasFish,
  'man or mandoc': hasManual,
  'systemd-analyze': hasSystemd,
};

/** For vitest: names what is missing before the tests that want it are skipped. */
export function setup(): void {
  for (const [name, isHere] of Object.entries(peers)) {
    if (!isHere) process.stderr.write(`skipped: ${name} is not installed (test/peers/install.sh)\n`);
  }
}
