/**
 * Draws the dashboards as PNG, with the data of a Prometheus:
 *
 *   node render.mjs                                        of a pool that lives through a bad day of some minutes first
 *   node render.mjs --prometheus http://127.0.0.1:9090 --minutes 60    of your own, the last hour
 *
 * Further: --out <folder> (default: out), --boards overview,resilience, --rows <n> (how many rows of the grid), --scale 0.8,
 * --from and --to in seconds since the epoch. Needs `npm run build` in the repository, and a Chromium (--chromium <path>).
 */
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { boardData } from './board-data.mjs';

const { values: options } = parseArgs({
  options: {
    prometheus: { type: 'string' },
    minutes: { type: 'string', default: '60' },
    from: { type: 'string' },
    to: { type: 'string' },
    out: { type: 'string', default: 'out' },
    boards: { type: 'string' },
    rows: { type: 'string', default: '1000' },
    scale: { type: 'string', default: '1' },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
  },
});

const dashboards = new URL('../dashboards/', import.meta.url);
const root = new URL('../../', import.meta.url);

if (options.prometheus) {
  const to = Number(options.to ?? Math.floor(Date.now() / 1_000));
  const from = Number(options.from ?? to - 60 * Number(options.minutes));
  await draw({ prometheus: options.prometheus, from, to });
} else {
  await afterBadDay(draw);
}

/** Draws every dashboard that was asked for. */
async function draw(source) {
  const code = await bundle();
  const wanted = options.boards?.split(',');
  const names = (await readdir(dashboards)).filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -5));
  await mkdir(options.out, { recursive: true });
  const browser = await chromium.launch({ executablePath: options.chromium, args: ['--no-sandbox'] });
  try {
    for (const name of names.filter((each) => wanted?.includes(each) ?? true)) {
      const board = JSON.parse(await readFile(new URL(`${name}.json`, dashboards), 'utf8'));
      const choices = board.templating.list.slice(1).map(({ label }) => label);
      const data = { ...(await boardData(board, source)), choices, untilRow: Number(options.rows) };
      await shoot(browser, code, data, join(options.out, `${name}.png`));
      console.log(join(options.out, `${name}.png`));
    }
  } finally {
    await browser.close();
  }
}

async function bundle() {
  const replaced = {
    name: 'replaced',
    setup({ onResolve, onLoad }) {
      // It is written for another way of importing; a picture needs no scrollbars.
      onResolve({ filter: /^react-custom-scrollbars-2$/ }, ({ path }) => ({ path, namespace: 'plain' }));
      onLoad({ filter: /.*/, namespace: 'plain' }, () => ({
        contents: `import { createElement } from 'react';
          export const Scrollbars = ({ children }) => createElement('div', {}, children);
          export default Scrollbars;`,
        resolveDir: import.meta.dirname,
      }));
      // Parts of Node that the components never call in a browser.
      onResolve({ filter: /^(stream|tty|util|fs|path|os|crypto|assert|url)$/ }, ({ path }) => ({
        path,
        namespace: 'empty',
      }));
      onLoad({ filter: /.*/, namespace: 'empty' }, () => ({ contents: 'module.exports = {}' }));
    },
  };
  const { outputFiles } = await build({
    entryPoints: [new URL('page.jsx', import.meta.url).pathname],
    bundle: true,
    write: false,
    outdir: 'out',
    format: 'iife',
    jsx: 'automatic',
    define: { global: 'window', 'process.env': '{}', 'process.env.NODE_ENV': '"production"' },
    loader: { '.svg': 'dataurl', '.woff2': 'dataurl', '.ttf': 'dataurl' },
    plugins: [replaced],
    logLevel: 'error',
  });
  const textOf = (ending) => outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? '';
  return { script: textOf('.js'), style: textOf('.css') };
}

/** The page is served, since the components want a place to store things in. */
async function shoot(browser, { script, style }, board, file) {
  const html = `<!doctype html><meta charset="utf-8"><style>${style}</style><body style="margin:0"><div id="page"></div>
    <script>window.grafanaBootData={settings:{},user:{},navTree:[]};window.board=${JSON.stringify(board).replaceAll('<', '\\u003c')}</script>
    <script src="/page.js"></script>`;
  const server = createServer((request, response) => {
    const isScript = request.url === '/page.js';
    const found = isScript || request.url === '/';
    response.writeHead(found ? 200 : 404, { 'content-type': isScript ? 'text/javascript' : 'text/html' });
    response.end(found ? (isScript ? script : html) : '');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const page = await browser.newPage({
    viewport: { width: 1_600, height: 900 },
    deviceScaleFactor: Number(options.scale),
  });
  page.on('pageerror', (error) => console.error(error.message));
  if (process.env.RENDER_DEBUG) page.on('console', (message) => console.error(message.text()));
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.waitForSelector('h1', { timeout: 10_000 });
  await page.waitForTimeout(1_500);
  await page.screenshot({ path: file, fullPage: true });
  await page.close();
  server.close();
}

/** A pool of its own, with its Redis and its Prometheus, that all end with it. */
async function afterBadDay(use) {
  const { liveThroughBadDay } = await import(new URL('dist/bench/bad-day/bad-day.js', root));
  const { findPrometheus, Prometheus } = await import(new URL('dist/bench/bad-day/prometheus.js', root));
  const { withPrivateRedis } = await import(new URL('dist/bench/private-redis.js', root));
  const program = findPrometheus();
  if (!program) throw new Error('no prometheus on the PATH: apt-get install prometheus, or name one with --prometheus');
  const folder = await mkdtemp(join(tmpdir(), 'bulwark-render-'));
  const prometheus = await Prometheus.start(program, folder, root);
  const onTrouble = (what) => console.log(`${new Date().toISOString().slice(11, 19)} ${what}`);
  const from = Math.floor(Date.now() / 1_000) + 10;
  try {
    await withPrivateRedis(
      (redis) =>
        liveThroughBadDay({
          root,
          redisUrl: redis.url,
          prometheus,
          calmMs: 20_000,
          onTrouble,
        }),
      { appendonly: 'yes', maxmemory: '512mb', 'maxmemory-policy': 'noeviction' },
    );
    // The last moment at which all of it was there.
    await use({ prometheus: prometheus.url, from, to: Math.floor(Date.now() / 1_000) - 3 });
  } finally {
    await prometheus.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
