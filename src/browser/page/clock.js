// Runs in every page of a flow with a fixed clock, after timeline.js: the page's time begins at __TIME__ and goes on,
// and its chance is the same each time. __NAME__ becomes the event name of timeline.js.
(() => {
  dispatchEvent(new CustomEvent("__NAME__-clock", { detail: __TIME__ }));

  const { imul } = Math;
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
