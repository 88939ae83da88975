// A full-page picture resizes the window for a moment. While that is hidden, the page gets no events and no
// observer callbacks, and reads the sizes from before.
// Switched by `library/hide_resize.js`.
let isHidden = false;
const stopWhileHidden = (event) => {
  if (isHidden) call(stopImmediately, event);
};

// Timers keep running, and may read the sizes.
const sizes = [
  [window, "innerWidth"],
  [window, "innerHeight"],
  [VisualViewport.prototype, "width"],
  [VisualViewport.prototype, "height"],
].map(([owner, name]) => {
  const property = Object.getOwnPropertyDescriptor(owner, name);
  const size = { from: owner === window ? window : window.visualViewport, read: property.get, before: 0 };
  const get = new Proxy(property.get, { apply: (read, self, given) => (isHidden ? size.before : apply(read, self, given)) });
  Object.defineProperty(owner, name, { ...property, get });
  return size;
});
const readSizes = () => {
  for (let index = 0; index < sizes.length; index += 1) sizes[index].before = call(sizes[index].read, sizes[index].from);
};

// First callbacks that came while the resize was hidden.
const undelivered = new OwnSet();
onMessage("hide-resize", () => {
  if (!isHidden) readSizes();
  isHidden = true;
});
onMessage("show-resize", () => {
  isHidden = false;
  undelivered.forEach((deliver) => {
    try {
      deliver();
    } catch (error) {
      call(reportError, window, error);
    }
  });
});

listen(window, "resize", stopWhileHidden, true);
if (window.visualViewport) {
  listen(window.visualViewport, "resize", stopWhileHidden, true);
  listen(window.visualViewport, "scroll", stopWhileHidden, true);
}
replace(window, "matchMedia", (native, self, given) => {
  const list = apply(native, self, given);
  listen(list, "change", stopWhileHidden);
  return list;
});

// Callbacks are dropped while the resize is hidden. An observer's first callback is delivered afterwards: it tells
// the page how things are, and nothing has told it so far.
const dropWhileHidden = (callback) => {
  let isFirst = true;
  let deliver = null;
  return function () {
    const given = arguments;
    undelivered.delete(deliver);
    if (isHidden && !isFirst) return;
    deliver = () => {
      undelivered.delete(deliver);
      isFirst = false;
      return apply(callback, this, given);
    };
    if (!isHidden) return deliver();
    undelivered.add(deliver);
  };
};
onObserved("ResizeObserver", dropWhileHidden);
onObserved("IntersectionObserver", dropWhileHidden);
