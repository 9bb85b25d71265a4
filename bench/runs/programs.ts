import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What a worker tells of its jobs: which, counted from 0. */
export interface ProgramEvent {
  readonly event: 'started' | 'ended';
  readonly number: number;
}

/** Starts one of the programs in `peers`; resolves when it says that it is ready. */
export async function startProgram<E extends { readonly event: string } = ProgramEvent>(
  name: string,
  args: readonly string[],
  heard: (event: E) => void = () => undefined,
): Promise<ChildProcess> {
  const program = fileURLToPath(new URL(`../peers/${name}.js`, import.meta.url));
  // What it logs is part of its work, and nobody reads it here.
  const child = fork(program, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  await new Promise<void>((resolve, reject) => {
    child.once('exit', (code, signal) => reject(new Error(`the ${name} ended (${code ?? signal})`)));
    child.on('message', (message: E | 'ready') => {
      if (message === 'ready') resolve();
      else heard(message);
    });
  });
  return child;
}
