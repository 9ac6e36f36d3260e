/** Where records lie until they are exported: objects of R2, each of a batch of the queue. */
import type { OutboxRecord } from './record.ts';

const PREFIX = 'events/';
/** Objects per page: each has at most a batch of the queue. */
const OBJECTS = 20;

/** The part of an R2 bucket that is used here. */
export type Bucket = Pick<R2Bucket, 'put' | 'get' | 'list'>;

export interface ArchivePage {
  records: OutboxRecord[];
  /** Where the next page begins, or null after the last one. */
  next: string | null;
}

/** Writes a batch of the queue. A batch that comes again becomes another object, with the same records. */
export async function archive(bucket: Bucket, messages: readonly OutboxRecord[][]): Promise<void> {
  const lines = messages.flat().map((record) => JSON.stringify(record));
  const key = `${PREFIX}${new Date().toISOString()}-${crypto.randomUUID()}.jsonl`;
  await bucket.put(key, lines.join('\n'));
}

/** Some of the records, in the order in which they were written. */
export async function readArchive(bucket: Bucket, cursor: string | undefined): Promise<ArchivePage> {
  const { objects, truncated } = await bucket.list({ prefix: PREFIX, startAfter: cursor, limit: OBJECTS });
  const records: OutboxRecord[] = [];
  for (const { key } of objects) {
    const object = await bucket.get(key);
    const text = (await object?.text()) ?? '';
    for (const line of text.split('\n')) if (line !== '') records.push(JSON.parse(line));
  }
  return { records, next: truncated ? objects.at(-1)!.key : null };
}
