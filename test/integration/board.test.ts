import { expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { Board, type BoardOptions, boardPath } from '../../src/board/board.js';
import { resolveRedisInput } from '../../src/config/redis-input.js';
import { defineJob } from '../../src/index.js';
import { createHttpServer } from '../../src/telemetry/http-server.js';
import { createMetrics } from '../../src/telemetry/metrics.js';
import { systemClock } from '../../src/time/clock.js';
import { eventually } from '../support/eventually.js';
import { recordLog, usePool } from './worker-pool/test-pool.js';

const pool = usePool();
const token = 'correct-horse-battery';

interface Asked extends RequestInit {
  readonly bearer?: string;
}

interface ListedQueue {
  readonly name: string;
  readonly readOnlyMode: boolean;
  readonly counts: Readonly<Record<string, number>>;
  readonly jobs: readonly { readonly data: unknown; readonly returnValue: unknown; readonly failedReason?: string }[];
}

/** A board on a port of its own, as a supervisor process has it, and a way to ask it. */
async function startBoard(given: Partial<BoardOptions> = {}) {
  const { log, said } = recordLog();
  const redis = resolveRedisInput(pool().url);
  const board = new Board({ redis, token, payloads: 'hidden', clock: systemClock, log, ...given });
  const server = createHttpServer({
    host: '127.0.0.1',
    port: 0,
    metrics: createMetrics({ role: 'supervisor', version: '0', bullmqVersion: '0' }),
    checks: {},
    mounts: { [boardPath]: board.answer },
    log,
  });
  const { port } = await server.start();
  onTestFinished(async () => {
    await server.stop();
    await board.stop();
  });
  const ask = (path: string, { bearer, ...init }: Asked = {}) =>
    fetch(`http://127.0.0.1:${port}${path}`, {
      redirect: 'manual',
      ...init,
      headers: { ...(bearer && { authorization: `Bearer ${bearer}` }), ...init.headers },
    });
  const queues = async (query = ''): Promise<ListedQueue[]> => {
    const response = await ask(`/board/api/queues${query}`, { bearer: token });
    expect(response.status).toBe(200);
    return ((await response.json()) as { queues: ListedQueue[] }).queues;
  };
  const signIn = (guess: string) =>
    ask('/board/login', { method: 'POST', body: new URLSearchParams({ token: guess }) });
  return { board, said, ask, queues, signIn };
}

/** A queue with so many jobs that nobody takes. */
async function fillQueue(count: number, to = 'ada') {
  const queue = pool().queue();
  const work = defineJob({
    kind: 'work',
    queue,
    payload: z.object({ to: z.string(), password: z.string() }),
    run: () => undefined,
  });
  const payload = { to, password: 'hunter2' };
  await pool()
    .producer()
    .enqueueMany(
      work,
      Array.from({ length: count }, () => payload),
    );
  return queue.name;
}

it('is not there without a token, and says how to turn it on', async () => {
  const { ask } = await startBoard({ token: '' });

  const response = await ask('/board/', { bearer: token });

  expect(response.status).toBe(404);
  expect(await response.text()).toContain('BULWARK_SUPERVISOR_BOARD_TOKEN');
  expect((await ask('/boarding')).status).toBe(404);
});

it('lets in who has the token, and nobody else; a browser is asked for it', async () => {
  const { ask } = await startBoard();

  const statuses = await Promise.all(
    ['/board', '/board/', '/board/api/queues', '/board/static/js/x.js'].map(async (path) => (await ask(path)).status),
  );
  const form = await ask('/board/queue/email', { headers: { accept: 'text/html,*/*' } });
  const page = await ask('/board/', { bearer: token });

  expect(statuses).toEqual([401, 401, 401, 401]);
  expect(form.status).toBe(401);
  expect(await form.text()).toContain('<form method="post" action="/board/login">');
  expect(page.status).toBe(200);
  expect(await page.text()).toContain('Bulwark: bulwark');
  expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
});

it('signs a browser in by a form, with a cookie that no script and no other site can use, and out again', async () => {
  const { ask, signIn } = await startBoard();

  const wrong = await signIn('not-the-token-at-all');
  const right = await signIn(token);
  const cookie = right.headers.get('set-cookie') ?? '';
  const session = { headers: { cookie: cookie.split(';', 1)[0] ?? '' } };
  const page = await ask('/board/', session);
  const forged = await ask('/board/', { headers: { cookie: 'bulwark_board=9999999999999.x' } });
  const out = await ask('/board/logout', session);

  expect(wrong.status).toBe(401);
  expect(right.status).toBe(303);
  expect(right.headers.get('location')).toBe('/board/');
  expect(cookie).toMatch(/; Path=\/board; Max-Age=43200; HttpOnly; SameSite=Strict$/);
  expect(cookie).not.toContain(token);
  expect([page.status, forged.status]).toEqual([200, 401]);
  expect(out.headers.get('set-cookie')).toContain('Max-Age=0');
});

it('has enough of who guesses for a minute; who has the token comes in meanwhile, from the same address', async () => {
  const { ask, signIn, said } = await startBoard();
  const cookie = (await signIn(token)).headers.get('set-cookie')?.split(';', 1)[0] ?? '';
  for (let n = 0; n < 5; n++) expect((await ask('/board/', { bearer: `guess-${n}` })).status).toBe(401);

  const late = await ask('/board/', { bearer: 'guess-5' });
  const form = await signIn('guess-6');
  const right = [(await ask('/board/', { bearer: token })).status, (await signIn(token)).status];
  const session = await ask('/board/', { headers: { cookie } });

  expect([late.status, form.status, session.status]).toEqual([429, 429, 200]);
  expect(right).toEqual([200, 303]);
  expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(50);
  expect(said('board.token_wrong')).toHaveLength(5);
  expect(JSON.stringify(said('board'))).not.toContain('guess-');
});

it('takes no form without end', async () => {
  const { signIn } = await startBoard();

  const response = await signIn('x'.repeat(10_000)).catch(() => undefined);

  expect(response?.status ?? 413).toBe(413);
});

it('shows every queue and its dead letters, as they appear, and changes nothing', async () => {
  const { ask, queues } = await startBoard();
  const first = await fillQueue(3);
  expect((await queues()).map(({ name }) => name)).toEqual(expect.arrayContaining([first, `${first}.dead`]));
  const before = await pool().dump();

  const [shown] = (await queues(`?activeQueue=${first}&status=waiting`)).filter(({ name }) => name === first);
  const changes = await Promise.all([
    ask(`/board/api/queues/${first}/pause`, { method: 'PUT', bearer: token }),
    ask(`/board/api/queues/${first}/obliterate`, { method: 'PUT', bearer: token }),
    ask(`/board/api/queues/${first}/add`, { method: 'POST', bearer: token, body: '{}' }),
    ask(`/board/api/queues/${first}/1`, { method: 'DELETE', bearer: token }),
  ]);

  expect(shown).toMatchObject({ readOnlyMode: true, counts: { waiting: 3 } });
  expect(changes.map(({ status }) => status)).toEqual([405, 405, 405, 405]);
  expect(await pool().dump()).toEqual(before);
});

it('hides payloads and results, or shows them without their secrets', async () => {
  const name = await fillQueue(1);
  const dataOf = async (payloads: BoardOptions['payloads']) => {
    const { queues } = await startBoard({ payloads });
    const found = (await queues(`?activeQueue=${name}&status=waiting`)).find((queue) => queue.name === name);
    return found?.jobs[0]?.data;
  };

  expect(await dataOf('hidden')).toContain('supervisor.boardPayloads');
  expect(await dataOf('redacted')).toEqual({ to: 'ada', password: '[redacted]' });
});

it('shows a word in the place of a payload that is too long', async () => {
  const name = await fillQueue(1, 'x'.repeat(40_000));
  const { queues } = await startBoard({ payloads: 'redacted' });

  const found = (await queues(`?activeQueue=${name}&status=waiting`)).find((queue) => queue.name === name);

  expect(found?.jobs[0]?.data).toMatch(/^too long to be browsed \(40\d{3} characters\)/);
});

it('reads a page of jobs, however many are asked for', async () => {
  const name = await fillQueue(200);
  const { queues } = await startBoard();

  const all = await queues(`?activeQueue=${name}&status=waiting&jobsPerPage=100000`);

  expect(all.find((queue) => queue.name === name)?.jobs).toHaveLength(25);
});

it('says at once that Redis is away, and goes on when it is back', async () => {
  const { ask, queues } = await startBoard();
  await queues();

  await pool().server.kill();
  const away = await eventually('it noticed', async () => {
    const response = await ask('/board/api/queues', { bearer: token });
    return response.status === 503 && response.text();
  });
  await pool().server.restart();
  await eventually('it goes on', async () => (await ask('/board/api/queues', { bearer: token })).status === 200);

  expect(away).toContain('Redis does not answer');
});

it('closes its connection when it stops, and opens nothing after that', async () => {
  const { board, ask } = await startBoard();
  const connections = async () => String(await pool().client.client('LIST')).match(/name=bulwark:board:/g)?.length ?? 0;
  const before = await connections();
  await ask('/board/', { bearer: token });
  const open = await connections();

  await board.stop();

  expect([open - before, (await connections()) - before]).toEqual([1, 0]);
  expect((await ask('/board/', { bearer: token })).status).toBe(503);
});
