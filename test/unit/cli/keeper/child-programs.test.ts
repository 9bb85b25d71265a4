import { expect, it } from 'vitest';
import { assertPorts, childPrograms } from '../../../../src/cli/keeper/child-programs.js';

const plan = { workers: 2, httpPort: 9464, redisUrl: 'redis://:secret@10.0.0.1:6379', globals: {} };

it('gives the supervisor the first port and the workers those above it', () => {
  const { supervisor, workers } = childPrograms(plan, {});

  expect(supervisor.args).toEqual(['supervisor', 'run', '--http-port', '9464', '--kept']);
  expect(workers.map(({ args }) => args)).toEqual([
    ['worker', 'run', '--http-port', '9465', '--kept'],
    ['worker', 'run', '--http-port', '9466', '--kept'],
  ]);
});

it('lets every process take any free port when the first one is 0', () => {
  const { supervisor, workers } = childPrograms({ ...plan, httpPort: 0 }, {});

  for (const { args } of [supervisor, ...workers]) expect(args.join(' ')).toContain('--http-port 0');
});

it('hands the address of Redis over by the environment, where no other user sees its password', () => {
  const { supervisor, workers } = childPrograms(plan, { PATH: '/bin', BULWARK_REDIS_URL: 'redis://other' });

  for (const { args, env } of [supervisor, ...workers]) {
    expect(args.join(' ')).not.toContain('secret');
    expect(env).toEqual({ PATH: '/bin', BULWARK_REDIS_URL: plan.redisUrl });
  }
});

it('hands on what was said of jobs to the workers, and what was said of the pool to all', () => {
  const globals = { namespace: 'shop', config: 'pool.json' };

  const { supervisor, workers } = childPrograms({ ...plan, globals, jobs: ['a.js', 'b'], concurrency: '4' }, {});

  expect(supervisor.args.slice(4)).toEqual(['--kept', '--namespace', 'shop', '--config', 'pool.json']);
  expect(workers[0]?.args.slice(4).join(' ')).toBe(
    '--concurrency 4 --jobs a.js b --kept --namespace shop --config pool.json',
  );
});

it('keeps stdout for the document when one is wanted', () => {
  const { workers } = childPrograms({ ...plan, globals: { json: true } }, {});

  expect(workers.every(({ stdoutToStderr }) => stdoutToStderr)).toBe(true);
});

it.each<[number, number, boolean]>([
  [2, 0, true],
  [2, 65_533, true],
  [2, 65_534, false],
])('with %i workers, a first port of %i is possible: %s', (workers, httpPort, possible) => {
  const check = () => assertPorts(workers, httpPort);

  if (possible) expect(check).not.toThrow();
  else expect(check).toThrow(/need the ports 65534 to 65536/);
});
