/** The yardsticks that a model is held against: simple methods, each tuned on validation. */
import { ease } from './ease.ts';
import { itemKnn } from './item-knn.ts';
import { popular } from './popular.ts';
import { firstOrder, transitions } from './transitions.ts';
import { vmisKnn } from './vmis-knn.ts';
import type { Yardstick } from './yardstick.ts';

/** Each by its name in reports. */
export const YARDSTICKS: Readonly<Record<string, Yardstick>> = {
  popular,
  'first-order': firstOrder,
  transitions,
  knn: itemKnn,
  'vmis-knn': vmisKnn,
  ease,
};
