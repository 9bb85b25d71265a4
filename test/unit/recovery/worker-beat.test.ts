import { describe, expect, it } from 'vitest';
import { headBytes, headFirst, parseHead, type WorkerHead, workerStates } from '../../../src/recovery/worker-beat.js';
import { workerBeat } from '../../support/worker-beat.js';

describe('the head of a beat', () => {
  it.each(workerStates)('tells connection and state within its bytes: %s', (state) => {
    const connection = Number.MAX_SAFE_INTEGER;
    const text = JSON.stringify(headFirst(workerBeat('w1', { connection, state })));

    expect(parseHead(text.slice(0, headBytes))).toEqual({ connection, state });
    expect(JSON.parse(text)).toEqual(workerBeat('w1', { connection, state }));
  });

  it.each<[string, WorkerHead]>([
    ['{"state":"quiet","id":"w1"', { connection: undefined, state: 'quiet' }],
    ['{"connection":null,"state":"running"', { connection: undefined, state: 'running' }],
    ['{"connection":"seven","state":"running"', { connection: undefined, state: 'running' }],
    ['{"connection":-1,"state":"running"', { connection: undefined, state: 'running' }],
    ['{"connection":1.5,"state":"running"', { connection: undefined, state: 'running' }],
    ['{"connection":0,"state":"running"', { connection: undefined, state: 'running' }],
    ['{"connection":12,"state":"flying"', { connection: 12, state: undefined }],
    ['{"id":"w1","connection":12,"state":"running"', { connection: undefined, state: undefined }],
    ['no json', { connection: undefined, state: undefined }],
    ['', { connection: undefined, state: undefined }],
  ])('%s: what is not as it should be counts as not told', (text, expected) => {
    expect(parseHead(text)).toEqual(expected);
  });
});
