/** What random users under faults came to. */
export interface ChaosResult {
  operations: number;
  faults: Record<string, number>;
  wrong_answers: number;
  lost_interactions: number;
  leaks: number;
  /** Answers that were a 503, which is right when something is broken. */
  unavailable: number;
}
