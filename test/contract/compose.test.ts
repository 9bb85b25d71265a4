import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { readEnvironment } from '../../src/config/env.js';
import { resolveConfig } from '../../src/config/resolve.js';
import { decideTracing } from '../../src/telemetry/tracing/decide-tracing.js';
import { parseDuration } from '../../src/time/duration.js';
import { readDigestSettings, readWebhookSettings } from '../../workers/settings.js';
import { parseDockerfile, type Stage } from './dockerfile.js';

const healthcheck = z.object({
  test: z.array(z.string()).min(2),
  interval: z.string(),
  timeout: z.string(),
  retries: z.int().positive(),
  start_period: z.string(),
});

const service = z.strictObject({
  profiles: z.tuple([z.literal('tracing')]).optional(),
  image: z.string().regex(/^[a-z0-9./-]+:[a-z0-9.-]+$/, 'an image with a version'),
  build: z.literal('.').optional(),
  command: z.array(z.string()).optional(),
  user: z.string().optional(),
  environment: z.record(z.string(), z.string()).default({}),
  depends_on: z.record(z.string(), z.strictObject({ condition: z.literal('service_healthy') })).default({}),
  deploy: z.strictObject({ replicas: z.int() }).optional(),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  healthcheck,
  restart: z.literal('unless-stopped'),
  stop_grace_period: z.string(),
  init: z.literal(true),
  read_only: z.literal(true),
  tmpfs: z.array(z.string()),
  cap_drop: z.tuple([z.literal('ALL')]),
  security_opt: z.tuple([z.literal('no-new-privileges:true')]),
  logging: z.object({ options: z.object({ 'max-size': z.string(), 'max-file': z.string() }) }),
});

/** The part of the Compose format that we use; strict, so that a misspelt key is not taken for a setting. */
const composeFile = z.looseObject({
  version: z.undefined({ error: 'Compose has no use for a version any more and warns about it' }).optional(),
  name: z.string(),
  services: z.record(z.string(), service),
  volumes: z.record(z.string(), z.null()),
});

function read(path: string): string {
  return readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
}

const { services, volumes } = composeFile.parse(parse(read('docker-compose.yml'), { merge: true }));
const names = Object.keys(services);
const { redis, supervisor, worker, prometheus, grafana } = services as Record<
  'redis' | 'supervisor' | 'worker' | 'prometheus' | 'grafana',
  z.infer<typeof service>
>;
const stages: readonly Stage[] = parseDockerfile(read('Dockerfile'));
const final = stages.at(-1) as Stage;

/** The environment as the container sees it when nobody sets anything: `${NAME:-default}` is the default. */
function environmentOf({ environment }: z.infer<typeof service>): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, withDefaults(value)]));
}

function withDefaults(text: string): string {
  return text.replace(/\$\{\w+:-(.*?)\}/g, '$1');
}

