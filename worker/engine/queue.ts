/**
 * Runs tasks one after another, in the order they came. A failed task does not stop the next. The caller
 * bounds how many wait.
 */
export class Queue {
  private last: Promise<unknown> = Promise.resolve();

  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.last.then(task);
    this.last = result.catch(() => {});
    return result;
  }
}
