// What one walk through the document and its shadow trees finds. Page scripts may change the tree whenever we
// wait, so a walk is good until the next `await`.
// Called by `settle.js`, `scroll_through.js`, `marquees.js` and `missing.js`.

// The roots that the last walk found; `everyRoot` includes those in frames.
let walked = { roots: [document], everyRoot: [document] };
const allIn = (roots, selector) => roots.flatMap((root) => [...root.querySelectorAll(selector)]);

const walkTree = () => {
  const roots = rootsOf(document);
  const everyRoot = roots.concat(...reachableWindows().slice(1).map((view) => rootsOf(view.document)));
  walked = { roots, everyRoot };
  return { ...walked, images: allIn(everyRoot, "img"), frames: allIn(roots, "iframe"), videos: allIn(everyRoot, "video") };
};
