import type { LogShape } from './advice.ts';

/** Training positions in an epoch: more are drawn from in turn (`--fraction`). */
const POSITIONS_AN_EPOCH = 250_000;
/**
 * Positions over all epochs: about ten minutes of two cores for the small decoder, an hour and a half for the
 * other.
 */
const POSITIONS = 5_000_000;
const [FEWEST_EPOCHS, MOST_EPOCHS] = [20, 40];
/** From here on there is enough to learn for six layers. */
const MANY_INTERACTIONS = 300_000;
/** Up to here a second thread saves nothing (docs/log.md). */
const FEW_INTERACTIONS = 100_000;

/** Flags of `train.py` that suit a log of this size. */
export function trainingFlags({ interactions }: LogShape, restart: boolean): string[] {
  const large = interactions >= MANY_INTERACTIONS;
  const fraction = Math.min(1, POSITIONS_AN_EPOCH / interactions);
  const epochs = Math.round(POSITIONS / (interactions * fraction));
  return [
    ...['--depth', large ? '6' : '3'],
    ...['--register-depth', large ? '2' : '1'],
    ...['--window', large ? '512' : '128'],
    ...['--epochs', `${Math.min(MOST_EPOCHS, Math.max(FEWEST_EPOCHS, epochs))}`],
    ...['--fraction', `${Number(fraction.toFixed(3))}`],
    ...(restart ? ['--restart'] : []),
  ];
}

/**
 * How PyTorch's threads wait. By default they spin, which on cores that something else wants too made an
 * epoch 30 times slower (docs/log.md). Few and small products are not worth a second thread.
 */
export function trainingEnvironment({ interactions }: LogShape): Record<string, string> {
  return { OMP_WAIT_POLICY: 'PASSIVE', ...(interactions < FEW_INTERACTIONS && { OMP_NUM_THREADS: '1' }) };
}
