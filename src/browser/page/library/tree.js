// What one walk through the document and its shadow trees finds. Page scripts may change the tree whenever we
// wait, so a walk is good until the next `await`.
// Called by `settle.js`, `scroll_through.js`, `hide_resize.js` and `missing.js`.

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

// The roots that the last walk found.
let knownRoots = [document];
const knownImages = () => knownRoots.flatMap((root) => [...root.querySelectorAll("img")]);

const walkTree = () => {
  const roots = (knownRoots = rootsOf(document));
  const all = (selector) => roots.flatMap((root) => [...root.querySelectorAll(selector)]);
  return { roots, images: all("img"), frames: all("iframe"), videos: all("video") };
};
