// What one walk through the document and its shadow trees finds. Page scripts may change the tree whenever we
// wait, so a walk is good until the next `await`.
// Called by `settle.js`, `scroll_through.js` and `missing.js`.

// The roots that the last walk found.
let knownRoots = [document];
const knownImages = () => knownRoots.flatMap((root) => [...root.querySelectorAll("img")]);

// `everyRoot` includes those in frames.
let everyRootWalked = [];
const walkTree = () => {
  const roots = (knownRoots = rootsOf(document));
  const everyRoot = roots.concat(...reachableWindows().slice(1).map((view) => rootsOf(view.document)));
  everyRootWalked = everyRoot;
  const all = (selector, within = roots) => within.flatMap((root) => [...root.querySelectorAll(selector)]);
  return { roots, everyRoot, images: all("img"), frames: all("iframe"), videos: all("video", everyRoot) };
};
