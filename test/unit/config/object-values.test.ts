import { describe, expect, it } from 'vitest';
import { readObject } from '../../../src/config/object-values.js';

const source = { source: 'file', detail: '/etc/pool.json' } as const;

function faultsOf(input: unknown) {
  return readObject(input, source).faults;
}

describe('readObject', () => {
  it('finds options in their sections', () => {
    const { given, faults } = readObject({ worker: { leaseMs: '20s' }, log: { level: 'debug' } }, source);

    expect(given.map(({ entry, input }) => [entry.path, input])).toEqual([
      ['worker.leaseMs', '20s'],
      ['log.level', 'debug'],
    ]);
    expect(given.every((value) => value.source === source)).toBe(true);
    expect(faults).toEqual([]);
  });

  it('counts undefined as not given', () => {
    expect(readObject({ worker: { leaseMs: undefined, leese: undefined }, wrker: undefined }, source)).toEqual({
      given: [],
      faults: [],
    });
  });

  it.each([
    ['worker', 'lease', 'worker.leaseMs'],
    ['worker', 'concurency', 'worker.concurrency'],
    ['job', 'maxPayload', 'job.maxPayloadBytes'],
    ['worker', 'poisonAfter', 'supervisor.poisonAfter'],
    ['worker', 'constructor', undefined],
    ['worker', 'flavour', undefined],
  ])('refuses the unknown option %s.%s and suggests %s', (section, option, suggestion) => {
    expect(faultsOf({ [section]: { [option]: 'redis://a:secret@b' } })).toEqual([
      { subject: `${section}.${option}`, rule: 'is not an option', origin: 'file /etc/pool.json', suggestion },
    ]);
  });

  it.each([
    ['wroker', 'worker'],
    ['Worker', 'worker'],
    ['toString', undefined],
  ])('refuses the unknown section %s and suggests %s', (section, suggestion) => {
    expect(faultsOf({ [section]: {} })).toEqual([
      { subject: section, rule: 'is not a section of options', origin: 'file /etc/pool.json', suggestion },
    ]);
  });

  it('does not trip over a name that JavaScript treats specially', () => {
    expect(faultsOf(JSON.parse('{"__proto__":{},"worker":{"__proto__":1}}')).map(({ subject }) => subject)).toEqual([
      '__proto__',
      'worker.__proto__',
    ]);
  });

  it.each([
    [{ worker: null }, 'worker', 'null'],
    [{ worker: [] }, 'worker', 'a list'],
    [{ worker: 'secret' }, 'worker', 'a string'],
    [[], 'the configuration', 'a list'],
    [null, 'the configuration', 'null'],
    [7, 'the configuration', 'a number'],
  ])('refuses another shape: %j', (input, subject, value) => {
    expect(faultsOf(input)).toMatchObject([{ subject, value }]);
  });
});
