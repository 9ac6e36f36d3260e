/** The models of the study. They differ in what is compared and in nothing else. */
export interface Variant {
  name: string;
  /** Flags of `npm run train`, added to the common ones. */
  flags: string[];
}

const LAYERS = 6;

export const depthName = (k: number): string => (k === LAYERS ? 'without EARN' : `k = ${k}`);
export const registersName = (prefixes: number, suffixes: number): string =>
  `${prefixes} prefix, ${suffixes} suffix`;

/**
 * k, the number of layers that see the history; after them there are registers alone. The last one is the
 * decoder without EARN.
 */
export const REGISTER_DEPTHS = [1, 4, LAYERS];

export const localWindowName = (items: number): string => `local window of ${items}`;

/** Newest items that S sees after layer 2, beside the base's four; 0 is the paper's EARN. */
export const LOCAL_WINDOWS = [0, 1, 8];

/** Prefix and suffix registers, beside one of each. */
export const REGISTERS = [
  [0, 0],
  [0, 1],
  [1, 0],
  [2, 1],
  [1, 2],
  [2, 2],
];

/** The base: k = 2, one prefix and one suffix register, a local window of four items. */
export const BASE = localWindowName(4);

/** Parts of EARN. */
const PARTS: Variant[] = [
  { name: BASE, flags: ['--local-window', '4'] },
  ...REGISTER_DEPTHS.map((k) => ({
    name: depthName(k),
    flags: ['--register-depth', `${k}`, '--local-window', '0'],
  })),
  ...LOCAL_WINDOWS.map((items) => ({ name: localWindowName(items), flags: ['--local-window', `${items}`] })),
  ...REGISTERS.map(([prefixes, suffixes]) => ({
    name: registersName(prefixes, suffixes),
    flags: ['--prefixes', `${prefixes}`, '--suffixes', `${suffixes}`],
  })),
  // Without the layers after k (SkipLayers).
  { name: 'two layers', flags: ['--depth', '2', '--register-depth', '2', '--width', '128'] },
];

/** Parts of the training, and of the decoder, that other papers found to help. */
export const RECIPE: Variant[] = [
  { name: 'no text features', flags: ['--features', '0'] },
  { name: 'no averaged weights', flags: ['--ema', '0'] },
  { name: 'plain products', flags: ['--temperature', '0'] },
  { name: 'cosines', flags: ['--temperature', '0.05'] },
  { name: 'smoothed labels', flags: ['--smoothing', '0.1'] },
  { name: 'half of the histories cropped', flags: ['--crops', '0.5'] },
  { name: 'dropout of .2', flags: ['--dropout', '0.2'] },
  { name: 'a fifth of the items without their own vector', flags: ['--item-dropout', '0.2'] },
  { name: 'gates', flags: ['--gates'] },
];

export const VARIANTS: Variant[] = [...PARTS, ...RECIPE];
