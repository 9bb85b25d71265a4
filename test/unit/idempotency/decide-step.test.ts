import { describe, expect, it } from 'vitest';
import { decideStep, type StepDecision } from '../../../src/idempotency/decide-step.js';

interface Situation {
  readonly done?: readonly string[];
  readonly begun?: readonly string[];
  readonly asked?: readonly string[];
}

/** What becomes of the step `charge`. */
function decide({ done = [], begun = [], asked = [] }: Situation): StepDecision {
  return decideStep('charge', { done: new Set(done), begun: new Set(begun), asked: new Set(['charge', ...asked]) });
}

describe('decideStep', () => {
  it.each<[string, Situation, StepDecision]>([
    ['runs the first step of a job', {}, { kind: 'run' }],
    ['replays a step that is done', { done: ['charge'] }, { kind: 'replay' }],
    ['replays it whatever else is done', { done: ['reserve', 'charge'] }, { kind: 'replay' }],
    ['runs a new step after those that are done', { done: ['reserve'], asked: ['reserve'] }, { kind: 'run' }],
    ['lets a new step wait for those done before', { done: ['reserve'] }, { kind: 'wait', missing: ['reserve'] }],
    [
      'names all that it waits for',
      { done: ['reserve', 'mail', 'log'], asked: ['mail'] },
      { kind: 'wait', missing: ['reserve', 'log'] },
    ],
    ['runs a step again that began beside one that is done', { done: ['mail'], begun: ['charge'] }, { kind: 'run' }],
    [
      'waits for what was begun, too: it may have had its effect',
      { done: ['mail'], begun: ['log'], asked: ['mail'] },
      { kind: 'wait', missing: ['log'] },
    ],
  ])('%s', (_what, situation, decision) => {
    expect(decide(situation)).toEqual(decision);
  });
});
