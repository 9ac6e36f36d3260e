/**
 * The engine inside workerd, a call at a time; the clock is outside (`main.ts`). Never part of the product.
 */
import wasmModule from 'onnxruntime-web/ort-wasm-simd-threaded.wasm';
import { decodeState, encodeState, stateBytes } from '../../worker/cache/state-codec.ts';
import { WEIGHTS_FILE } from '../../worker/engine/config.ts';
import type { BeamRows, HistoryState } from '../../worker/engine/decoder.ts';
import type { ItemMask } from '../../worker/engine/ranking.ts';
import { type ExternalData, Runtime, type Session, Tensor } from '../../worker/engine/runtime.ts';
import { DIGEST_BYTES } from '../../worker/history/chain.ts';
import type { AssetSource } from '../../worker/models/files.ts';
import { type EarnModel, loadModel } from '../../worker/models/model.ts';
import { NOTHING_KNOWN } from '../../worker/recommend/history.ts';
import { RANKERS } from '../../worker/recommend/rankers/index.ts';
import { loadPeer, type Peer } from './peers/peer.ts';
import { type Call, type Part, PEERS, type Prepared, type Scenario, type Users } from './scenario.ts';
import { wasmBytes } from './wasm-memory.ts';

interface Env {
  /** A folder of model folders. */
  MODELS: { fetch(url: string): Promise<Response> };
  /** Notes the time when it is asked. */
  CLOCK: { fetch(url: string): Promise<Response> };
}

/** What a stored state says that it is of. Of the right size; nobody reads it. */
const KEY = {
  epoch: '00000000-0000-4000-8000-000000000000',
  position: 0,
  digest: new Uint8Array(DIGEST_BYTES),
  anchor: 0,
  hadFrom: 0,
};
/** Items in a list. */
const LIST = 10;

const runtime = new Runtime({ wasmModule });
const models = new Map<string, EarnModel>();
const peers = new Map<string, Peer>();
let bare: Session | undefined;
const prepared = new Map<string, Map<Part, () => Promise<unknown>>>();

function folder({ MODELS }: Env, name: string): AssetSource {
  return {
    async read(path) {
      const response = await MODELS.fetch(`http://models/${name}/${path}`);
      return response.ok ? new Uint8Array(await response.arrayBuffer()) : null;
    },
  };
}

/** Tells the outside clock where the load is. */
async function load(env: Env, name: string): Promise<EarnModel> {
  const mark = (event: string) => env.CLOCK.fetch(`http://clock/${event}`);
  await mark('script');
  await runtime.createSession((await folder(env, 'bare').read('empty.onnx'))!, {});
  await mark('wasm');
  // Sessions are made one after the other, so what is between them is reading and checking files.
  const timed = Object.create(runtime, {
    createSession: {
      async value(graph: Uint8Array, data: ExternalData) {
        await mark('files');
        const session = await runtime.createSession(graph, data);
        await mark('sessions');
        return session;
      },
    },
  });
  const model = await loadModel(folder(env, name), timed);
  await mark('files');
  return model;
}

