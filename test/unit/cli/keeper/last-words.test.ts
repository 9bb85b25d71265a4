import { expect, it } from 'vitest';
import { lastWords } from '../../../../src/cli/keeper/last-words.js';

it.each([
  [
    'the password of a URL',
    'no connection to redis://bulwark:hunter2@host',
    'no connection to redis://bulwark:[redacted]@host',
  ],
  ['a secret field of a JSON line', '{"msg":"sent","token":"hunter2"}', '{"msg":"sent","token":"[redacted]"}'],
  ['colours', '\u001b[31mout of luck\u001b[39m', 'out of luck'],
  ['nothing of a line that only looks like JSON', '{ "token": hunter', '{ "token": hunter'],
])('takes out %s', (_what, line, shown) => {
  expect(lastWords([line])).toEqual([shown]);
});
