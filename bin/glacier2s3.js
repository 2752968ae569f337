#!/usr/bin/env node
// Parses on Node 18, and loads nothing before the check, so that an old Node is told rather than tripped over.
const needed = [22, 12];
const [major, minor] = process.versions.node.split('.').map(Number);

if (major < needed[0] || (major === needed[0] && minor < needed[1])) {
  process.stderr.write(`glacier2s3 needs Node.js ${needed.join('.')} or later: this is ${process.versions.node}\n`);
  process.exitCode = 1;
} else {
  const stop = new AbortController();
  const statusListeners = [];

  // Before anything is loaded: until it is listened to, SIGUSR1 opens Node's debugger.
  process.on('SIGUSR1', () => {
    for (const listener of statusListeners) listener();
  });
  for (const [signal, exitCode] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ]) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(exitCode);
      stop.abort(signal);
    });
  }
  process.stdout.on('error', (error) => {
    // whoever read it has had enough: as if SIGPIPE had ended it
    if (error.code === 'EPIPE') process.exit(141);
    process.stderr.write(`glacier2s3: stdout can't be written (${error.message})\n`);
    process.exit(1);
  });
  // a lost stderr is no reason to stop a transfer
  process.stderr.on('error', () => undefined);

  const { main } = await import('../dist/cli/main.js');
  process.exitCode = await main(process.argv.slice(2), {
    stop: stop.signal,
    onStatusSignal: (listener) => statusListeners.push(listener),
  });
}
