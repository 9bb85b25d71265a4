import { describe, expect, it } from 'vitest';
import { parseSuspectRole, writeSuspectRole } from '../../../../src/cli/process/suspect-role.js';

const role = { queue: 'email', jobId: 'order "42"', as: 'host.local-7-ab12-alone-1' };

describe('the job that a process is there for', () => {
  it('is read as it was written, and nothing else with it', () => {
    expect(parseSuspectRole(writeSuspectRole({ ...role, kind: 'isolate' } as typeof role))).toEqual(role);
  });

  it.each([
    'nonsense',
    'null',
    '{}',
    JSON.stringify({ ...role, queue: 7 }),
    JSON.stringify({ ...role, jobId: undefined }),
    JSON.stringify({ ...role, as: 'two words' }),
    JSON.stringify({ ...role, as: '' }),
  ])('is refused when it reads %s', (text) => {
    expect(() => parseSuspectRole(text)).toThrow('Expected JSON with queue, jobId and as');
  });
});
