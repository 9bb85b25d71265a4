import { describe, expect, it } from 'vitest';
import { decideKey, keysIn, openingView, type ViewState } from '../../../../src/cli/top/view-state.js';

/** What a person sees after typing this. */
const typing = (typed: string, from: ViewState = openingView): ViewState | 'quit' | 'repaint' => {
  let view = from;
  for (const key of keysIn(typed)) {
    const effect = decideKey(view, key);
    if (effect.kind !== 'view') return effect.kind;
    view = effect.view;
  }
  return view;
};

describe('a key', () => {
  it.each<[string, string, Partial<ViewState>]>([
    ['pauses', 'p', { paused: true }],
    ['goes on', 'pp', { paused: false }],
    ['pauses by space, too', ' ', { paused: true }],
    ['sorts by the next order', 's', { order: 'name' }],
    ['sorts by the first order after the last', 'ssss', { order: 'urgent' }],
    ['opens help', '?', { help: true }],
    ['closes help', '?\u001b', { help: false }],
    ['filters', '/mail\r', { filter: 'mail', typing: false }],
    ['filters by what would quit or pause elsewhere', '/qp', { filter: 'qp', typing: true }],
    ['takes a letter back', '/mäil\u007f\u007f', { filter: 'mä', typing: true }],
    ['clears the filter', '/mail\u001b', { filter: '', typing: false }],
    ['clears a filter that is kept', '/mail\r\u001b', { filter: '', typing: false }],
    ['does nothing when it is an arrow', '\u001b[A\u001bOP', {}],
    ['types no arrow', '/a\u001b[C\u001b[15~b', { filter: 'ab', typing: true }],
  ])('%s', (_title, typed, change) => {
    expect(typing(typed)).toEqual({ ...openingView, ...change });
  });

  it.each([
    ['q', 'quit'],
    ['\u0003', 'quit'],
    ['/abc\u0003', 'quit'],
    ['\u000c', 'repaint'],
  ])('%j ends in %s', (typed, effect) => {
    expect(typing(typed)).toBe(effect);
  });

  it('types no filter without end', () => {
    expect(typing(`/${'x'.repeat(500)}`)).toMatchObject({ filter: 'x'.repeat(40) });
  });
});
