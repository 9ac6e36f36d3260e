/**
 * Records on disk what an import has sent, as JSON Lines that only grow. A line is written and synced before
 * a batch is sent, and another one after its answer. If the import is killed, only the batches that were
 * under way are in doubt, and the file says which.
 */
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { z } from 'zod';
import { DataError, fail } from '../data/errors.ts';
import { lines } from '../data/lines.ts';

/** A batch that is about to be sent: the user's interactions after those stored so far, up to `to`. */
const sending = z.object({
  sending: z.string(),
  to: z.int(),
  /** Digest of the user's interactions up to `to`. */
  digest: z.string(),
  /** Length of the user's log before. */
  after: z.int(),
});

/** An answer: the first `to` interactions of the user are stored. */
const stored = z.object({
  stored: z.string(),
  to: z.int(),
  digest: z.string(),
  /** Length of the user's log afterwards. */
  length: z.int(),
  /** Ids of the batch that the model does not know; null when it could not be asked. */
  unknown_items: z.array(z.string()).nullable(),
});

const header = z.object({ import_to: z.string() });
const entry = z.union([sending, stored]);

export type Sending = z.infer<typeof sending>;
export type Stored = z.infer<typeof stored>;

export interface UserProgress {
  stored?: Stored;
  /** A batch that was sent, and whose answer never came. */
  doubt?: Sending;
}

export class ProgressFile {
  readonly path: string;
  /** Ids that the model does not know, of all answers so far. */
  readonly unknownItems = new Set<string>();
  /** Whether the model could not be asked about some items. */
  someUnasked = false;
  readonly #users = new Map<string, UserProgress>();
  readonly #file: FileHandle;

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  /** @throws {DataError} when the file is of another service, or not the progress of an import */
  static async open(path: string, url: string): Promise<ProgressFile> {
    if (!existsSync(path)) {
      writeFileSync(`${path}.part`, `${JSON.stringify({ import_to: url })}\n`);
      renameSync(`${path}.part`, path);
    }
    const file = await open(path, 'a+');
    const progress = new ProgressFile(path, file);
    try {
      await checkHeader(path, file, url);
      await dropTornLine(file);
      for await (const { line, text } of lines(path)) {
        if (line > 1) progress.#take(parse(entry, text) ?? fail({ file: path, line }, 'json', 'damaged'));
      }
    } catch (error) {
      await file.close();
      throw error;
    }
    return progress;
  }

  of(user: string): UserProgress {
    return this.#users.get(user) ?? {};
  }

  /** Writes and syncs the entry. */
  async sending(entry: Sending): Promise<void> {
    this.#take(entry);
    await this.#write(entry);
    await this.#file.datasync();
  }

  /** Writes the entry without syncing: if it is lost, the batch is in doubt. */
  async stored(entry: Stored): Promise<void> {
    this.#take(entry);
    await this.#write(entry);
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  #take(entry: Sending | Stored): void {
    if ('sending' in entry) {
      this.#users.set(entry.sending, { ...this.of(entry.sending), doubt: entry });
      return;
    }
    this.#users.set(entry.stored, { stored: entry });
    this.note(entry);
  }

  /** Takes note of items that the model does not know. */
  note({ unknown_items }: Pick<Stored, 'unknown_items'>): void {
    for (const id of unknown_items ?? []) this.unknownItems.add(id);
    this.someUnasked ||= unknown_items === null;
  }

  /** One write per line, so that concurrent appends don't mix (POSIX write(2) with O_APPEND). */
  async #write(entry: object): Promise<void> {
    await this.#file.write(`${JSON.stringify(entry)}\n`);
  }
}

/** Enough for a batch of the longest possible ids, all unknown. */
const LONGEST_LINE = 4 * 1024 * 1024;

async function checkHeader(path: string, file: FileHandle, url: string): Promise<void> {
  const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(4096), position: 0 });
  const found = parse(header, buffer.toString('utf8', 0, bytesRead).split('\n')[0]);
  const advice = 'name another file with --progress';
  if (!found) throw new DataError(`${path} is not the progress of an import; ${advice}`);
  if (found.import_to !== url)
    throw new DataError(`${path} is of an import to ${found.import_to}; ${advice}`);
}

/**
 * Removes a last line that is incomplete because the machine stopped. Its batch was not sent, or an earlier
 * line has it.
 */
async function dropTornLine(file: FileHandle): Promise<void> {
  const { size } = await file.stat();
  const tail = Buffer.alloc(Math.min(size, LONGEST_LINE));
  const start = size - tail.length;
  await file.read(tail, 0, tail.length, start);
  await file.truncate(start + tail.lastIndexOf('\n') + 1);
}

/** The line if it matches the schema, else undefined. */
function parse<T extends z.ZodType>(schema: T, line: string): z.output<T> | undefined {
  try {
    return schema.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}
