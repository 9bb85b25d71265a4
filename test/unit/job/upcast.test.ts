import { describe, expect, it } from 'vitest';
import { decideUpcast, type Upcasters } from '../../../src/job/upcast.js';

const upcasters: Upcasters = {
  1: (v1) => ({ ...v1, to: v1.email }),
  2: (v2) => ({ ...v2, lines: [] }),
};
const v1 = { email: 'a@b.c' };
const v2 = { email: 'a@b.c', to: 'a@b.c' };
const v3 = { email: 'a@b.c', to: 'a@b.c', lines: [] };

describe('decideUpcast', () => {
  it.each<[string, unknown, number | undefined, object]>([
    ['brings a payload up one version at a time', v1, 1, { kind: 'ready', payload: v3 }],
    ['starts at the version it was written in', v2, 2, { kind: 'ready', payload: v3 }],
    ['leaves a current payload as it is', v3, 3, { kind: 'ready', payload: v3 }],
    ['takes one without a version as current', v1, undefined, { kind: 'ready', payload: v1 }],
    ['leaves a newer one to a worker that knows it', v3, 4, { kind: 'newer', version: 4 }],
  ])('%s', (_what, payload, version, expected) => {
    expect(decideUpcast(payload, version, 3, upcasters)).toEqual(expected);
  });

  it('does not change the payload it was given', () => {
    const payload = Object.freeze({ ...v1 });

    decideUpcast(payload, 1, 3, upcasters);

    expect(payload).toEqual(v1);
  });

  it('fails without the step it needs, and says which', () => {
    expect(decideUpcast(v1, 1, 3, { 2: (v) => v })).toEqual({
      kind: 'failed',
      message: 'no upcaster from version 1 to 2; add upcast: { 1: … }',
    });
  });

  it('fails when a step throws, and keeps what it threw', () => {
    const cause = new TypeError('email is missing');

    const decision = decideUpcast({}, 1, 2, {
      1: () => {
        throw cause;
      },
    });

    expect(decision).toEqual({
      kind: 'failed',
      message: 'the upcaster from version 1 threw: email is missing',
      cause,
    });
  });

  it('fails when a step throws what cannot even be shown', () => {
    const decision = decideUpcast({}, 1, 2, {
      1: () => {
        throw Object.create(null);
      },
    });

    expect(decision).toMatchObject({ kind: 'failed' });
  });

  it('fails when a step answers with a promise, because nobody would wait for it', async () => {
    const decision = decideUpcast({}, 1, 2, { 1: async () => Promise.reject(new Error('later')) });

    expect(decision).toEqual({
      kind: 'failed',
      message: 'the upcaster from version 1 returned a promise; upcasters are synchronous',
    });
    // A rejection nobody handles would end the worker, and fail this test run.
    await new Promise((resolve) => setImmediate(resolve));
  });
});