describe('docker-compose.yml', () => {
  it('runs Redis, supervisors, workers, Prometheus and Grafana, and Jaeger for whoever asks', () => {
    expect(names.filter((name) => services[name]?.profiles === undefined).sort()).toEqual([
      'grafana',
      'prometheus',
      'redis',
      'supervisor',
      'worker',
    ]);
    expect(names.filter((name) => services[name]?.profiles !== undefined)).toEqual(['jaeger']);
  });

  it.each(names)('%s waits for services that exist, and mounts what is there', (name) => {
    const { depends_on, volumes: mounts = [] } = services[name] as z.infer<typeof service>;

    expect(names).toEqual(expect.arrayContaining(Object.keys(depends_on)));
    for (const mount of mounts) {
      const [source = ''] = withDefaults(mount).split(':');
      if (source.startsWith('./')) expect(existsSync(new URL(`../../${source}`, import.meta.url)), source).toBe(true);
      else expect(Object.keys(volumes), mount).toContain(source);
    }
  });

  it('declares no volume that nobody mounts', () => {
    const mounted = Object.values(services).flatMap((one) => one.volumes.map((mount) => mount.split(':')[0]));

    expect(mounted).toEqual(expect.arrayContaining(Object.keys(volumes)));
  });

  it.each(names)('%s is published to this machine alone, if at all', (name) => {
    for (const port of services[name]?.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  it('runs two supervisors, and lets both them and the workers be scaled', () => {
    expect(supervisor.deploy?.replicas).toBe(2);
    for (const scaled of [supervisor, worker]) expect(scaled.ports).toEqual([]);
  });

  it('keeps every accepted job: Redis appends to a file on a volume and never evicts', () => {
    const settings = redis.command?.join(' ') ?? '';

    expect(settings).toContain('--appendonly yes');
    expect(settings).toContain('--appendfsync everysec');
    expect(settings).toMatch(/--maxmemory \d+[mg]b /);
    expect(settings).toContain('--maxmemory-policy noeviction');
    expect(redis.volumes).toEqual(['redis-data:/data']);
  });

  it.each(['worker', 'supervisor'] as const)(
    '%s is configured by options that exist, with values they accept',
    (name) => {
      const { values } = resolveConfig({ env: environmentOf(services[name] as z.infer<typeof service>), file: false });

      expect(values.redis.url).toBe('redis://redis:6379');
      expect(values.http).toMatchObject({ enabled: true, host: '0.0.0.0', port: 9464 });
      expect(values.log).toMatchObject({ format: 'json', level: 'info' });
    },
  );

  it('has a board where somebody sets a token, at a port of this machine for each supervisor once that is uncommented', () => {
    const token = 'BULWARK_SUPERVISOR_BOARD_TOKEN';
    const [, port = ''] = /^ {4}# ports: \['(.+)'\]$/m.exec(read('docker-compose.yml')) ?? [];
    const [, first, last, target] = /^127\.0\.0\.1:(\d+)-(\d+):(\d+)$/.exec(port) ?? [];

    expect(resolveConfig({ env: environmentOf(supervisor), file: false }).values.supervisor.boardToken).toBe('');
    expect(supervisor.environment[token]).toBe(`\${${token}:-}`);
    expect(Number(last) - Number(first) + 1).toBe(supervisor.deploy?.replicas);
    expect(target).toBe(supervisor.environment['BULWARK_HTTP_PORT']);
  });

  it('waits longer for a worker than the worker waits for its jobs', () => {
    const { values } = resolveConfig({ env: environmentOf(worker), file: false });

    const giveBack = values.worker.drainTimeoutMs + values.worker.abortGraceMs;
    expect(parseDuration(worker.stop_grace_period)).toBeGreaterThanOrEqual(giveBack + 5_000);
  });

  it('hands the workers every setting of the shipped kinds; where things lie is up to the container', () => {
    const settings = new Set(read('workers/settings.ts').match(/\b(?:WEBHOOK|DIGEST)_[A-Z_]*[A-Z]\b/g));

    expect(settings.size).toBeGreaterThan(10);
    expect(Object.keys(worker.environment)).toEqual(expect.arrayContaining([...settings]));
    for (const name of settings) {
      if (name !== 'DIGEST_ROOT' && name !== 'DIGEST_OUTPUT_DIR')
        expect(worker.environment[name]).toBe(`\${${name}:-}`);
    }
  });

  it('lets the shipped kinds load when nobody sets anything', () => {
    const environment = environmentOf(worker);

    expect(readWebhookSettings(environment).secrets.size).toBe(0);
    expect(readDigestSettings(environment)).toMatchObject({ root: '/documents', model: undefined });
  });

  it('lets workers read documents and write digests, and nothing the other way round', () => {
    const { root, outputDir } = readDigestSettings(environmentOf(worker));
    const mounts = worker.volumes.map((mount) => withDefaults(mount).split(':'));

    expect(mounts.find(([, target]) => target === root)?.[2]).toBe('ro');
    const writable = mounts.filter(([, , mode]) => mode === undefined).map(([, target]) => `${target}/`);
    expect(writable.some((target) => outputDir.startsWith(target))).toBe(true);
  });

  it('traces nothing until somebody names an endpoint, and leads from histograms to traces', () => {
    for (const role of [worker, supervisor]) expect(decideTracing(environmentOf(role))).toEqual({ kind: 'off' });
    expect(decideTracing({ ...environmentOf(worker), OTEL_EXPORTER_OTLP_ENDPOINT: 'http://jaeger:4318' })).toEqual({
      kind: 'on',
      exporters: ['otlp'],
    });
    expect(prometheus.command).toContain('--enable-feature=exemplar-storage');
    const source = (file: string) => read(`grafana/provisioning/datasources/${file}`);
    expect(source('prometheus.yaml')).toContain('datasourceUid: jaeger');
    expect(source('jaeger.yaml')).toContain('uid: jaeger');
  });

  it('starts each role through the entry of the image', () => {
    expect(worker.command).toEqual(['worker', 'run']);
    expect(supervisor.command).toEqual(['supervisor', 'run']);
    for (const { image, build } of [worker, supervisor])
      expect({ image, build }).toEqual({ image: 'bulwark:local', build: '.' });
  });

  it('lets people look at Grafana and nobody change it', () => {
    expect(grafana.environment).toMatchObject({
      GF_AUTH_ANONYMOUS_ORG_ROLE: 'Viewer',
      GF_AUTH_DISABLE_LOGIN_FORM: 'true',
      GF_AUTH_BASIC_ENABLED: 'false',
    });
  });
});

describe('Dockerfile', () => {
  it('builds in stages and ships only the last', () => {
    expect(stages.map(({ name }) => name)).toEqual(['deps', 'build', 'prod-deps', 'final']);
    expect(final.copies.flatMap(({ from }) => from ?? [])).toEqual(['prod-deps', 'build']);
  });

  it('copies only what exists and what .dockerignore lets in', () => {
    const allowed = read('.dockerignore')
      .split('\n')
      .flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []));

    const copied = stages.flatMap(({ copies }) => copies.flatMap(({ from, sources }) => (from ? [] : sources)));
    for (const source of copied) {
      expect(allowed, source).toContain(source);
      if (!source.includes('*')) expect(existsSync(new URL(`../../${source}`, import.meta.url)), source).toBe(true);
    }
    expect(allowed.filter((source) => !copied.includes(source))).toEqual([]);
  });

  it('runs as an ordinary user on the Node version that is supported longest', () => {
    expect(read('Dockerfile')).toContain('ARG NODE_IMAGE=node:22-bookworm-slim');
    expect(final.last('USER')).toBe('node');
  });

  it('starts node itself, so that signals reach it', () => {
    expect(JSON.parse(final.last('ENTRYPOINT') ?? '')).toEqual(['node', 'bin/bulwark.mjs']);
    expect(JSON.parse(final.last('CMD') ?? '')).toEqual(['worker', 'run']);
  });

  it('asks the same question about its health as docker-compose.yml', () => {
    const [, question = ''] = /CMD (\[.*\])$/.exec(final.last('HEALTHCHECK') ?? '') ?? [];

    // Compose fills in $NAME and takes $$ for a plain $.
    const asked = worker.healthcheck.test.map((word) => word.replaceAll('$$', '$'));
    expect(asked).toEqual(['CMD', ...JSON.parse(question)]);
    expect(supervisor.healthcheck).toEqual(worker.healthcheck);
  });

  it('sets options that exist', () => {
    const env = Object.fromEntries(
      [...(final.last('ENV') ?? '').matchAll(/(\w+)=(\S+)/g)].map(([, name = '', value = '']) => [name, value]),
    );

    expect(env).toMatchObject({ NODE_ENV: 'production', NODE_OPTIONS: '--enable-source-maps' });
    expect(readEnvironment(env).faults).toEqual([]);
    expect(resolveConfig({ env, file: false }).values.http.host).toBe('0.0.0.0');
  });
});

describe('monitoring', () => {
  const scraping = z
    .object({
      global: z.object({ scrape_interval: z.string() }),
      scrape_configs: z.array(
        z.looseObject({
          job_name: z.string(),
          dns_sd_configs: z
            .array(
              z.strictObject({
                names: z.array(z.string()),
                type: z.literal('A'),
                port: z.int(),
                refresh_interval: z.string(),
              }),
            )
            .default([]),
        }),
      ),
    })
    .parse(parse(read('deploy/prometheus/prometheus.yml')));
  const source = z
    .object({
      datasources: z.tuple([
        z.object({ uid: z.string(), url: z.string(), jsonData: z.object({ timeInterval: z.string() }) }),
      ]),
    })
    .parse(parse(read('grafana/provisioning/datasources/prometheus.yaml'))).datasources[0];
  const provider = z
    .object({ providers: z.tuple([z.object({ type: z.literal('file'), options: z.object({ path: z.string() }) })]) })
    .parse(parse(read('grafana/provisioning/dashboards/bulwark.yaml'))).providers[0];

  it('scrapes every replica of the workers and supervisors, where they listen', () => {
    const found = scraping.scrape_configs.flatMap(({ dns_sd_configs }) => dns_sd_configs);

    expect(found.flatMap(({ names }) => names).sort()).toEqual(['supervisor', 'worker']);
    for (const { port } of found) expect(String(port)).toBe(worker.environment['BULWARK_HTTP_PORT']);
    expect(prometheus.volumes).toContain('./deploy/prometheus:/etc/prometheus:ro');
  });

  it('tells Grafana where Prometheus is and how often it scrapes', () => {
    expect(source).toMatchObject({ uid: 'prometheus', url: 'http://prometheus:9090' });
    expect(source.jsonData.timeInterval).toBe(scraping.global.scrape_interval);
    expect(prometheus.ports.join()).toMatch(/:9090$/);
  });

  it('gives Grafana the dashboards where it looks for them, and opens one of them first', () => {
    const { path } = provider.options;

    expect(grafana.volumes).toContain(`./grafana/dashboards:${path}:ro`);
    const home = grafana.environment['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH'] ?? '';
    expect(existsSync(new URL(`../../grafana/dashboards/${home.slice(path.length + 1)}`, import.meta.url))).toBe(true);
  });
});
