import { expect, it } from 'vitest';
import { childPrograms, type PoolPrograms, poolPorts } from '../../../../src/cli/keeper/child-programs.js';

const everybody = ({ supervisor, workers }: PoolPrograms) => [...(supervisor ? [supervisor] : []), ...workers];
const plan = {
  supervised: true,
  workers: 2,
  ports: [9464, 9465, 9466],
  redisUrl: 'redis://:secret@10.0.0.1:6379',
  terminal: false,
  globals: {},
};

it('gives the supervisor the first port and the workers those above it', () => {
  const { supervisor, workers } = childPrograms(plan, {});

  expect(supervisor?.args).toEqual(['supervisor', 'run', '--http-port', '9464', '--kept']);
  expect(workers.map(({ args }) => args)).toEqual([
    ['worker', 'run', '--http-port', '9465', '--kept'],
    ['worker', 'run', '--http-port', '9466', '--kept'],
  ]);
});

it('gives the workers the first ports where there is no supervisor', () => {
  const { supervisor, workers } = childPrograms({ ...plan, supervised: false }, {});

  expect(supervisor).toBeUndefined();
  expect(workers.map(({ args }) => args.slice(0, 4))).toEqual([
    ['worker', 'run', '--http-port', '9464'],
    ['worker', 'run', '--http-port', '9465'],
  ]);
});

it('lets every process take any free port when none are given out', () => {
  const { supervisor, workers } = childPrograms({ ...plan, ports: [] }, {});

  for (const { args } of everybody({ supervisor, workers })) expect(args.join(' ')).toContain('--http-port 0');
});

it('hands the address of Redis over by the environment, where no other user sees its password', () => {
  const { supervisor, workers } = childPrograms(plan, { PATH: '/bin', BULWARK_REDIS_URL: 'redis://other' });

  for (const { args, env } of everybody({ supervisor, workers })) {
    expect(args.join(' ')).not.toContain('secret');
    expect(env).toEqual({ PATH: '/bin', BULWARK_REDIS_URL: plan.redisUrl });
  }
});

it('hands on what was said of jobs to the workers, and what was said of the pool to all', () => {
  const globals = { namespace: 'shop', config: 'pool.json' };

  const { supervisor, workers } = childPrograms({ ...plan, globals, jobs: ['a.js', 'b'], concurrency: '4' }, {});

  expect(supervisor?.args.slice(4)).toEqual(['--kept', '--namespace', 'shop', '--config', 'pool.json']);
  expect(workers[0]?.args.slice(4).join(' ')).toBe(
    '--concurrency 4 --jobs a.js b --kept --namespace shop --config pool.json',
  );
});

it('tells every process when it is read on a terminal, which it cannot see', () => {
  const { supervisor, workers } = childPrograms({ ...plan, terminal: true }, {});

  expect(everybody({ supervisor, workers }).every(({ args }) => args.includes('--terminal'))).toBe(true);
});

it.each([
  [3, 9464, [9464, 9465, 9466]],
  [3, 65_533, [65_533, 65_534, 65_535]],
  [1, 65_535, [65_535]],
  [3, 0, []],
])('with %i processes and a first port of %i, gives out %j', (processes, httpPort, ports) => {
  expect(poolPorts(processes, httpPort)).toEqual(ports);
});

it('refuses a first port that leaves no room for all', () => {
  expect(() => poolPorts(3, 65_534)).toThrow(/need the ports 65534 to 65536, and 65535 is the last one/);
});
