import { describe, expect, it } from 'vitest';
import { Output } from '../../../src/cli/output.js';
import { recordStreams } from '../../fixtures/cli/streams.js';

describe('Output', () => {
  it('answers people in text on stdout, and speaks to them on stderr', () => {
    const streams = recordStreams();
    const output = new Output(streams, false);

    output.answer({ jobs: 2 }, () => '2 jobs');
    output.document({ for: 'programs' });
    output.say('a note');

    expect(streams.written).toEqual({ stdout: '2 jobs\n', stderr: 'a note\n' });
  });

  it('writes exactly one document with --json, whatever else is said', () => {
    const streams = recordStreams();
    const output = new Output(streams, true);

    output.say('a note');
    output.document({ jobs: 2 });
    output.answer({ jobs: 3 }, () => '3 jobs');

    expect(JSON.parse(streams.written.stdout)).toEqual({ jobs: 2 });
    expect(streams.written.stderr).toBe('a note\n');
  });

  it.each([
    ['colours on a terminal', true, '\u001b[31mlost\u001b[39m'],
    ['does not colour what is piped', false, 'lost'],
  ])('%s', (_title, terminal, painted) => {
    const output = new Output(recordStreams(terminal), false);

    expect(output.paint('red', 'lost')).toBe(painted);
  });

  it('does not colour where colours are not wanted', () => {
    const streams = recordStreams(true);
    const output = new Output({ ...streams, stdout: { ...streams.stdout, hasColors: () => false } }, false);

    expect(output.paint('red', 'lost')).toBe('lost');
  });

  it.each([
    ['is watched on a terminal', true, false, true],
    ['is not watched when piped', false, false, false],
    ['is not watched with --json', true, true, false],
  ])('%s', (_title, terminal, json, watched) => {
    expect(new Output(recordStreams(terminal), json).watched).toBe(watched);
  });
});
