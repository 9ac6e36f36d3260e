/** Declared options: what is taken, what is refused and with which words, what the usage says. */
import { expect, test } from 'vitest';
import { defineCommand } from '../../scripts/command.ts';
import { folder } from '../data/helpers.ts';

/** Runs a command that has one option of each kind; returns what its main got. */
async function given(...args: string[]): Promise<unknown> {
  let found: unknown;
  const command = defineCommand({
    usage: 'npm run example -- --model DIR FILE … [-- flags of another program]',
    options: {
      model: { type: 'folder', holds: 'manifest.json', required: true, description: 'the model' },
      'keep-order': { type: 'boolean', description: 'whether to' },
      users: { type: 'integer', min: 1, default: 50, description: 'how many' },
      share: { type: 'number', min: 0, max: 1, description: 'of all' },
      split: { type: 'choice', of: ['valid', 'test'], default: 'test', description: 'which' },
      beams: { type: 'integer', min: 1, multiple: 'commas', default: [10, 20], description: 'widths' },
      only: { type: 'string', multiple: 'repeated', description: 'names' },
      items: { type: 'file', description: 'a file' },
    },
    positionals: { name: 'FILE', min: 1, max: 2 },
    rest: 'flags of another program',
    main: (values, { positionals, rest }) => {
      found = { ...values, positionals, rest };
    },
  });
  await command.execute(args);
  return found;
}

test('values are checked, converted, and named in camel case; defaults stand in', async () => {
  const model = folder({ 'manifest.json': '{}' });
  expect(await given('--model', model, 'a')).toEqual({
    model,
    keepOrder: false,
    users: 50,
    share: undefined,
    split: 'test',
    beams: [10, 20],
    only: undefined,
    items: undefined,
    positionals: ['a'],
    rest: [],
  });
  const most = ['--keep-order', '--users=7', '--share', '0.5', '--split', 'valid', '--beams', '1,2,3'];
  const args = [...most, '--only', 'x, y', '--only', 'z', 'a', 'b', '--', '--epochs', '3', 'c'];
  expect(await given('--model', model, ...args)).toEqual({
    model,
    keepOrder: true,
    users: 7,
    share: 0.5,
    split: 'valid',
    beams: [1, 2, 3],
    only: ['x, y', 'z'],
    items: undefined,
    positionals: ['a', 'b'],
    rest: ['--epochs', '3', 'c'],
  });
});

test.each([
  [['--modle', 'x'], "Unknown option '--modle'"],
  [['--users'], "Option '--users <value>' argument missing"],
  [['--users', '--split'], "Option '--users' argument is ambiguous"],
  [['--keep-order=yes'], "Option '--keep-order' does not take an argument"],
  [['--users', '0'], '--users: expected a whole number from 1, found 0'],
  [['--users', '1.5'], '--users: expected a whole number from 1, found 1.5'],
  [['--users', 'many'], '--users: expected a whole number from 1, found many'],
  [['--users', ''], '--users: expected a whole number from 1, found ""'],
  [['--share', '2'], '--share: expected a number from 0 to 1, found 2'],
  [['--share', 'NaN'], '--share: expected a number from 0 to 1, found NaN'],
  [['--split', 'dev'], '--split: expected valid or test, found dev'],
  [['--beams', '10,x'], '--beams: expected a whole number from 1, found x'],
  [['--only', ''], '--only: expected text, found ""'],
  [['--items', 'no-such'], '--items: no such file: no-such'],
  [['--items', '.'], '--items: no such file: .'],
])('%j is refused', async (args, message) => {
  const model = folder({ 'manifest.json': '{}' });
  await expect(given('a', '--model', model, ...args)).rejects.toThrow(message);
});

test('what is missing is named, and what is too much', async () => {
  const model = folder({ 'manifest.json': '{}' });
  await expect(given('a')).rejects.toThrow('--model is needed: the model');
  await expect(given('--model', model)).rejects.toThrow('FILE is missing');
  await expect(given('--model', model, 'a', 'b', 'c')).rejects.toThrow('unexpected argument: c');
  await expect(given('a', '--model', 'no-such')).rejects.toThrow('--model: no such folder: no-such');
  const empty = folder();
  await expect(given('a', '--model', empty)).rejects.toThrow(`--model: ${empty} has no manifest.json`);
  const plain = defineCommand({ usage: 'npm run plain', options: {}, main: () => {} });
  await expect(plain.execute(['--', 'x'])).rejects.toThrow('unexpected arguments after --: x');
});

test('--help goes before everything else; the usage has a paragraph per option', async () => {
  const long = 'word '.repeat(30).trim();
  const { execute } = defineCommand({
    usage: 'npm run example [-- options]\n\nDoes little.',
    options: {
      users: { type: 'integer', default: 50, description: 'how many' },
      split: { type: 'choice', of: ['valid', 'test'], description: 'which' },
      data: { type: 'folder', required: true, description: 'the dataset' },
      long: { type: 'boolean', description: long },
    },
    main: () => expect.unreachable(),
  });
  const printed: string[] = [];
  await execute(['--bad', '--help'], (line) => printed.push(line));
  expect(printed.join('\n')).toBe(`Usage: npm run example [-- options]

Does little.

Options
  --users N           how many (default: 50)
  --split valid|test  which
  --data DIR          the dataset (required)
  --long              ${'word '.repeat(17).trim()}
                      ${'word '.repeat(13).trim()}
  --help              print this`);
  // After `--` it is for the other program.
  const model = folder({ 'manifest.json': '{}' });
  expect(await given('a', '--model', model, '--', '--help')).toMatchObject({ rest: ['--help'] });
});
