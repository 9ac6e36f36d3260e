/** Trains what a plan says, and keeps what validation finds best. */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { EventMeaning } from '../../worker/events/event-types.ts';
import { hasRefit } from '../build/checkpoint.ts';
import { EVENTS_FILE } from '../data/events.ts';
import { ITEMS_JSON } from '../data/item-files.ts';
import { LOG_CSV } from '../data/log-files.ts';
import { lastLine } from '../printed.ts';
import { runPython } from '../python.ts';
import type { Plan } from './plan.ts';

/** A plan after its training. */
export interface Trained {
  plan: Plan;
  /** The checkpoint. */
  folder: string;
  /** NDCG@10 on validation. */
  ndcg: number;
}

interface TrainingOptions {
  data: string;
  /** The checkpoint of plan i is `<folder>.<i>`. */
  folder: string;
  env: Record<string, string>;
  restart: boolean;
  print(line: string): void;
}

/** Every plan trained; an interrupted one goes on. */
export async function trainAll(plans: Plan[], options: TrainingOptions): Promise<Trained[]> {
  const { data, env, restart, print } = options;
  const trained: Trained[] = [];
  for (const [index, plan] of plans.entries()) {
    const folder = `${options.folder}.${index}`;
    const flags = [...plan.flags, ...(restart ? ['--restart'] : [])];
    if (plans.length > 1) print(`${plan.name} (${index + 1} of ${plans.length})`);
    print(`npm run train -- ${flags.join(' ')}`);
    const args = ['-m', 'earn_train.train', '--data', data, '--out', folder, ...flags];
    const { latent } = JSON.parse(lastLine(await runPython(args, { env, capture: true })));
    trained.push({ plan, folder, ndcg: latent['ndcg@10'] });
    print(`${plan.name}: NDCG@10 ${latent['ndcg@10'].toFixed(4)} on validation`);
  }
  return trained;
}

/** Fits a checkpoint to the validation items too, which have done their part. */
export async function refit(
  checkpoint: string,
  { data, env, print }: Pick<TrainingOptions, 'data' | 'env' | 'print'>,
): Promise<void> {
  if (hasRefit(checkpoint)) return;
  const flags = ['--checkpoint', checkpoint, '--data', data];
  print(`npm run refit -- ${flags.join(' ')}`);
  await runPython(['-m', 'earn_train.refit', ...flags], { env, capture: true });
}

export const bestOf = (trained: Trained[]): Trained => trained.reduce((a, b) => (b.ndcg > a.ndcg ? b : a));

/** Fields of a checkpoint's `config.json` that a run that begins with it must share, as flags. */
const SHAPES = [
  'depth',
  'register_depth',
  'width',
  'window',
  'local_window',
  'sliding_window',
  'code_layers',
  'levels',
  'codebook',
] as const;
const RECIPE = [
  'batch',
  'user_fraction',
  'fraction',
  'code_fraction',
  'crops',
  'weight_decay',
  'dropout',
  'item_dropout',
  'smoothing',
  'temperature',
  'ema',
  'features',
  'negatives',
] as const;
const NO_TYPES: EventMeaning = { types: [], target: null, hide: null, remove: [], forbid: [] };

/** A log that has grown by some days needs a part of the epochs, at a part of the rate. */
const [SHARE_OF_EPOCHS, SHARE_OF_RATE] = [0.5, 0.5];

/**
 * Goes on from an earlier checkpoint, with its shape. Undefined when there is none, when its semantic IDs
 * can't name so many items, and when events mean something else now.
 */
export function warmPlan(checkpoint: string, items: number, meaning?: EventMeaning): Plan | undefined {
  const path = join(checkpoint, 'config.json');
  if (!existsSync(path)) return undefined;
  const { model, training, events } = JSON.parse(readFileSync(path, 'utf8'));
  if (model.codebook ** model.levels < items) return undefined;
  const types = ({ types, target }: EventMeaning) => JSON.stringify([types, target]);
  if (types(events ?? NO_TYPES) !== types(meaning ?? NO_TYPES)) return undefined;
  const flag = (name: string, value: number) => [`--${name.replaceAll('_', '-')}`, `${value}`];
  const given = [
    ...SHAPES.map((name) => [name, model[name]]),
    ...RECIPE.map((name) => [name, training[name]]),
  ];
  return {
    name: 'warm start from the last checkpoint',
    flags: [
      ...given.flatMap(([name, value]) => (value === undefined || value === null ? [] : flag(name, value))),
      ...flag('epochs', Math.max(5, Math.round(training.epochs * SHARE_OF_EPOCHS))),
      ...flag('patience', training.patience ?? 4),
      ...flag('lr', training.lr * (training.init ? 1 : SHARE_OF_RATE)),
      ...['--init', checkpoint, '--decoders', 'latent'],
    ],
  };
}

/** A checkpoint as it is. */
export function keptAsItIs(checkpoint: string): Trained {
  const { validation } = JSON.parse(readFileSync(join(checkpoint, 'config.json'), 'utf8'));
  const plan = { name: 'the checkpoint that there is', flags: [] };
  return { plan, folder: checkpoint, ndcg: validation.latent['ndcg@10'] };
}

/** Of what a data folder holds; undefined without data. */
export async function digestOf(folder: string): Promise<string | undefined> {
  const files = [LOG_CSV, ITEMS_JSON].map((name) => join(folder, name));
  if (!files.every((file) => existsSync(file))) return undefined;
  const hash = createHash('sha256');
  for (const file of [...files, join(folder, EVENTS_FILE)].filter(existsSync)) {
    const ofFile = createHash('sha256');
    await pipeline(createReadStream(file), ofFile); // a log may be larger than a buffer can be
    hash.update(ofFile.digest());
  }
  return hash.digest('hex');
}
