import { expect, it } from 'vitest';
import { holdsReplicas, type OpenBreaker } from '../../../src/scaling/decide-hold.js';

const open = (name: string, parked = 0): OpenBreaker => ({ name, parked });

it.each<[why: string, breakers: OpenBreaker[], needs: string[], backlog: number, holds: boolean]>([
  ['nothing has failed', [], ['smtp'], 100, false],
  ['what its kinds need has failed, even if nothing was set aside yet', [open('smtp')], ['smtp'], 100, true],
  ['what others need has failed', [open('crm')], ['smtp'], 100, false],
  ['jobs wait for what no kind spoke of', [open('crm', 1)], ['smtp'], 100, true],
  ['one host of many has failed', [open('http/a.example', 40)], ['http'], 100, false],
  ['most jobs wait for hosts that have failed', [open('http/a', 60), open('http/b', 40)], ['http'], 100, true],
  ['a host has failed that no job of the group waits for', [open('http/a')], ['http'], 0, false],
  ['only jobs for a host that has failed are left', [open('http/a', 1)], ['http'], 0, true],
])('%s', (_, breakers, needs, backlog, holds) => {
  expect(holdsReplicas(breakers, new Set(needs), backlog)).toBe(holds);
});
