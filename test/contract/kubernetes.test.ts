import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { readEnvironment } from '../../src/config/env.js';
import { optionTable } from '../../src/config/options.js';
import { defaultGroup } from '../../src/job/define-queue.js';
import { autoscalePath } from '../../src/scaling/autoscale-endpoint.js';
import type { ScaleRecord } from '../../src/scaling/scale-record.js';

const policy = z.strictObject({ type: z.enum(['Percent', 'Pods']), value: z.int(), periodSeconds: z.int() });
const direction = z.strictObject({
  stabilizationWindowSeconds: z.int(),
  policies: z.array(policy).min(1),
  selectPolicy: z.literal('Max').optional(),
});

/** The part of KEDA's format that we use; strict, so that a misspelt field is not taken for a setting. */
const scaledObject = z.strictObject({
  apiVersion: z.literal('keda.sh/v1alpha1'),
  kind: z.literal('ScaledObject'),
  metadata: z.strictObject({ name: z.string() }),
  spec: z.strictObject({
    scaleTargetRef: z.strictObject({ name: z.string() }),
    pollingInterval: z.int(),
    cooldownPeriod: z.int(),
    minReplicaCount: z.int(),
    maxReplicaCount: z.int(),
    fallback: z.strictObject({
      failureThreshold: z.int(),
      replicas: z.int(),
      behavior: z.enum(['static', 'currentReplicas', 'currentReplicasIfHigher', 'currentReplicasIfLower']),
    }),
    advanced: z.strictObject({
      horizontalPodAutoscalerConfig: z.strictObject({
        behavior: z.strictObject({ scaleUp: direction, scaleDown: direction }),
      }),
    }),
    triggers: z.array(
      z.strictObject({
        type: z.literal('metrics-api'),
        metricType: z.enum(['AverageValue', 'Value']),
        // KEDA reads every value of it as a text.
        metadata: z.strictObject({
          url: z.url(),
          format: z.literal('json'),
          valueLocation: z.string(),
          targetValue: z.string(),
          activationTargetValue: z.string(),
        }),
      }),
    ),
  }),
});

const { spec } = scaledObject.parse(
  parse(readFileSync(new URL('../../deploy/kubernetes/scaled-object.yaml', import.meta.url), 'utf8')),
);

describe('the ScaledObject', () => {
  it('asks a supervisor where it answers, and for what it answers', () => {
    const [trigger] = spec.triggers;
    const url = new URL(trigger?.metadata.url ?? '');
    const field: keyof ScaleRecord = 'desired';

    expect(spec.triggers).toHaveLength(1);
    expect(url.pathname).toBe(`${autoscalePath}${defaultGroup}`);
    expect(url.port).toBe(String(optionTable.http.port.default));
    expect(trigger?.metadata.valueLocation).toBe(field);
  });

  it('runs as many pods as are desired, and wakes for the first job', () => {
    const [trigger] = spec.triggers;

    expect(trigger?.metricType).toBe('AverageValue');
    expect(trigger?.metadata).toMatchObject({ targetValue: '1', activationTargetValue: '0' });
  });

  it('takes nobody away when no supervisor answers', () => {
    expect(spec.fallback).toMatchObject({ failureThreshold: 3, behavior: 'currentReplicasIfHigher' });
    expect(spec.fallback.replicas).toBeGreaterThanOrEqual(spec.minReplicaCount);
    expect(spec.fallback.replicas).toBeLessThanOrEqual(spec.maxReplicaCount);
  });

  it('goes up at once and down slowly', () => {
    const { scaleUp, scaleDown } = spec.advanced.horizontalPodAutoscalerConfig.behavior;

    expect(spec.pollingInterval).toBe(10);
    expect(spec.cooldownPeriod).toBe(300);
    expect(scaleUp.stabilizationWindowSeconds).toBe(0);
    expect(scaleUp.policies).toContainEqual({ type: 'Percent', value: 100, periodSeconds: 15 });
    expect(scaleDown).toEqual({
      stabilizationWindowSeconds: 300,
      policies: [{ type: 'Percent', value: 25, periodSeconds: 60 }],
    });
  });
});

