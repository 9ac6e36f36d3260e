import type { LogShape } from './advice.ts';

/** Training positions per epoch; larger logs train on a random part of theirs (`--fraction`). */
const POSITIONS_AN_EPOCH = 250_000;
/**
 * Training positions over all epochs: on two cores about ten minutes for the small decoder, an hour and a
 * half for the large one.
 */
const POSITIONS = 5_000_000;
const [FEWEST_EPOCHS, MOST_EPOCHS] = [20, 40];
/** From here on, six layers have enough to learn. */
const MANY_INTERACTIONS = 300_000;
/** Up to here, a second thread saves no time (docs/log.md). */
const FEW_INTERACTIONS = 100_000;

/** Flags of `npm run train` that suit a log of this size. */
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
 * Makes PyTorch's threads sleep while they wait. By default they spin: on busy cores an epoch took 30 times
 * longer (docs/log.md). For small matrices a second thread saves no time.
 */
export function trainingEnvironment({ interactions }: LogShape): Record<string, string> {
  return { OMP_WAIT_POLICY: 'PASSIVE', ...(interactions < FEW_INTERACTIONS && { OMP_NUM_THREADS: '1' }) };
}
