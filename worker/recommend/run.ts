/**
 * How the pipeline does its work. The service measures each stage here, and refuses inference when it is
 * overloaded.
 */
export interface Run {
  /** Waits for something that needs no inference, such as a read. */
  stage<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Runs the decoder, for so many new items of a history. May throw before the work begins. */
  infer<T>(name: string, items: number, work: () => Promise<T>): Promise<T>;
}

/** Just does it. */
export const DIRECT: Run = { stage: (_, work) => work(), infer: (_, __, work) => work() };
