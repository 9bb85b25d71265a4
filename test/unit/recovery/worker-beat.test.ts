import { describe, expect, it } from 'vitest';
import { headBytes, headFirst, parseHead, type WorkerHead, workerStates } from '../../../src/recovery/worker-beat.js';
import { workerBeat } from '../../support/worker-beat.js';

describe('the head of a beat', () => {
  it.each(workerStates)('tells connection, state and lane within its bytes: %s', (state) => {
    const connection = Number.MAX_SAFE_INTEGER;
    const beat = workerBeat('w1', { connection, state, lane: 'busy' });
    const text = JSON.stringify(headFirst(beat));

    expect(parseHead(text.slice(0, headBytes))).toEqual({ connection, state, lane: 'busy' });
    expect(JSON.parse(text)).toEqual(beat);
  });

  it.each<[string, WorkerHead]>([
    ['{"state":"quiet","id":"w1"', { connection: undefined, state: 'quiet', lane: undefined }],
    ['{"connection":null,"state":"running"', { connection: undefined, state: 'running', lane: undefined }],
    ['{"connection":"seven","state":"running"', { connection: undefined, state: 'running', lane: undefined }],
    ['{"connection":-1,"state":"running"', { connection: undefined, state: 'running', lane: undefined }],
    ['{"connection":1.5,"state":"running"', { connection: undefined, state: 'running', lane: undefined }],
    ['{"connection":0,"state":"running"', { connection: undefined, state: 'running', lane: undefined }],
    ['{"connection":12,"state":"flying"', { connection: 12, state: undefined, lane: undefined }],
    ['{"state":"running","lane":"full"', { connection: undefined, state: 'running', lane: undefined }],
    ['{"id":"w1","connection":12,"state":"running"', { connection: undefined, state: undefined, lane: undefined }],
    ['no json', { connection: undefined, state: undefined, lane: undefined }],
    ['', { connection: undefined, state: undefined, lane: undefined }],
  ])('%s: what is not as it should be counts as not told', (text, expected) => {
    expect(parseHead(text)).toEqual(expected);
  });
});
