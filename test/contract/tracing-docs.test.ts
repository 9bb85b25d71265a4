import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { attribute } from '../../src/telemetry/tracing/attributes.js';

it('docs/tracing.md explains every attribute of our spans, and no other of ours', () => {
  const page = readFileSync(new URL('../../docs/tracing.md', import.meta.url), 'utf8');
  const told = [...page.matchAll(/^\| (`[a-z._]+`(?:, `[a-z._]+`)*) \|.*\|.*\|$/gm)]
    .flatMap(([, names = '']) => names.split(', '))
    .map((name) => name.replaceAll('`', ''))
    .filter((name) => /^(bulwark|messaging|error|peer)\./.test(name));

  expect(told.sort()).toEqual(Object.values(attribute).sort());
});
