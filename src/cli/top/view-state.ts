/** In which order queues stand. `urgent`: the late ones first, then by class. */
export const queueOrders = ['urgent', 'name', 'waiting', 'rate'] as const;

export type QueueOrder = (typeof queueOrders)[number];

/** What the person at the keys has chosen. */
export interface ViewState {
  readonly order: QueueOrder;
  /** Only queues whose name holds this are shown. */
  readonly filter: string;
  /** Whether keys go into the filter. */
  readonly typing: boolean;
  readonly paused: boolean;
  readonly help: boolean;
}

export const openingView: ViewState = { order: 'urgent', filter: '', typing: false, paused: false, help: false };

/** What a key asks for: another view, all of the screen anew, or the end. */
export type KeyEffect =
  | { readonly kind: 'view'; readonly view: ViewState }
  | { readonly kind: 'repaint' }
  | { readonly kind: 'quit' };

const longestFilter = 40;

/** Takes what the terminal sent apart into keys: an arrow or a function key is one, however many bytes it has. */
export function keysIn(bytes: string): string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequences of keys begin with the escape character
  return bytes.match(/\u001b(?:\[[0-9;?]*[ -/]*[@-~]|O[@-~])|./gsu) ?? [];
}

/** What one key does. Pure. */
export function decideKey(view: ViewState, key: string): KeyEffect {
  if (key === '\u0003') return { kind: 'quit' };
  if (key === '\u000c') return { kind: 'repaint' };
  const changed = (change: Partial<ViewState>): KeyEffect => ({ kind: 'view', view: { ...view, ...change } });
  if (view.typing) return changed(typed(view.filter, key));
  switch (key) {
    case 'q':
    case 'Q':
      return { kind: 'quit' };
    case 'p':
    case ' ':
      return changed({ paused: !view.paused });
    case 's':
      return changed({ order: queueOrders[(queueOrders.indexOf(view.order) + 1) % queueOrders.length] ?? 'urgent' });
    case '/':
      return changed({ typing: true, help: false });
    case '?':
    case 'h':
      return changed({ help: !view.help });
    case '\u001b':
      return changed({ help: false, filter: '' });
    default:
      return changed({});
  }
}

function typed(filter: string, key: string): Partial<ViewState> {
  switch (key) {
    case '\r':
    case '\n':
      return { typing: false };
    case '\u001b':
      return { typing: false, filter: '' };
    case '\u007f':
    case '\b':
      return { filter: [...filter].slice(0, -1).join('') };
    default:
      return /^[\p{L}\p{N}\p{P}\p{S}]$/u.test(key) ? { filter: `${filter}${key}`.slice(0, longestFilter) } : {};
  }
}
