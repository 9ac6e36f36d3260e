/**
 * How the pipeline does its work. The service measures each stage here, lets others in between, and refuses
 * inference when it is overloaded.
 */
export interface Run {
  /** A part of the work that is measured by itself. */
  stage<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Runs the decoder, for so many new items of a history, in its turn. May throw before the work begins. */
  infer<T>(items: number, work: () => Promise<T>): Promise<T>;
  /** Most items of a history in one turn. */
  readonly mostItems: number;
}

/** Just does it. */
export const DIRECT: Run = {
  stage: (_, work) => work(),
  infer: (_, work) => work(),
  mostItems: Number.POSITIVE_INFINITY,
};
