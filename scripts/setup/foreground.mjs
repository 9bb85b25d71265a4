import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';

/**
 * Runs a Node program in our place: it has our terminal, gets our signals, and its exit code is the answer.
 *
 * A Ctrl-C reaches every process of the terminal at once, so it is not passed on a second time: the program would take
 * that for the wish to stop without a drain.
 */
export async function runForeground(args, options = {}) {
  const child = spawn(process.execPath, args, { stdio: 'inherit', ...options });
  const onTerminal = [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY);
  const interrupt = () => onTerminal || child.kill('SIGINT');
  const terminate = () => child.kill('SIGTERM');
  process.on('SIGINT', interrupt).on('SIGTERM', terminate);
  const npmWatch = onNpmGone(terminate);
  const [code, signal] = await once(child, 'exit');
  clearInterval(npmWatch);
  process.off('SIGINT', interrupt).off('SIGTERM', terminate);
  return signal === null ? code : 128 + constants.signals[signal];
}

/** An npm that is told to stop ends the shell between it and us, and we are left behind without a word: then we stop too. */
function onNpmGone(stop) {
  if (process.env.npm_lifecycle_event === undefined) return undefined;
  const shell = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(watch);
    stop();
  }, 250);
  return watch;
}
