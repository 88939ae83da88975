// What one walk through the document and its shadow trees finds. Page scripts may change the tree whenever we
// wait, so a walk is good until the next `await`.
// Called by `settle.js`, `scroll_through.js` and `hide_resize.js`.

// The document and every shadow root in it.
const rootsOf = (top) => {
  const found = [top];
  for (let index = 0; index < found.length; index += 1) {
    for (const element of found[index].querySelectorAll("*")) {
      if (element.shadowRoot) found.push(element.shadowRoot);
    }
  }
  return found;
};

// `everyRoot` includes those in frames.
const walkTree = () => {
  const roots = rootsOf(document);
  const everyRoot = roots.concat(...reachableWindows().slice(1).map((view) => rootsOf(view.document)));
  const all = (selector, within = roots) => within.flatMap((root) => [...root.querySelectorAll(selector)]);
  return { roots, everyRoot, images: all("img"), frames: all("iframe"), videos: all("video", everyRoot) };
};
