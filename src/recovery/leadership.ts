/** The right to change queues, as whoever uses it sees it. */
export interface Leadership {
  /** The epoch, while this supervisor leads; undefined when it does not, by its own clock. */
  readonly term: number | undefined;
  /** Told that a write under this epoch was refused: somebody was elected later. */
  deposed(epoch: number): void;
}
