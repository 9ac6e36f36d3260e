/** Progress on stderr; nothing is drawn when stderr is not a terminal. */
import { SingleBar } from 'cli-progress';

/** A bar that its caller stops. */
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

/** Says that a step is done, or a part of one. */
export type Step = (part?: number) => void;
/** Begins work of so many steps. */
export type Stage = (steps: number) => Step;

export const NO_STEP: Step = () => {};
export const SILENT: Stage = () => NO_STEP;

/** Parts of a step add up to it but for what rounding leaves. */
const ROUNDING = 1e-6;

/** A stage with a bar that ends with its last step. */
export function stageBar(label: string): Stage {
  return (steps) => {
    if (steps === 0) return NO_STEP;
    const bar = progressBar(label, steps);
    let done = 0;
    return (part = 1) => {
      done += part;
      bar.update(done);
      if (done > steps - ROUNDING) bar.stop();
    };
  };
}
