/** Callers of two isolates of one deployment. */
import type { ChaosResult } from '../../../scripts/verify/chaos-result.ts';
import type { Json, serviceOf } from '../helpers.ts';
import { bearing } from '../keys.ts';

export type Isolate = ReturnType<typeof serviceOf>['app'];

export interface Ask {
  /** Which isolate is asked, or is asked first. */
  isolate: number;
  tenant: string;
  method: string;
  path: string;
  body?: Json;
  /** Of a request that may come again. */
  key?: string;
}

export interface Answer {
  status: number;
  body: Json;
  /** Which isolate answered. */
  isolate: number;
}

/** At most so often a request is sent again. */
const PATIENCE = 200;

export class Client {
  readonly outcome: ChaosResult;
  /** What was wrong, for people. */
  readonly findings: string[] = [];
  isolates: Isolate[] = [];
  private readonly keys: Record<string, string>;
  private readonly later = new Set<Promise<unknown>>();

  /** `keys`: of each tenant. `faults` counts what went wrong. */
  constructor(keys: Record<string, string>, faults: Record<string, number>) {
    this.keys = keys;
    const none = { wrong_answers: 0, lost_interactions: 0, leaks: 0, unavailable: 0 };
    this.outcome = { operations: 0, faults, ...none };
  }

  /** Work that goes on after an answer. */
  readonly waitUntil = (work: Promise<unknown>): void => {
    this.later.add(work);
    const done = () => void this.later.delete(work);
    work.then(done, done);
  };

  /** Waits for the work that goes on. */
  async settled(): Promise<void> {
    while (this.later.size > 0) await Promise.allSettled([...this.later]);
  }

  /** Sends a request again, through either isolate, until it is answered. */
  async insist(ask: Ask): Promise<Answer> {
    for (let attempt = 0; ; attempt++) {
      const answer = await this.ask({ ...ask, isolate: (ask.isolate + attempt) % 2 });
      if (answer.status !== 503 || attempt === PATIENCE) return answer;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }

  async ask({ isolate, tenant, method, path, body, key }: Ask): Promise<Answer> {
    const headers = {
      ...bearing(this.keys[tenant]),
      ...(body && { 'Content-Type': 'application/json' }),
      ...(key && { 'Idempotency-Key': key }),
    };
    const context = { waitUntil: this.waitUntil, props: {} } as unknown as ExecutionContext;
    const init = { method, headers, body: body && JSON.stringify(body) };
    const response = await this.isolates[isolate].request(path, init, {}, context);
    this.outcome.operations++;
    const { status } = response;
    if (status === 503) this.outcome.unavailable++;
    if (status === 500) this.wrong(`${method} ${path}: 500`);
    const text = await response.text();
    return { status, body: text === '' ? null : JSON.parse(text), isolate };
  }

  wrong(finding: string): void {
    this.outcome.wrong_answers++;
    this.findings.push(finding);
  }
}
