// Sets the page's clock to `__TIME__`, from where it runs on, and gives it the random numbers of `__SEED__` each time.
// Runs after the preload script in every page of a flow with a fixed clock.
// Called from `engines/`. `__NAME__` becomes the name in `originals.js`.
(() => {
  dispatchEvent(new CustomEvent("__NAME__-set-clock", { detail: __TIME__ }));

  const { imul } = Math;
  // Mulberry32.
  let seed = __SEED__;
  const random = () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  Math.random = new Proxy(Math.random, { apply: random });
})();
