import { SingleBar } from 'cli-progress';

/** Starts a progress bar on stderr; it draws nothing when stderr is not a terminal. */
export function progressBar(label: string, total: number, done = 0): SingleBar {
  const bar = new SingleBar({
    format: `${label} [{bar}] {percentage}% | {eta_formatted} left`,
    stream: process.stderr,
    gracefulExit: false, // main.ts ends the process on a signal,
    linewrap: true, // which would leave the terminal without wrapping
  });
  bar.start(total, done);
  return bar;
}
