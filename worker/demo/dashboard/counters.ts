/** Counters of `/metrics`, and what happened between two readings. */

export interface Reading {
  /** Of the isolate that answered: counters of two isolates have nothing in common. */
  isolate: string;
  /** In seconds since 1970. */
  at: number;
  samples: Sample[];
}

export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

const ISOLATE = 'earn_isolate_start_time_seconds';
const LINE = /^(\w+)(?:\{(.*)\})? (\S+)$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

export function parseReading(text: string, at: number): Reading {
  const samples = text.split('\n').flatMap((line): Sample[] => {
    const match = LINE.exec(line);
    if (!match) return [];
    const [, name, labels = '', value] = match;
    const pairs = [...labels.matchAll(LABEL)].map(([, key, value]) => [key, JSON.parse(`"${value}"`)]);
    return [{ name, labels: Object.fromEntries(pairs), value: Number(value) }];
  });
  const isolate = samples.find(({ name }) => name === ISOLATE)?.value ?? 0;
  return { isolate: String(isolate), at, samples };
}

/** What each sample grew by, per second. A sample that was not there before has grown from zero. */
export function ratesBetween(before: Reading, after: Reading): Sample[] {
  const seconds = Math.max(0.001, after.at - before.at);
  const known = new Map(before.samples.map((sample) => [keyOf(sample), sample.value]));
  return after.samples.map((sample) => ({
    ...sample,
    value: Math.max(0, sample.value - (known.get(keyOf(sample)) ?? 0)) / seconds,
  }));
}

export function sumOf(
  samples: readonly Sample[],
  name: string,
  where: (labels: Record<string, string>) => boolean = () => true,
): number {
  let sum = 0;
  for (const sample of samples) if (sample.name === name && where(sample.labels)) sum += sample.value;
  return sum;
}

/** The time within which this share of the answers came, from the histogram; null when there were none. */
export function quantile(samples: readonly Sample[], name: string, share: number): number | null {
  const buckets = samples
    .filter((sample) => sample.name === `${name}_bucket`)
    .map(({ labels, value }) => ({ end: labels.le === '+Inf' ? Infinity : Number(labels.le), value }))
    .sort((a, b) => a.end - b.end);
  const total = buckets.at(-1)?.value ?? 0;
  if (total === 0) return null;
  const wanted = share * total;
  const at = buckets.findIndex(({ value }) => value >= wanted);
  const from = at === 0 ? 0 : buckets[at - 1].end;
  const { end, value } = buckets[at];
  if (end === Infinity) return from;
  const below = at === 0 ? 0 : buckets[at - 1].value;
  return from + ((end - from) * (wanted - below)) / (value - below);
}

const keyOf = ({ name, labels }: Sample): string => `${name}${JSON.stringify(labels)}`;
