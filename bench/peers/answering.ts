/**
 * Tells the proof that this process is ready, and then answers what it asks, one question after the other. Ends with the proof, and
 * when a question fails.
 */
export function answerProof<Q>(answer: (question: Q) => Promise<unknown>): void {
  process.once('disconnect', () => process.exit());
  process.on('message', (question: Q) => {
    answer(question).then(
      (found) => process.send?.(found ?? 'done'),
      (error: unknown) => {
        process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
        process.exit(1);
      },
    );
  });
  process.send?.('ready');
}
