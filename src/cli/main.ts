/** The entry of the command line: the one place where a command's exit code becomes the process's. */
import { within } from '../time/deadline.js';
import { runCli } from './run-cli.js';

for (const stream of [process.stdout, process.stderr]) {
  // Whoever read our output has closed it (`bulwark dlq ls | head -1`, or a terminal that is gone): that ends nothing,
  // least of all a keeper.
  stream.on('error', () => undefined);
}

const code = await runCli(process.argv.slice(2), process);
// The reader of an answer takes the time it takes; that of a kept process is its keeper, which may be stopped.
await (process.connected ? within(1_000, flushed(process.stdout)) : flushed(process.stdout));
// Not by waiting for the event loop to run dry: a user's module of jobs may hold it open.
process.exit(code);

/** Resolves when everything that was written has left the process, or nobody takes it any more. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}
