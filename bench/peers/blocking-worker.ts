import { firstNumber, type Order } from './order.js';
import { loadSubject, type Subject } from './subject.js';

const [, , subject, url = '', blockMs] = process.argv;

/** Holds up the event loop, as a long computation does, and tells that it began. */
async function handle({ number: counted }: Order): Promise<void> {
  const number = counted - firstNumber;
  process.send?.({ event: 'started', number });
  // The loop turns once more, so that what was told is sent.
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  for (const until = performance.now() + Number(blockMs); performance.now() < until; );
  process.send?.({ event: 'ended', number });
}

const { startWorker } = await loadSubject(subject as Subject);
await startWorker({ url, concurrency: 1, handle });
process.once('disconnect', () => process.exit());
process.send?.('ready');
