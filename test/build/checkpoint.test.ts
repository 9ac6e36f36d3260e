/** Reading what training wrote, and saying what is wrong with it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readCheckpoint, readSafetensors } from '../../scripts/build/checkpoint.ts';
import { RANKERS } from '../../worker/models/manifest.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'earn-edge-checkpoint-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** The format by hand: u64 length of the header, header, bytes. */
function write(name: string, header: object, data: ArrayBufferView): string {
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  const path = join(folder, name);
  writeFileSync(path, Buffer.concat([length, json, Buffer.from(data.buffer)]));
  return path;
}

test('tensors come back with their shapes and values', () => {
  const header = {
    __metadata__: { format: 'pt' },
    a: { dtype: 'F32', shape: [2, 1], data_offsets: [0, 8] },
    b: { dtype: 'I32', shape: [1], data_offsets: [8, 12] },
  };
  const path = write('x', header, Uint8Array.of(0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0, 7, 0, 0, 0));
  const tensors = readSafetensors(path);
  expect(tensors.get('a')).toEqual({ shape: [2, 1], data: Float32Array.of(1, -2) });
  expect(tensors.get('b')).toEqual({ shape: [1], data: Int32Array.of(7) });
});

test('another element type is refused by name', () => {
  const path = write('x', { a: { dtype: 'BF16', shape: [1], data_offsets: [0, 2] } }, new Uint8Array(2));
  expect(() => readSafetensors(path)).toThrow('tensor a has unsupported type BF16');
});

test('a damaged file is named', () => {
  writeFileSync(join(folder, 'config.json'), '{"model":');
  expect(() => readCheckpoint(folder)).toThrow('config.json: not valid JSON');
  const header = { a: { dtype: 'F32', shape: [2], data_offsets: [0, 8] } };
  const path = write('x', header, new Uint8Array(4));
  expect(() => readSafetensors(path)).toThrow('ends before tensor a does');
  writeFileSync(path, 'short');
  expect(() => readSafetensors(path)).toThrow('not valid JSON');
});

test('a checkpoint of a training that has not finished is refused', () => {
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ model: {}, training: {}, validation: {} }));
  expect(() => readCheckpoint(folder)).toThrow('let the training finish');
});

test('registers that the engine does not have are refused', () => {
  const config = { model: { prefixes: 2, suffixes: 1 }, training: {}, validation: {}, activations: {} };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  expect(() => readCheckpoint(folder)).toThrow('one prefix and one suffix register');
});

test('gates, which are there to compare, are refused', () => {
  const config = { model: { gates: true }, training: {}, validation: {}, activations: {} };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  expect(() => readCheckpoint(folder)).toThrow('no gates');
});

test('a checkpoint from before codes entered after layer k is refused', () => {
  const config = { model: {}, training: {}, validation: {}, activations: {} };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  expect(() => readCheckpoint(folder)).toThrow('train anew');
});

test('the counts of a training reach the catalogue; a checkpoint without them says how to get them', () => {
  const config = { model: { items: 1, local_window: 0 }, training: {}, validation: {}, activations: {} };
  for (const ranker of RANKERS) Object.assign(config.validation, { [ranker]: { 'ndcg@10': 0 } });
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  const ids = { dtype: 'I32', shape: [1, 1], data_offsets: [0, 4] };
  write('model.safetensors', { semantic_ids: ids }, Int32Array.of(0));
  writeFileSync(join(folder, 'items.jsonl'), '{"id": "a", "brand": "b"}\n');
  expect(() => readCheckpoint(folder)).toThrow('npm run train with the same flags adds them');
  writeFileSync(join(folder, 'items.jsonl'), '{"id": "a", "brand": "b", "count": 7}\n');
  expect(readCheckpoint(folder).items).toEqual([{ id: 'a', title: 'a', categories: [], count: 7 }]);
});

test.each(['local_window', 'tail'])(
  'the local window is read under its name and its older one: %s',
  (name) => {
    const config = { model: { items: 1, [name]: 4 }, training: {}, validation: {}, activations: {} };
    writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
    const ids = { dtype: 'I32', shape: [1, 1], data_offsets: [0, 4] };
    write('model.safetensors', { semantic_ids: ids }, Int32Array.of(0));
    writeFileSync(join(folder, 'items.jsonl'), '{"id": "a", "count": 7}\n');
    expect(readCheckpoint(folder).config.localWindow).toBe(4);
  },
);