/** Everything that the parts of a scenario need, made before the clock starts. */
async function prepare(scenario: Scenario, users: Users): Promise<Prepared> {
  const { history, fresh, beam, ranker } = scenario;
  const peer = peers.get(scenario.model);
  if (peer !== undefined) {
    const parts = await peer.prepare(users, LIST, beam);
    prepared.set(JSON.stringify(scenario), parts);
    return { parts: [...parts.keys()], stateBytes: 0, decodeRows: [] };
  }
  const model = models.get(scenario.model)!;
  const storedAs = (state: HistoryState, user: readonly number[]) => {
    const items = Int32Array.from(user.slice(0, state.length));
    const history = { ...NOTHING_KNOWN, items, had: new Int32Array(new Set(items)).sort() };
    return { stateId: model.manifest.stateId, ...KEY, history, state };
  };
  const pack = (state: HistoryState, user: readonly number[]) => encodeState(storedAs(state, user));
  const cases: {
    allowed: ItemMask;
    history: readonly number[];
    items: number[];
    past?: HistoryState;
    stored?: ArrayBuffer;
    state: HistoryState;
    steps: BeamRows[];
  }[] = [];
  const { rank } = RANKERS[ranker];
  const list = (
    state: HistoryState,
    { history, allowed }: { history: readonly number[]; allowed: ItemMask },
  ) => rank({ model, state, history, k: LIST, allowed, beam });
  for (const user of users) {
    const known = fresh === null ? 0 : history - fresh;
    const past = fresh === null ? undefined : await model.prefill(user.slice(0, known));
    const state = await model.prefill(user);
    const allowed = model.catalogue.allowed(user);
    const steps: BeamRows[] = [];
    const { decode } = model.decoder;
    model.decoder.decode = (state, beams) => {
      steps.push(beams);
      return decode.call(model.decoder, state, beams);
    };
    await list(state, { history: user, allowed });
    model.decoder.decode = decode;
    const stored = past && pack(past, user);
    cases.push({ allowed, history: user, items: user.slice(known), past, stored, state, steps });
  }
  const each = (task: (one: (typeof cases)[number]) => Promise<unknown>) => async () => {
    for (const one of cases) await task(one);
  };
  const coding = async ({ stored, state, history }: (typeof cases)[number]) => {
    if (stored) decodeState(stored);
    if (fresh !== 0) pack(state, history);
  };
  const parts = new Map<Part, () => Promise<void>>([
    ['empty', async () => {}],
    [
      'answer',
      each(async ({ items, stored, ...user }) => {
        const past = (stored && decodeState(stored)!.state) ?? undefined;
        const state = fresh === 0 ? past! : await model.prefill(items, past);
        await list(state, user);
        if (fresh !== null && fresh > 0) pack(state, user.history);
      }),
    ],
    ['search', each(({ state, ...user }) => list(state, user))],
    [
      'decode',
      each(async ({ state, steps }) => {
        if (ranker !== 'beam') await model.decoder.score(state);
        for (const step of steps) await model.decoder.decode(state, step);
      }),
    ],
  ]);
  if (fresh !== 0)
    parts.set(
      'prefill',
      each(({ items, past }) => model.prefill(items, past)),
    );
  if (fresh !== null) parts.set('coding', each(coding));
  prepared.set(JSON.stringify(scenario), parts);
  return {
    parts: [...parts.keys()],
    stateBytes: fresh === null ? 0 : stateBytes(storedAs(cases[0].state, cases[0].history)),
    decodeRows: cases[0].steps.map(({ codes }) => codes.length),
  };
}

/** The bare products' session is made once; a call runs it `times` times on `rows` rows. */
async function peak(env: Env, { rows, width, times }: Extract<Call, { do: 'peak' }>): Promise<void> {
  if (bare === undefined) {
    const source = folder(env, 'bare');
    bare = await runtime.createSession((await source.read('peak.onnx'))!, {
      [WEIGHTS_FILE]: (await source.read(WEIGHTS_FILE))!,
    });
  }
  const input = new Tensor('float32', new Float32Array(rows * width).fill(1), [rows, width]);
  for (let i = 0; i < times; i++) await runtime.run(bare, { input });
}

async function handle(call: Call, env: Env): Promise<unknown> {
  if (call.do === 'load') {
    const name = PEERS.find((peer) => peer === call.model);
    if (name) peers.set(name, await loadPeer(name, folder(env, name), runtime));
    else models.set(call.model, await load(env, call.model));
    return null;
  }
  if (call.do === 'prepare') return prepare(call.scenario, call.users);
  if (call.do === 'peak') return peak(env, call);
  if (call.do === 'first') {
    const { user: history, scenario } = call;
    const { beam, ranker } = scenario;
    const model = models.get(scenario.model)!;
    const allowed = model.catalogue.allowed(history);
    const state = await model.prefill(history);
    return RANKERS[ranker].rank({ model, state, history, k: LIST, allowed, beam });
  }
  return prepared.get(JSON.stringify(call.scenario))!.get(call.part)!();
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const result = request.method === 'POST' ? await handle(await request.json(), env) : null;
    return Response.json({ result: result ?? null, wasmBytes: wasmBytes() });
  },
};
