import type { LogShape } from './advice.ts';

/** One way to train on a log. */
export interface Plan {
  name: string;
  /** Flags of `npm run train`. */
  flags: string[];
}

/** With so many interactions a user, histories say more than pairs of items do, and deeper models pay. */
const DENSE = 50;
/** Up to here both small sizes are trained, and the better one on validation is kept. */
const FEW_INTERACTIONS = 20_000;
/** Up to here the smaller size is the better one (docs/log.md). */
const SOME_INTERACTIONS = 60_000;
/** From here on, six layers have enough to learn on a dense log. */
const MANY_INTERACTIONS = 300_000;
/** Beyond that up to here, with no more items, a second thread saves no time either (docs/log.md). */
const [FEW_FOR_THREADS, FEW_ITEMS] = [100_000, 2000];

/**
 * Training positions per epoch; larger logs train on a random part of theirs (`--fraction`), the largest on a
 * random part of their users (`--user-fraction`). So time and memory of the training have a limit.
 */
const POSITIONS_AN_EPOCH = 250_000;
const INTERACTIONS_AN_EPOCH = 1_500_000;
/** Training positions over all epochs of a dense log, at most. */
const POSITIONS = 5_000_000;
/** Steps that a sparse log needs, and the epochs that they may take. */
const STEPS = 1200;
const [FEWEST_PASSES, MOST_PASSES] = [20, 24];
/** Learning rate of so many steps. */
const RATE = 1e-3;
const [FEWEST_EPOCHS, MOST_EPOCHS] = [20, 40];
/** Items that the softmax of a small log is estimated from. */
const NEGATIVES = 2048;
/** Epochs without a better validation after which training ends. */
const PATIENCE = 4;

/** What to try for a log of this shape: the best on validation is kept. */
export function plansFor(shape: LogShape): Plan[] {
  const share = shareOfUsers(shape);
  const epochs = share < 1 ? `, epochs of ${Number((100 * share).toPrecision(2))} % of the users` : '';
  return sizesFor(shape).map(({ name, flags }) => ({ name: name + epochs, flags }));
}

function sizesFor(shape: LogShape): Plan[] {
  const { interactions, users } = shape;
  if (interactions / users >= DENSE && interactions >= MANY_INTERACTIONS) return [large(shape)];
  if (interactions <= FEW_INTERACTIONS) return [small(shape), medium(shape)];
  if (interactions / users >= DENSE) return [medium(shape)];
  return [interactions <= SOME_INTERACTIONS ? small(shape) : medium(shape)];
}

const small = (shape: LogShape): Plan => ({
  name: '3 layers of width 64',
  flags: ['--depth', '3', '--register-depth', '1', '--width', '64', ...recipe(shape, plain)],
});

const medium = (shape: LogShape): Plan => ({
  name: '3 layers of width 128',
  flags: ['--depth', '3', '--register-depth', '1', '--width', '128', ...recipe(shape)],
});

const large = (shape: LogShape): Plan => ({
  name: '6 layers of width 128',
  flags: ['--depth', '6', '--register-depth', '2', '--sliding-window', '32', ...recipe(shape)],
});

const shareOfUsers = ({ interactions }: LogShape) =>
  Number(Math.min(1, INTERACTIONS_AN_EPOCH / interactions).toPrecision(3));

function recipe(whole: LogShape, sparse = cosine): string[] {
  const share = shareOfUsers(whole);
  const some = share < 1 ? ['--user-fraction', `${share}`] : [];
  const common = ['--window', `${windowFor(whole)}`, '--patience', `${PATIENCE}`, '--decoders', 'latent'];
  // What an epoch has of the log.
  const shape = {
    ...whole,
    users: share * whole.users,
    usable_users: share * whole.usable_users,
    interactions: share * whole.interactions,
  };
  return [...common, ...some, ...(shape.interactions / shape.users >= DENSE ? dense(shape) : sparse(shape))];
}

/** Room for four times the usual history. */
function windowFor({ interactions, users }: LogShape): number {
  return Math.min(512, Math.max(64, powerOfTwo((4 * interactions) / users)));
}

/** Measured on MovieLens-1M: docs/results.md. */
function dense({ interactions, usable_users: users }: LogShape): string[] {
  const fraction = Math.min(1, POSITIONS_AN_EPOCH / interactions);
  const epochs = Math.round(POSITIONS / (interactions * fraction));
  return [
    ...['--epochs', `${clamped(epochs, FEWEST_EPOCHS, MOST_EPOCHS)}`],
    ...['--fraction', `${Number(fraction.toFixed(3))}`],
    ...['--crops', '0.5', '--ema', `${averaging(users / 32)}`],
  ];
}

/** Items score by their cosines. Measured on Amazon Beauty and Games: docs/results.md. */
const cosine = (shape: LogShape): string[] => [...passes(shape), '--temperature', '0.05', '--dropout', '0.4'];

/**
 * Items score by plain products: better where there are few (docs/log.md). The softmax over many of them is
 * estimated from a part, which is as good there and saves half of the time.
 */
const plain = (shape: LogShape): string[] => [
  ...passes(shape),
  ...['--dropout', '0.2'],
  ...(shape.items > 2 * NEGATIVES ? ['--negatives', `${NEGATIVES}`] : []),
];

function passes({ interactions, usable_users: users }: LogShape): string[] {
  const batch = Math.min(128, Math.max(32, powerOfTwo(users / 175)));
  const stepsAnEpoch = users / batch;
  const epochs = clamped(Math.round(STEPS / stepsAnEpoch), FEWEST_PASSES, MOST_PASSES);
  const fraction = Math.min(1, (4 * POSITIONS_AN_EPOCH) / interactions);
  // Tiny logs have fewer steps, and take larger ones.
  const rate = RATE * clamped(Math.sqrt(STEPS / (epochs * stepsAnEpoch)), 1, 3);
  return [
    ...['--epochs', `${epochs}`, '--lr', `${Number(rate.toPrecision(2))}`],
    ...['--fraction', `${Number(fraction.toFixed(3))}`],
    ...['--batch', `${batch}`, '--ema', `${averaging(stepsAnEpoch)}`],
  ];
}

/** Decay of the averaged weights: over half an epoch at least, as 200 steps are many of a small log. */
function averaging(stepsAnEpoch: number): number {
  return Number(Math.min(0.995, Math.max(0.9, 1 - 2 / stepsAnEpoch)).toFixed(3));
}

/**
 * Makes PyTorch's threads sleep while they wait. By default they spin: on busy cores an epoch took 30 times
 * longer (docs/log.md). For small matrices a second thread saves no time.
 */
export function trainingEnvironment({ interactions, items }: LogShape): Record<string, string> {
  const tiny = interactions <= SOME_INTERACTIONS || (interactions < FEW_FOR_THREADS && items <= FEW_ITEMS);
  return { OMP_WAIT_POLICY: 'PASSIVE', ...(tiny && { OMP_NUM_THREADS: '1' }) };
}

const powerOfTwo = (value: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, value)));

const clamped = (value: number, least: number, most: number): number =>
  Math.min(most, Math.max(least, value));
