// Runs in every page of a flow with a fixed clock, after calm.js: the page's time begins at __TIME__ and goes on,
// and its chance is the same each time.
(() => {
  const BEGIN = __TIME__;
  const clock = performance;
  // That of calm.js, which stands while a loop is held.
  const nowOf = Performance.prototype.now;
  const call = Function.prototype.call.bind(Function.prototype.call);
  const { construct } = Reflect;
  const { floor, imul } = Math;
  const loaded = call(nowOf, clock);
  const now = () => BEGIN + floor(call(nowOf, clock) - loaded);

  const Real = Date;
  const Fixed = new Proxy(Real, {
    construct: (target, given, self) => construct(target, given.length ? given : [now()], self),
    apply: () => `${new Fixed()}`,
  });
  Real.now = new Proxy(Real.now, { apply: now });
  Object.defineProperty(Real.prototype, "constructor", { value: Fixed, writable: true, configurable: true });
  window.Date = Fixed;

  // Mulberry32.
  let seed = 0x5eed;
  const random = () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  Math.random = new Proxy(Math.random, { apply: random });
})();
