import { pino } from 'pino';
import { expect, it } from 'vitest';
import type { Replacement } from '../../../../src/cli/keeper/kept-child.js';
import { RollingRestart } from '../../../../src/cli/keeper/rolling-restart.js';

/** A restart of children whose replacements end like this, or when the test ends them. */
function startRestart(...replacements: (Replacement | Promise<Replacement>)[]) {
  const replaced: string[] = [];
  const events: string[] = [];
  const log = pino({}, { write: (line: string) => events.push((JSON.parse(line) as { msg: string }).msg) });
  const children = replacements.map((replacement, index) => ({
    name: `worker ${index + 1}`,
    replace: async () => {
      replaced.push(`worker ${index + 1}`);
      return replacement;
    },
  }));
  return { restart: new RollingRestart(children, log), replaced, events };
}

it('replaces every process in its order, and can be run again', async () => {
  const { restart, replaced, events } = startRestart('replaced', 'replaced');

  await restart.run();
  await restart.run();

  expect(replaced).toEqual(['worker 1', 'worker 2', 'worker 1', 'worker 2']);
  expect(events).toEqual(['pool.restarting', 'pool.restarted', 'pool.restarting', 'pool.restarted']);
});

it('is told when it is under way, and goes on one by one', async () => {
  let end: (replacement: Replacement) => void = () => undefined;
  const { restart, replaced, events } = startRestart(
    new Promise((resolve) => {
      end = resolve;
    }),
    'replaced',
  );

  const running = restart.run();
  await restart.run();
  const replacedMeanwhile = [...replaced];
  end('replaced');
  await running;

  expect(replacedMeanwhile).toEqual(['worker 1']);
  expect(events).toEqual(['pool.restarting', 'pool.restart_under_way', 'pool.restarted']);
});

it.each<[Replacement, string[]]>([
  ['failed', ['pool.restarting', expect.stringMatching(/^pool.restart_failed/), 'pool.restart_cut']],
  ['stopping', ['pool.restarting', 'pool.restart_cut']],
])('ends at the first replacement that is %s', async (replacement, said) => {
  const { restart, replaced, events } = startRestart('replaced', replacement, 'replaced');

  await restart.run();

  expect(replaced).toEqual(['worker 1', 'worker 2']);
  expect(events).toEqual(said);
});
