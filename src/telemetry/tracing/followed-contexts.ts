import {
  type Context,
  type ContextManager,
  context,
  createContextKey,
  ROOT_CONTEXT,
  type Span,
  trace,
} from '@opentelemetry/api';

/** Set in the context in which the SDK sends spans, so that nobody traces that. */
const suppressed = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

/** Stands for the root where somebody enters that: whoever does wants what they begin to be a trace of its own. */
const root = ROOT_CONTEXT.setValue(createContextKey('bulwark: entered root'), true);

/** Holds the span of an attempt that nobody follows, in the context of that attempt. */
const unfollowed = createContextKey('bulwark: attempt that nobody follows');

/** From this version on Node carries contexts without following promises, and there is nothing to spare. */
const firstFreeNode = 24;
const isFree = Number.parseInt(process.versions.node, 10) >= firstFreeNode;

let registered: FollowedContexts | undefined;

/** The contexts of this process where they are ours; undefined where the program has registered its own. */
export function followedContexts(): FollowedContexts | undefined {
  return registered;
}

/** Runs something of ours in a context. */
export function inContext<T>(active: Context, run: () => T): T {
  return registered === undefined ? context.with(active, run) : registered.enter(active, run);
}

/** The active span; undefined also where only that is known that nobody follows what runs. */
export function followedSpan(): Span | undefined {
  const active = context.active();
  const span = trace.getSpan(active);
  return span === active.getValue(unfollowed) ? undefined : span;
}

/**
 * Tells code which context it runs in, and follows contexts only while that is of use.
 *
 * Before version 24 Node pays for contexts with every promise of the process, whoever makes it, from the first context that is entered until
 * nobody follows contexts any more: half of what a job without work costs. So an attempt that nobody follows enters none, and while one of those
 * runs, following ends with the last attempt that has a context. What that left running without waiting for it loses its context then.
 *
 * Code without a context may belong to an attempt that nobody follows. While any of those runs, it is taken for that: what it begins is not
 * to become a trace of its own. Which mistake is worse? A trace that begins in the midst of a job is of no use to anybody. The other way round a
 * trace is missed that something else in this process would have begun at that moment, such as an enqueue; its jobs get theirs when they run.
 *
 * Whoever enters a context beside our attempts counts on it to stay: from then on contexts are followed for good, as they are where that is
 * free. Then every attempt that begins has its context, and nothing is guessed.
 */
export class FollowedContexts implements ContextManager {
  readonly #contexts: ContextManager;
  /** Attempts whose handlers run in a context. */
  #followed = 0;
  /** Attempts whose handlers run without. */
  #unfollowed = 0;
  #forGood = isFree;
  /** Of the attempt that nobody follows and that began last. */
  #span: Span | undefined;
  #unfollowedContext: Context | undefined;

  /** @param contexts follows contexts from the first that is entered until it is disabled, as AsyncLocalStorage does. */
  constructor(contexts: ContextManager) {
    this.#contexts = contexts;
  }

  active(): Context {
    const active = this.#contexts.active();
    return active === ROOT_CONTEXT && this.#unfollowed > 0 ? this.#contextOfUnfollowed() : active;
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    active: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    this.#keepIfOutside(active);
    return this.#contexts.with(active === ROOT_CONTEXT ? root : active, fn, thisArg, ...args);
  }

  bind<T>(active: Context, target: T): T {
    this.#keepIfOutside(active);
    return this.#contexts.bind(active === ROOT_CONTEXT ? root : active, target);
  }

  enable(): this {
    this.#contexts.enable();
    registered = this;
    return this;
  }

  disable(): this {
    this.#contexts.disable();
    if (registered === this) registered = undefined;
    return this;
  }

  /** Runs a part of an attempt in a context. */
  enter<T>(active: Context, run: () => T): T {
    return this.#contexts.with(active, run);
  }

  /** Whether contexts are followed whatever runs: nothing is gained by a handler without one. */
  get areForGood(): boolean {
    return this.#forGood;
  }

  /** Runs a handler in the context of its attempt, which is followed until `leave`. */
  runFollowed<T>(active: Context, handler: () => T): T {
    this.#followed += 1;
    return this.enter(active, handler);
  }

  /** Runs a handler that nobody follows. Until `leave`, what has no context is taken for a part of it. */
  runUnfollowed<T>(span: Span, handler: () => T): T {
    this.#unfollowed += 1;
    this.#span = span;
    this.#unfollowedContext = undefined;
    this.#followNoMore();
    return handler();
  }

  /** The handler of an attempt has ended. */
  leave(wasFollowed: boolean): void {
    if (wasFollowed) this.#followed -= 1;
    else this.#unfollowed -= 1;
    this.#followNoMore();
  }

  #contextOfUnfollowed(): Context {
    this.#unfollowedContext ??= this.#span === undefined ? ROOT_CONTEXT : contextOfUnfollowed(this.#span);
    return this.#unfollowedContext;
  }

  /** Where all attempts are followed nobody gains by that, and what they leave running keeps its context. */
  #followNoMore(): void {
    if (this.#followed === 0 && this.#unfollowed > 0 && !this.#forGood) this.#contexts.disable();
  }

  /** But for the context in which spans are sent: it stands for no work, and is entered every few seconds. */
  #keepIfOutside(active: Context): void {
    if (active.getValue(suppressed) !== true && this.#contexts.active() === ROOT_CONTEXT) this.#forGood = true;
  }
}

/** The context of an attempt that nobody follows: what it begins is not sampled anew, and log lines do not name it. */
export function contextOfUnfollowed(span: Span): Context {
  return trace.setSpan(ROOT_CONTEXT, span).setValue(unfollowed, span);
}
