import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type AnyJobDefinition, defineJob } from '../../../src/job/define-job.js';
import { defineQueue, type QueueDefinition } from '../../../src/job/define-queue.js';
import { DefinitionError } from '../../../src/job/definition-error.js';
import { KindRegistry, UnknownKindError } from '../../../src/job/registry.js';

const email = defineQueue({ name: 'email' });
const reports = defineQueue({ name: 'reports' });

function job(kind: string, queue: QueueDefinition = email): AnyJobDefinition {
  return defineJob({ kind, queue, payload: z.object({}), run: () => undefined });
}

describe('KindRegistry', () => {
  it('finds jobs by kind and lists kinds in order, and each queue once', () => {
    const sendReceipt = job('send-receipt');
    const registry = new KindRegistry([sendReceipt, job('send-bill'), job('monthly-report', reports)]);

    expect(registry.get('send-receipt')).toBe(sendReceipt);
    expect(registry.require('send-receipt')).toBe(sendReceipt);
    expect(registry.kinds).toEqual(['monthly-report', 'send-bill', 'send-receipt']);
    expect(registry.jobs).toHaveLength(3);
    expect(registry.queues).toEqual([email, reports]);
  });

  it.each(['unheard-of', '', '__proto__', 'constructor'])('knows nothing of the kind %j', (kind) => {
    const registry = new KindRegistry([job('send-receipt')]);

    expect(registry.get(kind)).toBeUndefined();
    expect(() => registry.require(kind)).toThrow(UnknownKindError);
  });

  it.each<[string, readonly string[], string]>([
    [
      'send-reciept',
      ['send-receipt', 'send-bill'],
      'unknown kind "send-reciept"; known kinds: send-bill, send-receipt; did you mean send-receipt?',
    ],
    ['unheard-of', ['send-bill'], 'unknown kind "unheard-of"; known kinds: send-bill'],
    ['unheard-of', [], 'unknown kind "unheard-of"; known kinds: (none)'],
  ])('names the known kinds when it is asked for %j and knows %j', (kind, known, message) => {
    const registry = new KindRegistry(known.map((name) => job(name)));

    expect(() => registry.require(kind)).toThrow(message);
  });

  it.each<[unknown, string]>([
    ['send-receipt', 'a string'],
    [undefined, 'nothing'],
    [{ kind: 'send-receipt' }, 'an object'],
  ])('refuses %j, which defineJob did not make', (given, sort) => {
    expect(() => new KindRegistry([given as AnyJobDefinition])).toThrow(
      new DefinitionError(`a job must be what defineJob returned, got ${sort}`),
    );
  });

  it('refuses two jobs of one kind', () => {
    expect(() => new KindRegistry([job('send-receipt'), job('send-receipt', reports)])).toThrow(
      new DefinitionError('two jobs are defined with the kind send-receipt; a kind names one'),
    );
  });

  it.each([
    ['criticality', defineQueue({ name: 'email', criticality: 'critical' })],
    ['slo', defineQueue({ name: 'email', slo: '1s' })],
  ])('refuses two queues of one name that differ in %s', (_what, other) => {
    expect(() => new KindRegistry([job('send-receipt'), job('send-bill', other)])).toThrow(
      new DefinitionError('queue email is defined twice with different policies; share one defineQueue'),
    );
  });

  it('accepts a queue that is defined twice alike', () => {
    const registry = new KindRegistry([job('send-receipt'), job('send-bill', defineQueue({ name: 'email' }))]);

    expect(registry.queues).toHaveLength(1);
  });
});
