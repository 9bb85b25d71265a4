/** Sets the wall clock of this process forward, or back, as somebody does who sets that of the machine. Its monotonic clock goes on. */
export function jumpClock(ms: number): void {
  const RightDate = Date;
  const now = (): number => RightDate.now() + ms;
  globalThis.Date = new Proxy(RightDate, {
    construct: (target, args: [], newTarget) =>
      Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
    get: (target, property, receiver) => (property === 'now' ? now : Reflect.get(target, property, receiver)),
  });
}
