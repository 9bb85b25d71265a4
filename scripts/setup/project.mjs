import { fileURLToPath } from 'node:url';

/** The root of the clone. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/** A step of the set-up that cannot go on; the message says what to do. */
export class SetupError extends Error {}

/** Says in one line what is being done. On stderr, because stdout belongs to what was asked for. */
export function say(line) {
  process.stderr.write(`setup: ${line}\n`);
}

/** Runs a script's `main` and ends the process with the exit code it answers. */
export async function runScript(main) {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}
