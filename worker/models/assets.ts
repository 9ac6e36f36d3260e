import type { AssetSource } from './files.ts';

/** Host names mean nothing to the assets binding; only the path counts. */
const ORIGIN = 'https://assets.local';

/** The part of the assets binding that is used here. */
export type Assets = Pick<Fetcher, 'fetch'>;

/** Asks the assets binding for one file of `model-shards/`. */
export function fetchModelFile(assets: Assets, path: string, init?: RequestInit): Promise<Response> {
  return assets.fetch(new Request(new URL(path, `${ORIGIN}/`), init));
}

/** The files of the model in this folder of `model-shards/` as the engine reads them. */
export function assetSource(assets: Assets, folder = ''): AssetSource {
  return {
    async read(path) {
      const response = await fetchModelFile(assets, folder + path);
      if (response.status === 404) return null;
      if (!response.ok) throw new Error(`assets answered ${response.status} for ${path}`);
      return new Uint8Array(await response.arrayBuffer());
    },
  };
}
