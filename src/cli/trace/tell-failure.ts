import type { JobCrash } from '../../job/crash.js';
import type { MomentError } from './moment.js';
import type { Draft } from './place-moments.js';
import { momentOf, textOf, tidy } from './read-facts.js';

const linesTold = 20;

/** An error as it is told, from whatever was kept of it. Pure. */
export function tellError(error: unknown): MomentError {
  const { name, code, message, class: errorClass, fingerprint } = Object(error) as Record<string, unknown>;
  return {
    name: textOf(name) ?? 'Error',
    ...tidy({
      code: textOf(code),
      message: textOf(message),
      class: textOf(errorClass),
      fingerprint: textOf(fingerprint),
    }),
  };
}

/** The loss of a worker: the clock of the supervisor that saw it tells when, and Redis' clock that it was not later than something. Pure. */
export function tellCrash({ at, ...crash }: JobCrash, number: number, notAfter: number): Draft {
  const { how, worker, alone, exitCode, signal, rssBytes, loopDelayMs, blockedMs, lines } = crash;
  const known = { worker: textOf(worker), alone, exitCode, signal: textOf(signal), rssBytes, loopDelayMs, blockedMs };
  const said = lines?.slice(-linesTold).map((line) => textOf(line) ?? '');
  return {
    said: momentOf(at),
    notAfter,
    happening: { what: 'crashed', how, crash: number, ...tidy({ ...known, lines: said }) },
  };
}
