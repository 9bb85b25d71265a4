import { describe, expect, it } from 'vitest';
import { encodeDirective } from '../../src/shedding/directive.js';
import { ceilingOf } from '../../src/shedding/levels.js';
import { ShedStore } from '../../src/shedding/shed-store.js';
import { useNamespace } from '../fixtures/cli/namespace.js';
import { readAudit } from '../support/audit.js';
import { shedDirective } from '../support/shed-directive.js';

const pool = useNamespace();
const store = () => new ShedStore(pool().client, pool().keys);
const cli = (...argv: string[]) => pool().cli(...argv);
const cliJson = <T>(...argv: string[]) => pool().answer<T>(...argv);

describe('bulwark shed show', () => {
  it('says that everything is let in when nobody leads', async () => {
    const { stdout, code } = await cli('shed', 'show');

    expect(code).toBe(0);
    expect(stdout).toContain('everything is let in');
  });

  it('says what gives way, and why', async () => {
    const directive = shedDirective({
      share: 0.3,
      cut: ceilingOf('sheddable') + 64,
      reason: 'overload',
      memoryShort: ['sheddable'],
      gates: { bulk: 0, batch: 0.25 },
    });
    await pool().client.set(pool().keys.shedDirective, encodeDirective(directive));

    const { stdout } = await cli('shed', 'show');
    const { document } = await cliJson<object>('shed', 'show');

    expect(stdout).toContain('30 % of what arrives gives way: more arrives than can be done in time');
    expect(stdout).toMatch(/sheddable_plus +50 % +-/);
    expect(stdout).toMatch(/sheddable +100 % +yes/);
    expect(stdout).toContain('queue bulk is shut');
    expect(stdout).toContain('queue batch comes back: 25 % of its slots');
    expect(document).toMatchObject({
      directive,
      classes: { critical: 0, sheddable_plus: 0.5, sheddable: 1 },
      order: null,
    });
  });
});

describe('bulwark shed set', () => {
  it('orders that a class gives way, until it ends by itself, and writes that down', async () => {
    const { stdout, code } = await cli('shed', 'set', 'sheddable', '--why', 'moving house', '--for', '10m');

    expect(code).toBe(0);
    expect(stdout).toContain('sheds sheddable and what is behind it, for 10m more: moving house');
    expect(await store().order()).toMatchObject({ target: 'sheddable', why: 'moving house' });
    expect(await store().orderEndsInMs()).toBeGreaterThan(590_000);
    expect(await readAudit(pool().client, pool().keys.namespace)).toMatchObject([
      { what: 'shed.set', why: 'moving house', details: '{"target":"sheddable","forMs":600000}' },
    ]);
  });

  it('changes nothing when it is only asked what would happen', async () => {
    await cli('shed', 'set', 'none', '--why', 'a look', '--dry-run');

    expect(await store().order()).toBeUndefined();
  });

  it.each([['critical_plus'], ['everything']])('refuses to shed %s', async (target) => {
    const { code } = await cli('shed', 'set', target, '--why', 'no');

    expect(code).toBe(2);
    expect(await store().order()).toBeUndefined();
  });
});

describe('bulwark shed release', () => {
  it('takes an order back, and writes that down', async () => {
    await cli('shed', 'set', 'critical', '--why', 'moving house');

    const { stdout } = await cli('shed', 'release', '--why', 'moved');

    expect(stdout).toContain('took back the order of');
    expect(await store().order()).toBeUndefined();
    expect((await readAudit(pool().client, pool().keys.namespace)).at(-1)).toMatchObject({
      what: 'shed.release',
      why: 'moved',
    });
  });

  it('says so when there is none', async () => {
    expect((await cli('shed', 'release')).stdout).toContain('nobody has ordered anything');
  });
});
