import { startCpuProfile } from './cpu-profile.js';

/** What every peer can be asked: to begin to watch itself, and to say what it saw. */
export type ProfileAsk = 'start-profile' | 'end-profile';

/**
 * Tells the proof that this process is ready, and then answers what it asks, one question after the other. Ends with the proof, and
 * when a question fails.
 */
export function answerProof<Q extends { readonly ask: string }>(answer: (question: Q) => Promise<unknown>): void {
  let endProfile: Awaited<ReturnType<typeof startCpuProfile>> | undefined;
  const found = async (question: Q | { readonly ask: ProfileAsk }): Promise<unknown> => {
    if (question.ask === 'end-profile') return endProfile?.();
    if (question.ask !== 'start-profile') return answer(question as Q);
    endProfile = await startCpuProfile();
    return undefined;
  };
  process.once('disconnect', () => process.exit());
  process.on('message', (question: Q) => {
    found(question).then(
      (value) => process.send?.(value ?? 'done'),
      (error: unknown) => {
        process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
        process.exit(1);
      },
    );
  });
  process.send?.('ready');
}
