import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readBody } from '../../../../workers/outbound/read-body.js';

describe('readBody', () => {
  it('returns the bytes of a body that fits exactly', async () => {
    const body = Readable.from([Buffer.from('ab'), Buffer.from('cd')]);

    expect((await readBody(body, 4)).toString()).toBe('abcd');
  });

  it('stops at the limit and closes the body', async () => {
    let pulled = 0;
    const endless = new Readable({
      read() {
        pulled++;
        this.push(Buffer.alloc(1024));
      },
    });

    const read = await readBody(endless, 4096);

    expect(read).toBe('too-large');
    expect(endless.destroyed).toBe(true);
    expect(pulled).toBeLessThan(100);
  });
});
