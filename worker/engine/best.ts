/**
 * Keeps the best of what it is offered, in order. It uses typed arrays: a search looks at some thousand
 * candidates per answer, and sorting them as objects took a fifth of a returning user's time.
 */
export class Best {
  /** Best first; only the first `count` are filled. */
  readonly ids: Int32Array;
  readonly scores: Float64Array;
  /** A number that the caller gives with each. */
  readonly origins: Int32Array;
  count = 0;
  private readonly capacity: number;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.ids = new Int32Array(capacity);
    this.scores = new Float64Array(capacity);
    this.origins = new Int32Array(capacity);
  }

  /** Keeps the candidate if it is among the best so far. Of equal scores the lower id is better. */
  offer(id: number, score: number, origin = 0): void {
    const { ids, scores, origins } = this;
    let place = this.count;
    if (place === this.capacity) {
      if (place === 0 || !this.before(id, score, place - 1)) return;
      place--;
    } else this.count++;
    for (; place > 0 && this.before(id, score, place - 1); place--) {
      ids[place] = ids[place - 1];
      scores[place] = scores[place - 1];
      origins[place] = origins[place - 1];
    }
    ids[place] = id;
    scores[place] = score;
    origins[place] = origin;
  }

  /** Lower scores are not kept; -Infinity while there is room. */
  get worst(): number {
    return this.count < this.capacity ? -Infinity : this.scores[this.capacity - 1];
  }

  private before(id: number, score: number, place: number): boolean {
    const other = this.scores[place];
    return score > other || (score === other && id < this.ids[place]);
  }
}
