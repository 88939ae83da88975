// Where elements are, as far as they can be seen.
// Called from `shoot/frame.rs` as `boxes`.

// The browser itself knows how everything around an element clips it. It looks so far around the page's view.
const AROUND_VIEW = "1000000px";
const BOX_MS = 1000;

// The view clips for these two, and they do not.
const isViewport = (element) => element === document.documentElement || element === scrollStyleOfView();

// Whether the element may cut off what is drawn in it.
const mayClip = (element) => {
  const { overflow, clip, clipPath, contain, contentVisibility } = getComputedStyle(element);
  return (
    (overflow !== "visible" && !isViewport(element)) ||
    (clip && clip !== "auto") ||
    clipPath !== "none" ||
    /paint|content|strict/.test(contain) ||
    (contentVisibility && contentVisibility !== "visible")
  );
};

const mayBeClipped = (element) => {
  for (let around = element; around; around = drawnIn(around)) {
    if (mayClip(around)) return true;
  }
  return false;
};

// Resolves to the visible box of each element in the view's coordinates.
const visibleBoxes = (elements) =>
  new Promise((done, fail) => {
    const found = new Map();
    const seen = (entries) => {
      for (const { target, intersectionRect } of entries) found.set(target, intersectionRect);
      if (found.size < elements.length) return;
      observer.disconnect();
      done(found);
    };
    // The mark tells `preload/observers.js` that the callback is ours.
    const observer = new IntersectionObserver(Object.assign(seen, { [NAME]: true }), { rootMargin: AROUND_VIEW });
    for (const element of elements) observer.observe(element);
    setTimeout(() => fail(new Error(`the browser does not say within ${BOX_MS} ms where elements can be seen`)), BOX_MS);
  });

// For each target the boxes of all its elements that can be seen, in CSS pixels of the page.
const boxes = async (targets) => {
  const elements = targets.map((alternatives) => findAll(alternatives).filter(canBeSeen));
  const clipped = [...new Set(elements.flat())].filter(mayBeClipped);
  const visible = clipped.length ? await visibleBoxes(clipped) : new Map();
  return elements.map((list) =>
    list.map((element) => {
      const { left, top, width, height } = visible.get(element) || element.getBoundingClientRect();
      return { x: left + scrollX, y: top + scrollY, width, height };
    }),
  );
};
