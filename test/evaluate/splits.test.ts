/**
 * What is held out, worked out by hand in test/fixtures/splits/. The Python half of the project reads the
 * same files and must come to the same split, so that nothing is trained on that is evaluated here.
 */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { type Dataset, eventsOf, heldOut, readDataset, type Split } from '../../scripts/dataset.ts';
import { isNegative, standing } from '../../worker/events/event-types.ts';

const fixtures = resolve(import.meta.dirname, '../fixtures/splits');

/** Without what was taken back. */
function trainedItems(dataset: Dataset, user: number): string[] {
  const { meaning } = dataset;
  const events = eventsOf(dataset, user, dataset.trained[user]);
  const isGone = ({ type }: { type?: string }) => meaning !== undefined && isNegative(meaning, type);
  return standing(events, ({ item }) => item, isGone).map(({ item }) => item);
}

test.each(['leave-one-out', 'by-time', 'with-types'])(
  '%s: train, validation and test are as worked out by hand',
  async (name) => {
    const folder = resolve(fixtures, name);
    const dataset = await readDataset(folder);
    const cases = (split: Split) =>
      heldOut(dataset, split).map(({ user, history, target }) => ({ user, history, target }));
    const train = dataset.users.map((name, user) => [name, trainedItems(dataset, user)]);
    const found = {
      protocol: dataset.protocol,
      train: Object.fromEntries(train),
      valid: cases('valid'),
      test: cases('test'),
    };
    expect(found).toEqual(JSON.parse(readFileSync(resolve(folder, 'expected.json'), 'utf8')));
  },
);
