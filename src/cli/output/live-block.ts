import cliProgress from 'cli-progress';

/** A block of lines at the bottom of a terminal that is drawn over and over, below what is logged. */
export interface LiveBlock {
  /** Draws these in the place of the last ones; a line that is wider than the terminal is cut. */
  draw(lines: readonly string[]): void;
  /** Puts a line of any length above the block. */
  log(line: string): void;
  /** Takes the block away, and shows the cursor again. */
  stop(): void;
}

const ERASE_TO_END = '\x1b[J';
const HOME = '\x1b[H';
const SHOW_CURSOR = '\x1b[?25h';

/** @param height how many lines it has: from the first drawing on they are there, empty ones too. */
export function createLiveBlock(stream: NodeJS.WriteStream, height: number): LiveBlock {
  const bars = new cliProgress.MultiBar(
    {
      stream,
      clearOnComplete: true,
      hideCursor: true,
      gracefulExit: false,
      // lines of the log are wrapped by the terminal, those of the block are cut
      linewrap: true,
      // what is logged erases the block
      forceRedraw: true,
      // it is drawn when there is something new
      fps: 0.1,
      format: (_options, _params, payload) => cut(payload.line, stream.columns),
    },
    cliProgress.Presets.shades_classic,
  );
  const lines = Array.from({ length: height }, () => bars.create(1, 0, { line: '' }));
  let drawn: readonly string[] = [];
  let columns = stream.columns;

  /**
   * A terminal that has become narrower has wrapped the block: where it begins now, only the terminal knows. All is pushed up, so that no
   * line of the log is lost, and the block is drawn at the top.
   */
  const onResize = () => {
    if (stream.columns < columns && drawn.some((line) => line.length >= stream.columns)) {
      stream.write('\n'.repeat(stream.rows) + HOME);
    }
    columns = stream.columns;
    bars.update();
  };
  const onExit = () => void stream.write(SHOW_CURSOR);
  stream.on('resize', onResize);
  // a second signal ends the program at once
  process.on('exit', onExit);
  return {
    draw(next) {
      drawn = next;
      for (const [i, bar] of lines.entries()) bar.update(0, { line: next[i] ?? '' });
      bars.update();
    },
    log(line) {
      bars.log(`${line}${ERASE_TO_END}\n`);
      bars.update();
    },
    stop() {
      stream.off('resize', onResize);
      process.off('exit', onExit);
      bars.stop();
    },
  };
}

/** At most one column less than there are: a full line would take the cursor to the next one. */
function cut(line: string, columns: number): string {
  return line.length < columns ? line : `${line.slice(0, Math.max(0, columns - 2))}…`;
}