const probe = z.strictObject({
  httpGet: z.strictObject({ path: z.string(), port: z.literal('http') }),
  periodSeconds: z.int(),
  timeoutSeconds: z.int(),
  failureThreshold: z.int(),
});
const container = z.object({
  args: z.array(z.string()),
  env: z.array(z.object({ name: z.string(), value: z.string().optional(), valueFrom: z.unknown().optional() })),
  ports: z.tuple([z.strictObject({ name: z.literal('http'), containerPort: z.int() })]),
  livenessProbe: probe,
  readinessProbe: probe,
});
const deployment = z.object({
  kind: z.literal('Deployment'),
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    template: z.object({
      metadata: z.object({ labels: z.object({ app: z.string() }) }),
      spec: z.object({ terminationGracePeriodSeconds: z.int(), containers: z.tuple([container]) }),
    }),
  }),
});

/** The part of the Prometheus Operator's format that we use. */
const podMonitor = z.strictObject({
  apiVersion: z.literal('monitoring.coreos.com/v1'),
  kind: z.literal('PodMonitor'),
  metadata: z.strictObject({ name: z.string() }),
  spec: z.strictObject({
    selector: z.strictObject({
      matchExpressions: z.tuple([
        z.strictObject({ key: z.literal('app'), operator: z.literal('In'), values: z.array(z.string()) }),
      ]),
    }),
    podMetricsEndpoints: z.tuple([
      z.strictObject({ port: z.literal('http'), path: z.literal('/metrics'), interval: z.string() }),
    ]),
  }),
});

const documents = parseAllDocuments(
  readFileSync(new URL('../../deploy/kubernetes/pool.yaml', import.meta.url), 'utf8'),
).map((document) => document.toJS() as { readonly kind: string; readonly metadata: { readonly name: string } });
const deployments = documents.filter(({ kind }) => kind === 'Deployment').map((document) => deployment.parse(document));
const seconds = (ms: number) => ms / 1_000;
const { worker } = optionTable;

describe.each(deployments)('the deployment $metadata.name', ({ metadata, spec: { template } }) => {
  const [{ args, env, ports, livenessProbe, readinessProbe }] = template.spec.containers;

  it('runs a command that there is, and is probed where it answers', () => {
    expect(args).toEqual([metadata.name.replace('bulwark-', ''), 'run']);
    expect(ports[0].containerPort).toBe(optionTable.http.port.default);
    expect(env).toContainEqual({ name: 'BULWARK_HTTP_HOST', value: '0.0.0.0' });
    expect([livenessProbe.httpGet.path, readinessProbe.httpGet.path]).toEqual(['/livez', '/readyz']);
  });

  it('waits for an answer of readiness longer than its checks may take', () => {
    expect(readinessProbe.timeoutSeconds).toBeGreaterThan(1);
  });
});

it('no orchestrator kills a worker sooner than its guard would, or before it has drained', () => {
  const spec = deployments.find(({ metadata }) => metadata.name === 'bulwark-worker')?.spec.template.spec;
  const { periodSeconds, failureThreshold } = spec?.containers[0].livenessProbe ?? expect.fail('no such deployment');

  expect(periodSeconds * failureThreshold).toBeGreaterThan(seconds(worker.blockedMaxMs.default));
  // A worker whose Redis is away needs up to seven seconds more.
  expect(spec?.terminationGracePeriodSeconds).toBeGreaterThan(
    seconds(worker.drainTimeoutMs.default) + seconds(worker.abortGraceMs.default) + 7,
  );
});

it('a supervisor has a board where there is a secret with its token, and starts without', () => {
  const supervisor = deployments.find(({ metadata }) => metadata.name === 'bulwark-supervisor');
  const env = supervisor?.spec.template.spec.containers[0].env ?? [];

  expect(env).toContainEqual({
    name: 'BULWARK_SUPERVISOR_BOARD_TOKEN',
    valueFrom: { secretKeyRef: { name: 'bulwark-board', key: 'token', optional: true } },
  });
  expect(readEnvironment({ BULWARK_SUPERVISOR_BOARD_TOKEN: 'a'.repeat(48) }).faults).toEqual([]);
});

it('the PodMonitor scrapes every pod, each by itself', () => {
  const { spec } = podMonitor.parse(
    parse(readFileSync(new URL('../../deploy/kubernetes/pod-monitor.yaml', import.meta.url), 'utf8')),
  );

  expect(spec.selector.matchExpressions[0].values.sort()).toEqual(
    deployments.map(({ spec: { template } }) => template.metadata.labels.app).sort(),
  );
});

it('the ScaledObject scales a deployment that there is, and asks a service that there is', () => {
  const services = documents.filter(({ kind }) => kind === 'Service').map(({ metadata }) => metadata.name);

  expect(deployments.map(({ metadata }) => metadata.name)).toContain(spec.scaleTargetRef.name);
  expect(services).toContain(new URL(spec.triggers[0]?.metadata.url ?? '').hostname);
});
